package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"text/template"

	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// secretPlaceholder stands for a secret that pages do not hold.
const secretPlaceholder = "YOUR_SECRET_KEY"

// addressPattern is what an address may be made of: it goes into files of many forms.
var addressPattern = regexp.MustCompile(`^https?://[A-Za-z0-9.:\[\]_-]+$`)

// plain is what needs no quotes in YAML and in a shell, and is no number or word of either.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9/_+-]*$`)

// connectBody is what the page of snippets shows.
type connectBody struct {
	*workspace.Workspace
	Tab string
	// Given is the address that was asked for, Error what is wrong with it.
	Given, Error string
	Placeholder  string
	Snippets     []snippet
}

// snippet is something to paste.
type snippet struct{ ID, Title, Where, Text string }

// place is what snippets have to know.
type place struct {
	URL, Host, Region, Account, Workspace, Name string
	AccessKey, SecretKey                        string
}

func (c *Console) connect(w http.ResponseWriter, r *http.Request) {
	ws, ok := c.find(w, r)
	if !ok {
		return
	}
	body := connectBody{Workspace: ws, Tab: "connect", Given: r.URL.Query().Get("address")}
	at, status := c.address(r), http.StatusOK
	if body.Given == "" {
		body.Given = at
	}
	if u, err := url.Parse(body.Given); err != nil || u.Hostname() == "" || !addressPattern.MatchString(body.Given) {
		body.Error, status = "An address is http:// or https:// and a host, with a port unless it is the usual one: http://ampersand:2677", http.StatusBadRequest
	} else {
		at = body.Given
	}
	p := place{
		URL: at, Region: c.About.Region, Account: c.About.AccountID, Workspace: ws.ID, Name: title(ws),
		AccessKey: c.About.AccessKeyID, SecretKey: c.About.ExampleSecret,
	}
	if p.SecretKey == "" {
		p.SecretKey, body.Placeholder = secretPlaceholder, secretPlaceholder
	}
	var err error
	if body.Snippets, err = snippets(p); err != nil {
		c.Logger.Error("snippets could not be made", "error", err)
		http.Error(w, "this page could not be made; the emulator's log says why", http.StatusInternalServerError)
		return
	}
	c.render(w, status, "connect.html", page{Title: "Connect " + title(ws), Section: "workspaces", Body: body})
}

func snippets(p place) ([]snippet, error) {
	t, err := template.New("").Funcs(template.FuncMap{"yaml": quoteYAML, "shell": quoteShell}).ParseFS(embedded, "pages/snippets.tmpl")
	if err != nil {
		return nil, fmt.Errorf("read the snippets: %w", err)
	}
	all := []snippet{
		{ID: "prometheus", Title: "Prometheus", Where: "prometheus.yml: what it scrapes is written into the workspace."},
		{ID: "collector", Title: "Collector (ADOT, OpenTelemetry)", Where: "config.yaml of a collector with the sigv4auth extension. The environment beside it has the key."},
		{ID: "keda", Title: "KEDA", Where: "kubectl apply -f: a Secret with the key, the TriggerAuthentication that reads it, and a ScaledObject that scales on a query."},
		{ID: "grafana", Title: "Grafana", Where: "provisioning/datasources/ampersand.yaml. Grafana signs only when it is started with GF_AUTH_SIGV4_AUTH_ENABLED=true."},
		{ID: "aws", Title: "AWS CLI", Where: "A shell. The CLI has the control plane; queries are signed by curl."},
	}
	for i := range all {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, all[i].ID, p); err != nil {
			return nil, fmt.Errorf("make the snippet for %s: %w", all[i].ID, err)
		}
		all[i].Text = b.String()
	}
	return all, nil
}

// quoteYAML writes a text as YAML; what JSON quotes, YAML reads.
func quoteYAML(s string) (string, error) {
	if plain.MatchString(s) {
		return s, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return "", fmt.Errorf("quote %q: %w", s, err)
	}
	return string(bytes.TrimSpace(b.Bytes())), nil
}

// quoteShell writes a text as a word of a POSIX shell.
func quoteShell(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + string(bytes.ReplaceAll([]byte(s), []byte("'"), []byte(`'\''`))) + "'"
}
