//go:build clients

package console

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// TestByKeyboard uses the console without a pointer, from page to page.
func TestByKeyboard(t *testing.T) {
	s := newStage(t)
	s.fill(t)
	b := open(t, s.srv.URL(), 1280, 900, "light")

	b.visit("/_ampersand/")
	b.keys(kb.Tab)
	require.Equal(t, "Skip to the content", b.text(":focus"))
	b.keys(kb.Enter)
	b.until("document.activeElement.id === 'main'")

	b.follow("a", "AMP-KEDA")
	require.Contains(t, b.text("h1"), "AMP-KEDA")
	require.Contains(t, b.text("main"), s.ws.ID)
	require.Contains(t, b.text("main"), "15", "series in memory")

	b.follow(".tabs a", "Query")
	b.tab("textarea", "")
	b.keys("last_over_time(http_requests_total[2s])")
	b.follow("button", "Run query")
	require.Contains(t, b.text("#result"), "Result")
	require.Equal(t, 12, eval[int](b, "document.querySelectorAll('svg.graph.wide .line').length"), "lines of the graph")
	require.Equal(t, 2, eval[int](b, "document.querySelectorAll('svg.graph.wide .line')[3].getAttribute('d').split('M').length - 1"), "a gap breaks the line")
	require.Equal(t, 14, eval[int](b, "document.querySelector('table').tBodies[0].rows.length"), "rows of the table")
	require.Contains(t, eval[string](b, "location.search"), "query=last_over_time", "the address keeps the query")
	b.tab("summary", "as a table")
	b.keys(kb.Enter)
	b.until("document.querySelector('details').open")

	b.tab("textarea", "") // round once: no trap
	b.keys(kb.End + " + sum(")
	b.expect("sum%28")
	b.follow("button", "Run query")
	require.Contains(t, b.text("#query-error"), "parse error")
	require.Contains(t, b.text("#query-error"), "bad_data")
	b.expect("")

	b.follow("nav a", "Requests")
	b.until("document.querySelector('[data-live-state]').textContent.startsWith('Live')")
	b.tab("button", "Pause")
	before := eval[int](b, "document.querySelectorAll('tr[data-key]').length")
	require.Equal(t, http.StatusForbidden, s.swapHost(t))
	b.until("document.querySelectorAll('tr[data-key]').length > " + itoa(before))
	b.until("document.querySelector('[data-said]').textContent.includes('not accepted')")
	require.Equal(t, "Pause", b.text(":focus"), "what appears by itself takes no focus")
	b.keys(kb.Enter)
	b.until("document.querySelector('[data-live-state]').textContent === 'Paused.'")

	b.follow("tr.not a", "/api/v1/query")
	require.Contains(t, b.text("#why"), "host")
	require.Contains(t, b.text(".remedy"), "Host")
	require.Contains(t, b.text(".explained pre"), "signature we calculated does not match")
	require.Contains(t, b.text(".l.marked.theirs"), "host:127.0.0.1")
	require.Contains(t, b.text(".l.marked.ours"), "host:localhost")

	b.follow("nav a", "Faults")
	require.Equal(t, http.StatusOK, s.writeOne(t))
	b.follow("button", "Writes are throttled")
	require.Equal(t, "Fault rule throttled-writes is on.", b.text(".done"))
	require.Equal(t, http.StatusTooManyRequests, s.writeOne(t))
	b.follow("button", "Turn off throttled-writes")
	require.Equal(t, "Fault rule throttled-writes is off.", b.text(".done"))
	require.Equal(t, http.StatusOK, s.writeOne(t))

	b.follow("nav a", "Workspaces")
	b.follow("td a", "Connect")
	b.tab("button", "Copy the snippet for Prometheus")
	b.keys(kb.Enter)
	b.until("document.querySelector('[data-said]').textContent !== ''")
}
