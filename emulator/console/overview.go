package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/traffic"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// lastRefusals is how many the overview shows.
const lastRefusals = 5

// overviewBody is what the overview shows.
type overviewBody struct {
	Address, Uptime string
	Workspaces      []workspaceRow
	Limit           int64
	Refused         []explain.Request
	Faults          int
	// Alias is what a form had in it that was not accepted, Error why.
	Alias, Error string
}

// workspaceRow is a workspace with its figures.
type workspaceRow struct {
	*workspace.Workspace
	Series uint64
	// Opened is false if the workspace's samples were not used since the start, so
	// that Series is not known.
	Opened bool
	Recent traffic.Recent
}

func (c *Console) row(ws *workspace.Workspace) workspaceRow {
	row := workspaceRow{Workspace: ws, Recent: c.Traffic.Recent(ws.ID)}
	row.Series, row.Opened = c.Samples.Series(ws.ID)
	return row
}

// address is how the reader reaches the emulator, which in a container or behind a
// forwarded port is not the address listened on.
func (c *Console) address(r *http.Request) string {
	if r.Host == "" {
		return c.About.URL
	}
	scheme, _, _ := strings.Cut(c.About.URL, "://")
	return scheme + "://" + r.Host
}

func (c *Console) overview(w http.ResponseWriter, r *http.Request) {
	c.showOverview(w, r, http.StatusOK, "", "")
}

func (c *Console) showOverview(w http.ResponseWriter, r *http.Request, status int, alias, problem string) {
	body := overviewBody{
		Address: c.address(r), Uptime: uptime(c.Now().Sub(c.About.Started)), Limit: c.Quotas.Get(quota.Workspaces),
		Alias: alias, Error: problem,
	}
	for _, ws := range c.Workspaces.All() {
		body.Workspaces = append(body.Workspaces, c.row(ws))
	}
	for _, one := range c.Requests.Last() {
		if one.Verdict != explain.Accepted && len(body.Refused) < lastRefusals {
			body.Refused = append(body.Refused, one)
		}
	}
	for _, report := range c.Faults.List() {
		if report.State != fault.Over {
			body.Faults++
		}
	}
	c.render(w, status, "overview.html", page{Title: "Overview", Section: "overview", Body: body})
}

// createWorkspace makes a workspace and leads to what to paste where.
func (c *Console) createWorkspace(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		c.showOverview(w, r, http.StatusBadRequest, "", "The form could not be read.")
		return
	}
	var in workspace.CreateInput
	alias := strings.TrimSpace(r.PostForm.Get("alias"))
	if alias != "" {
		in.Alias = &alias
	}
	ws, err := c.Workspaces.Create(in)
	if err != nil {
		status := http.StatusInternalServerError
		if answer := (*awsapi.Error)(nil); errors.As(err, &answer) {
			status = answer.Status
		}
		c.showOverview(w, r, status, alias, err.Error())
		return
	}
	c.Logger.Info("workspace created in the console", "workspace", ws.ID)
	http.Redirect(w, r, Path+"workspaces/"+ws.ID+"/connect", http.StatusSeeOther)
}
