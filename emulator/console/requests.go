package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// shownRequests is how many requests the list has unless all are asked for.
const shownRequests = 100

// requestsBody is what the inspector shows.
type requestsBody struct {
	Filter     requestFilter
	Workspaces []*workspace.Workspace
	Requests   []explain.Request
	// Matching is how many there are of those asked for, Remembered of all.
	Matching, Remembered int
	// Live is where the list alone is to be had, More where all of it is.
	Live, More string
}

// requestFilter chooses requests.
type requestFilter struct{ Verdict, Workspace, Text string }

// matches reports whether a request is among those asked for. Refused is whatever was
// not accepted, which is what somebody looks for who asks for it.
func (f requestFilter) matches(r explain.Request) bool {
	switch {
	case f.Verdict == explain.Accepted && r.Verdict != explain.Accepted:
		return false
	case f.Verdict == explain.Refused && r.Verdict == explain.Accepted:
		return false
	case f.Workspace != "" && !strings.Contains(r.Path+"/", "/"+f.Workspace+"/"):
		return false
	}
	all := strings.ToLower(strings.Join([]string{r.ID, r.Method, r.Path, r.Query, r.UserAgent, r.Identity, r.Why(), r.Fault}, " "))
	for word := range strings.FieldsSeq(strings.ToLower(f.Text)) {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

func (c *Console) requests(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	body := requestsBody{
		Filter:     requestFilter{query.Get("verdict"), query.Get("workspace"), strings.TrimSpace(query.Get("text"))},
		Workspaces: c.Workspaces.All(),
	}
	all := query.Get("all") == "1"
	remembered := c.Requests.Last()
	body.Remembered = len(remembered)
	for _, one := range remembered {
		if !body.Filter.matches(one) {
			continue
		}
		if body.Matching++; all || body.Matching <= shownRequests {
			body.Requests = append(body.Requests, one)
		}
	}
	here := func(key string) string {
		q := url.Values{}
		for k, v := range map[string]string{"verdict": body.Filter.Verdict, "workspace": body.Filter.Workspace, "text": body.Filter.Text, "all": query.Get("all")} {
			if v != "" {
				q.Set(k, v)
			}
		}
		q.Set(key, "1")
		return Path + "requests?" + q.Encode()
	}
	body.Live, body.More = here("list"), here("all")
	p := page{Title: "Requests", Section: "requests", Body: body}
	if query.Get("list") == "1" {
		c.renderPart(w, http.StatusOK, "requests.html", "list", p)
		return
	}
	c.render(w, http.StatusOK, "requests.html", p)
}

func (c *Console) request(w http.ResponseWriter, r *http.Request) {
	one, ok := c.Requests.Find(r.PathValue("id"))
	if !ok {
		c.notFound(w, "There is no request "+r.PathValue("id")+" among those that are remembered: the last 500 that were accepted and the last 500 that were not.")
		return
	}
	c.render(w, http.StatusOK, "request.html", page{Title: "Request " + one.ID, Section: "requests", Body: one})
}
