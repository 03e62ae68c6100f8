package emulator_test

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

const markup = `<script>alert("x")</script>`

// post sends a form as a page of the console does, and follows where it leads.
func post(t *testing.T, srv *emulator.Server, path string, form url.Values, header http.Header) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for k, v := range header {
		req.Header[k] = v
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, body.String()}
}

func page(t *testing.T, srv *emulator.Server, path string) answer {
	t.Helper()
	return send(t, srv, "GET", path, nil, nil, nil)
}

// storeMarkup writes a series whose label has markup in it.
func storeMarkup(t *testing.T, ws emulator.Workspace, at time.Time) {
	t.Helper()
	req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "up"}, {Name: "job", Value: markup}},
		Samples: []prompb.Sample{{Timestamp: at.Add(-4 * time.Second).UnixMilli(), Value: 1}, {Timestamp: at.Add(-2 * time.Second).UnixMilli(), Value: 42.5}},
	}}}
	raw, err := req.Marshal()
	require.NoError(t, err)
	store(t, ws.RemoteWriteURL, snappy.Encode(nil, raw))
}

func TestConsolePages(t *testing.T) {
	srv := start(t, emulator.Config{Version: "v1.2.3"})
	ws := createWorkspace(t, srv, "<b>alias</b>")
	storeMarkup(t, ws, time.Now())
	refused := send(t, srv, "GET", "/workspaces/"+ws.ID+"/api/v1/query?query="+url.QueryEscape(`up{job="`+markup+`"}`), nil, nil,
		func(r *http.Request) { r.Header.Set("User-Agent", markup) })
	require.Equal(t, 403, refused.status)
	id := refused.header.Get("x-amzn-RequestId")
	require.NoError(t, srv.SetFaults(fault.Rule{Action: fault.Patterns{"aps:RemoteWrite"}, Workspace: markup, Status: &fault.Status{Code: 429, Message: markup}}))

	base := "/_ampersand/workspaces/" + ws.ID
	tests := map[string]struct {
		path   string
		status int
		want   []string
	}{
		"overview":              {"/_ampersand/", 200, []string{"v1.2.3", "us-east-1", "123456789012", "&lt;b&gt;alias&lt;/b&gt;", ws.ID, "missing-token", "temporary folder", "1 of 25"}},
		"workspace":             {base, 200, []string{"ACTIVE", "query?query=up", "<code>job</code>", "50,000,000", "remote-write-tps", "150d", "0.03/s"}},
		"query begins":          {base + "/query", 200, []string{"To begin with"}},
		"graph":                 {base + "/query?query=up", 200, []string{`<path class="line h0 d0" d="M`, `up{job=&#34;&lt;script&gt;`, "42.5", "The graph as a table"}},
		"values":                {base + "/query?mode=instant&query=up", 200, []string{"42.5", "vector at"}},
		"scalar":                {base + "/query?mode=instant&query=7*6", 200, []string{`>42</td>`, "scalar at"}},
		"string":                {base + "/query?mode=instant&query=" + url.QueryEscape("'"+markup+"'"), 200, []string{"string at"}},
		"range vector":          {base + "/query?mode=instant&query=up[5m]", 200, []string{"last samples", "  42.5</code>"}},
		"nothing":               {base + "/query?query=down", 200, []string{"selects nothing"}},
		"parse error":           {base + "/query?query=sum(", 400, []string{"bad_data: ", "parse error", `aria-invalid="true"`, ">sum(</textarea>"}},
		"empty query":           {base + "/query?query=", 400, []string{"There is nothing to evaluate"}},
		"wrong mode":            {base + "/query?query=up&mode=x", 400, []string{"mode is range or instant"}},
		"wrong range":           {base + "/query?query=up&range=1y", 400, []string{"range is one of"}},
		"wrong end":             {base + "/query?query=up&end=tomorrow", 400, []string{"end is a time"}},
		"execution error":       {base + "/query?mode=instant&query=" + url.QueryEscape(`label_replace(up,"a","$1","job","(")`), 422, []string{"execution: "}},
		"earlier":               {base + "/query?query=up&end=1000000000", 200, []string{"2001-09-09 01:46:40 UTC", ">Later</a>", ">Now</a>"}},
		"connect":               {base + "/connect", 200, []string{srv.URL() + "/workspaces/" + ws.ID + "/api/v1/remote_write", emulator.DefaultSecretAccessKey}},
		"connect elsewhere":     {base + "/connect?address=https://amp.example:443", 200, []string{"https://amp.example:443/workspaces/" + ws.ID}},
		"connect nowhere":       {base + "/connect?address=" + url.QueryEscape("http://a b/"+markup), 400, []string{"An address is http://"}},
		"requests":              {"/_ampersand/requests", 200, []string{id, "missing-token", "2 of 2 that match"}},
		"refused":               {"/_ampersand/requests?verdict=refused", 200, []string{id, "1 of 1 that match"}},
		"words":                 {"/_ampersand/requests?text=POST+remote_write", 200, []string{"1 of 1 that match"}},
		"of no workspace":       {"/_ampersand/requests?workspace=ws-x", 200, []string{"None of the 2 requests"}},
		"list alone":            {"/_ampersand/requests?list=1", 200, []string{id}},
		"request":               {"/_ampersand/requests/" + id, 200, []string{"missing-token", "Missing Authentication Token", "ampersand explain " + id}},
		"faults":                {"/_ampersand/faults", 200, []string{"fault-1", "answers 429", "Turn off"}},
		"no workspace":          {"/_ampersand/workspaces/ws-x", 404, []string{"There is no workspace ws-x"}},
		"no workspace to query": {"/_ampersand/workspaces/" + url.PathEscape(markup) + "/query", 404, []string{"There is no workspace"}},
		"no request":            {"/_ampersand/requests/x", 404, []string{"There is no request x"}},
		"no page":               {"/_ampersand/none", 404, []string{"no such page"}},
		"no file":               {"/_ampersand/static/console.css", 404, nil},
		"no API":                {"/_ampersand/api/none", 404, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := page(t, srv, strings.ReplaceAll(tc.path, `"`, "%22"))
			require.Equal(t, tc.status, got.status, got.body)
			for _, want := range tc.want {
				require.Contains(t, got.body, want)
			}
			require.NotContains(t, got.body, markup, "it is text, wherever it comes from")
			require.NotContains(t, got.body, "<b>alias")
			require.NotContains(t, got.body, " style=", "the policy of the page forbids it")
			require.Equal(t, "no-store", got.header.Get("Cache-Control"))
			require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'; script-src 'self';")
			require.Contains(t, got.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
			require.Equal(t, "same-origin", got.header.Get("Referrer-Policy"))
			require.Equal(t, "DENY", got.header.Get("X-Frame-Options"))
		})
	}
	for _, file := range regexp.MustCompile(`(?:href|src)="(/_ampersand/static/[^"]+)"`).FindAllStringSubmatch(page(t, srv, "/_ampersand/").body, -1) {
		require.Equal(t, 200, page(t, srv, file[1]).status, file[1])
		require.Regexp(t, `-[0-9a-f]{12}\.(css|js|svg)$`, file[1])
	}
	require.Len(t, lastRequests(t, srv), 2, "the console's own requests are not listed")
}

func TestConsoleWithoutAnything(t *testing.T) {
	srv := start(t, emulator.Config{})
	for path, want := range map[string]string{
		"/_ampersand/":         "There is no workspace yet.",
		"/_ampersand/requests": "Make a workspace",
		"/_ampersand/faults":   "Nothing goes wrong on purpose.",
	} {
		require.Contains(t, page(t, srv, path).body, want)
	}
	ws := createWorkspace(t, srv, "")
	require.Contains(t, page(t, srv, "/_ampersand/").body, "not opened")
	require.Contains(t, page(t, srv, "/_ampersand/workspaces/"+ws.ID).body, "Nothing was written yet.")
}

func TestConsoleRedirectsToItsSlash(t *testing.T) {
	srv := start(t, emulator.Config{})
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_ampersand", nil)
	r.RemoteAddr, r.Host = "127.0.0.1:1234", "localhost"
	srv.ServeHTTP(w, r)
	require.Equal(t, 301, w.Code)
	require.Equal(t, "/_ampersand/", w.Header().Get("Location"))
}

func TestConsoleIsRefusedToOthers(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	for _, path := range []string{"/_ampersand/", "/_ampersand/requests", "/_ampersand/faults", "/_ampersand/workspaces/" + ws.ID + "/connect"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr = "192.0.2.1:1234"
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, r)
		require.Equal(t, 403, w.Code, path)
		require.NotContains(t, w.Body.String(), ws.ID)
	}
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": nil, "Origin": {"http://evil.example"}}} {
		got := post(t, srv, "/_ampersand/faults", url.Values{"do": {"preset"}, "name": {"slow-queries"}}, header)
		require.Equal(t, 403, got.status)
		require.Equal(t, 403, post(t, srv, "/_ampersand/workspaces", nil, header).status)
	}
	require.Empty(t, srv.Faults())
	require.Len(t, srv.Workspaces(), 1)
}

func TestConsoleMakesWorkspaces(t *testing.T) {
	srv := start(t, emulator.Config{Quotas: map[string]string{"workspaces": "1"}})
	got := post(t, srv, "/_ampersand/workspaces", url.Values{"alias": {" demo "}}, nil)
	require.Equal(t, 200, got.status, got.body)
	require.Contains(t, got.body, "Snippet for Prometheus")
	require.Equal(t, "demo", srv.Workspaces()[0].Alias)
	got = post(t, srv, "/_ampersand/workspaces", url.Values{"alias": {markup + strings.Repeat("x", 100)}}, nil)
	require.Equal(t, 400, got.status)
	require.NotContains(t, got.body, markup)
	require.Contains(t, got.body, html.EscapeString("<script>"))
	got = post(t, srv, "/_ampersand/workspaces", nil, nil)
	require.Equal(t, 402, got.status, "the quota's answer is the API's: %s", got.body)
	require.Len(t, srv.Workspaces(), 1)
}

func TestConsoleSwitchesFaults(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	write := func() int {
		return send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", series("up", time.Now(), 1), root(), nil).status
	}
	do := func(status int, want string, form ...string) {
		t.Helper()
		values := url.Values{}
		for i := 0; i < len(form); i += 2 {
			values.Set(form[i], form[i+1])
		}
		got := post(t, srv, "/_ampersand/faults", values, nil)
		require.Equal(t, status, got.status, got.body)
		require.Contains(t, got.body, want)
		require.NotContains(t, got.body, markup)
	}
	do(200, "Fault rule failing-writes is on.", "do", "preset", "name", "failing-writes", "workspace", ws.ID)
	require.Equal(t, ws.ID, srv.Faults()[0].Rule.Workspace)
	require.Equal(t, 503, write())
	require.Equal(t, 1, srv.Faults()[0].Hits)
	do(200, "Fault rule failing-writes is off.", "do", "off", "name", "failing-writes")
	require.Empty(t, srv.Faults())
	require.Equal(t, 200, write())
	do(200, "Fault rule failing-writes is on.", "do", "on", "name", "failing-writes")
	require.Equal(t, 503, write())
	do(200, "Fault rule own is on.", "do", "add", "rule", "name: own\naction: aps:QueryMetrics\nvalue: NaN\n")
	do(200, "All fault rules are off.", "do", "all-off")
	require.Empty(t, srv.Faults())
	do(200, "Fault rule own is removed.", "do", "remove", "name", "own")
	do(404, "there is no fault rule own", "do", "on", "name", "own")
	do(404, "there is no fault rule", "do", "off", "name", markup)
	do(404, "there is no fault rule", "do", "remove", "name", markup)
	do(404, "there is no fault rule", "do", "preset", "name", "none")
	do(400, "is none of add", "do", "explode")
	do(400, "there is no rule; write one", "do", "add")
	do(400, "<code>status.code</code> 200 is not an error", "do", "add", "rule", "action: aps:*\nstatus: {code: 200}\n")
	do(400, "&lt;/textarea&gt;", "do", "add", "rule", "name: </textarea>"+markup)
	do(413, "could not be read", "do", "add", "rule", strings.Repeat("x", 1<<20))
	require.NotContains(t, page(t, srv, "/_ampersand/faults?done=on&name="+url.QueryEscape(markup)).body, "is on.", "the address of a page proves nothing")
}

// TestConsoleFigures holds rates against a clock that stands still.
func TestConsoleFigures(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	srv := start(t, emulator.Config{Now: func() time.Time { return now }, Auth: emulator.AuthOff})
	ws := createWorkspace(t, srv, "")
	for i := range 6 {
		got := send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", series(fmt.Sprintf("m%d", i), now, 1), nil, nil)
		require.Equal(t, 200, got.status, got.body)
	}
	require.Equal(t, 400, send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", series("old", now.Add(-2*time.Hour), 1), nil, nil).status)
	body := page(t, srv, "/_ampersand/workspaces/"+ws.ID).body
	for _, want := range []string{
		`<dt>series in memory</dt><dd>6</dd>`, `<dt>samples stored, last 60 s</dt><dd>0.10/s</dd>`,
		`<dt>samples dropped, last 60 s</dt><dd class="bad">1</dd>`, `<dt>requests, last 60 s</dt><dd>0.12/s</dd>`,
		`>1</a></dd>`, `busiest second of the last 60 s; 0.12/s on average`,
	} {
		require.Contains(t, body, want)
	}
	require.Contains(t, page(t, srv, "/_ampersand/").body, "not demanded")
	require.Contains(t, page(t, srv, "/metrics").body, `ampersand_ingested_samples_total{workspace="`+ws.ID+`"} 6`)
}

// TestConsoleSnippets has the programs' own code or a YAML parser read what is to be pasted.
func TestConsoleSnippets(t *testing.T) {
	const secret = "a-real/secret+of=somebody"
	for name, cfg := range map[string]emulator.Config{"example": {}, "real": {AccessKeyID: "0123", SecretAccessKey: secret}} {
		t.Run(name, func(t *testing.T) {
			srv := start(t, cfg)
			ws := createWorkspace(t, srv, "")
			got := page(t, srv, "/_ampersand/workspaces/"+ws.ID+"/connect").body
			require.NotContains(t, got, secret)
			texts := map[string]string{}
			for _, m := range regexp.MustCompile(`(?s)<pre tabindex="0" id="text-(\w+)"[^>]*>(.*?)</pre>`).FindAllStringSubmatch(got, -1) {
				texts[m[1]] = html.UnescapeString(m[2])
			}
			require.Len(t, texts, 5)
			id, key := emulator.DefaultAccessKeyID, emulator.DefaultSecretAccessKey
			if name == "real" {
				id, key = "0123", "YOUR_SECRET_KEY"
				require.Contains(t, got, "put it in place of")
			}
			cfg, err := promconfig.Load(texts["prometheus"], nil)
			require.NoError(t, err)
			require.Equal(t, ws.RemoteWriteURL, cfg.RemoteWriteConfigs[0].URL.String())
			require.Equal(t, id, cfg.RemoteWriteConfigs[0].SigV4Config.AccessKey)
			require.Equal(t, key, string(cfg.RemoteWriteConfigs[0].SigV4Config.SecretKey))
			for _, of := range []string{"collector", "keda", "grafana"} {
				dec, documents := yaml.NewDecoder(strings.NewReader(texts[of])), 0
				for {
					var v map[string]any
					if dec.Decode(&v) != nil {
						break
					}
					documents++
				}
				require.Equal(t, map[string]int{"collector": 1, "keda": 3, "grafana": 1}[of], documents, texts[of])
				require.Contains(t, texts[of], ws.QueryURL)
			}
			require.Contains(t, texts["aws"], "amp describe-workspace --workspace-id "+ws.ID)
		})
	}
}
