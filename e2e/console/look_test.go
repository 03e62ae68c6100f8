//go:build clients

package console

import (
	_ "embed"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// wrong finds on a page what a reader would stumble over: whatever is wider than the window, text of too little
// contrast, fields without a label, ids given twice, and not exactly one first heading.
//
//go:embed testdata/wrong.js
var wrong string

func itoa(n int) string { return strconv.Itoa(n) }

// TestLooks opens every page in both colour schemes and at two widths. Pictures of all of them are left where
// `go test -artifacts` puts them; with AXE, the path of an axe.min.js, axe-core judges the pages too.
func TestLooks(t *testing.T) {
	full, empty := newStage(t), newStage(t)
	full.fill(t)
	_, err := full.srv.CreateWorkspace(t.Context(), "a-workspace-with-an-alias-that-is-as-long-as-one-may-be-which-is-a-hundred-characters-and-no-more-1")
	require.NoError(t, err)
	require.NoError(t, full.srv.SetFaults(
		fault.Rule{Name: "throttled-writes", Action: fault.Patterns{"aps:RemoteWrite"}, Status: &fault.Status{Code: 429}},
		fault.Rule{Name: "a-rule-with-a-name-of-sixty-four-characters-which-is-the-longest", Action: fault.Patterns{"aps:QueryMetrics"}, Workspace: full.ws.ID, Principal: "arn:aws:iam::123456789012:role/keda-operator-role-of-a-long-name", Series: 2, Schedule: fault.Schedule{After: fault.Duration(60e9), For: fault.Duration(20e9), Every: fault.Duration(60e9)}},
	))
	require.Equal(t, 429, full.writeOne(t))
	ws, query := "/_ampersand/workspaces/"+full.ws.ID, url.QueryEscape(`sum by (k8s_pod_name) (rate(http_requests_total{k8s_namespace="ho11y"}[1m]))`)
	pages := []struct {
		name, path string
		of         *stage
		fails      bool
	}{
		{"overview", "/_ampersand/", full, false},
		{"overview-empty", "/_ampersand/", empty, false},
		{"workspace", ws, full, false},
		{"query", ws + "/query?range=5m&query=" + query, full, false},
		{"query-values", ws + "/query?mode=instant&query=" + query, full, false},
		{"query-nothing", ws + "/query?query=nothing", full, false},
		{"query-begin", ws + "/query", full, false},
		{"query-error", ws + "/query?query=sum%28", full, true},
		{"connect", ws + "/connect", full, false},
		{"requests", "/_ampersand/requests", full, false},
		{"requests-empty", "/_ampersand/requests", empty, false},
		{"request", "/_ampersand/requests/" + full.refused(t, "host"), full, false},
		{"faults", "/_ampersand/faults", full, false},
		{"faults-empty", "/_ampersand/faults", empty, false},
		{"lost", "/_ampersand/lost", full, true},
	}
	pictures, axe := t.ArtifactDir(), ""
	if path := os.Getenv("AXE"); path != "" {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		axe = string(source)
	}
	for scheme, width := range map[string][]int64{"light": {1280, 390}, "dark": {1280, 390}} {
		for _, w := range width {
			look := scheme + "-" + strconv.FormatInt(w, 10)
			t.Run(look, func(t *testing.T) {
				for _, of := range []*stage{full, empty} {
					b := open(t, of.srv.URL(), w, 900, scheme)
					for _, p := range pages {
						if p.of != of {
							continue
						}
						b.expect("")
						if p.fails {
							b.expect(p.path)
						}
						b.visit(p.path)
						assert.Empty(t, eval[[]string](b, wrong), p.name)
						if axe != "" {
							assert.Empty(t, b.axe(axe), p.name)
						}
						var picture []byte
						b.run("take a picture", chromedp.FullScreenshot(&picture, 100))
						require.NoError(t, os.WriteFile(filepath.Join(pictures, p.name+"-"+look+".png"), picture, 0o644))
					}
				}
			})
		}
	}
}

// axe has axe-core judge the page and returns what it finds.
func (b *browser) axe(source string) []string {
	b.t.Helper()
	var found []string
	b.run("run axe-core", chromedp.Evaluate(source+";0", nil), chromedp.Evaluate(
		`axe.run().then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target + ": " + n.failureSummary)))`, &found, awaited))
	return found
}
