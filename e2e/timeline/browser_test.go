//go:build clients

package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// driver shows a report in a frame of some width, does what a reader does, and leaves what it saw as JSON.
const driver = `<!doctype html><body><iframe id=f src="/report" style="border:0;width:%dpx;height:900px"></iframe><pre id=seen></pre><script>
const frame = document.getElementById("f"), seen = {};
frame.onload = () => {
  const d = frame.contentDocument, w = frame.contentWindow, shown = (n) => n.getBoundingClientRect().width > 0;
  const key = (n, key) => n.dispatchEvent(new w.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  const sections = () => [...d.querySelectorAll("section")].filter(shown).map((s) => s.id);
  const tabs = [...d.querySelectorAll("[role=tab]")];
  seen.tabs = tabs.length; seen.first = sections(); seen.overflow = d.documentElement.scrollWidth - frame.clientWidth;
  tabs[1].click(); seen.second = sections(); seen.selected = tabs[1].getAttribute("aria-selected");
  key(tabs[1], "ArrowRight"); seen.third = sections(); key(tabs[2], "ArrowLeft");
  const figure = [...d.querySelectorAll("figure")].find(shown), pictures = [...figure.querySelectorAll("svg[role=img]")].filter(shown);
  seen.pictures = pictures.map((p) => p.classList[1]);
  key(figure, "PageDown"); seen.said = figure.querySelector("[role=status]").textContent; seen.cross = pictures[0].querySelector(".cross").style.visibility;
  seen.tip = [...figure.querySelectorAll(".tip")].filter(shown).length;
  const tip = figure.querySelector(".tip").getBoundingClientRect(); seen.tipInside = tip.left >= 0 && tip.right <= frame.clientWidth;
  const box = pictures[0].getBoundingClientRect();
  figure.dispatchEvent(new w.PointerEvent("pointermove", { clientX: box.left + box.width * 0.9, clientY: box.top + 50, bubbles: true }));
  seen.pointed = figure.querySelector(".tip b").textContent;
  key(figure, "Escape"); seen.left = [...figure.querySelectorAll(".tip")].filter(shown).length;
  seen.errors = errors; document.getElementById("seen").textContent = JSON.stringify(seen);
};
const errors = []; frame.contentWindow.addEventListener("error", (e) => errors.push(e.message));
</script>`

// TestPageInABrowser plays a reader in Chromium. It needs the chromium binary, or what CHROMIUM names, and fails without.
func TestPageInABrowser(t *testing.T) {
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "chromium"
	}
	rep := fullReport()
	mux := http.NewServeMux()
	mux.HandleFunc("/report", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		assert.NoError(t, rep.WriteHTML(w))
	})
	for _, width := range []int{1280, 390} {
		mux.HandleFunc(fmt.Sprintf("/%d", width), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, err := io.WriteString(w, fmt.Sprintf(driver, width))
			assert.NoError(t, err)
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for width, picture := range map[int]string{1280: "wide", 390: "narrow"} {
		t.Run(picture, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			// A sandbox of its own needs rights that a container seldom has; the page is ours.
			dom, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--window-size=1400,1000",
				"--virtual-time-budget=10000", "--dump-dom", fmt.Sprintf("%s/%d", server.URL, width)).Output()
			require.NoError(t, err, "run %s", browser)
			_, text, found := strings.Cut(string(dom), `<pre id="seen">`)
			require.True(t, found, "%s", dom)
			text, _, _ = strings.Cut(text, "</pre>")
			var seen struct {
				Tabs, Overflow, Tip, Left      int
				First, Second, Third           []string
				Pictures, Errors               []string
				Selected, Said, Cross, Pointed string
				TipInside                      bool
			}
			require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(text)), &seen), "%s", text)
			assert.Empty(t, seen.Errors)
			assert.Equal(t, 4, seen.Tabs)
			assert.Equal(t, []string{"pair-1"}, seen.First)
			assert.Equal(t, []string{"run-1"}, seen.Second)
			assert.Equal(t, []string{"run-2"}, seen.Third)
			assert.Equal(t, "true", seen.Selected)
			assert.LessOrEqual(t, seen.Overflow, 0, "nothing is wider than the window")
			assert.Equal(t, []string{picture}, seen.Pictures)
			assert.Equal(t, "visible", seen.Cross)
			assert.Equal(t, 1, seen.Tip)
			assert.True(t, seen.TipInside)
			assert.Regexp(t, `^\+\d+\.\d s: offered 198 /s, answered .*desired \d+ .*, phases: busy`, seen.Said)
			assert.Regexp(t, `^\+5\d\.\d s$`, seen.Pointed)
			assert.Zero(t, seen.Left)
		})
	}
}
