package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/alerting"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/traffic"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// How much of a workspace its page lists.
const (
	shownNames         = 200
	shownNotifications = 10
	// namesSince is how far back metrics and labels are looked for.
	namesSince = 24 * time.Hour
)

// workspaceBody is what a workspace's page shows.
type workspaceBody struct {
	workspaceRow
	Tab     string
	InForce workspace.InForce
	// Deleting: nothing but its name is left.
	Deleting        bool
	Meters          []meter
	Quotas          []quota.Value
	Metrics, Labels names
	Notifications   []alerting.Notification
}

// names are the first of a list.
type names struct {
	Shown []string
	More  int
	Error string
}

// meter is a limit with what is used of it.
type meter struct {
	Name, Code, Description string
	// Used and Limit are texts; Limit is "unlimited" for none.
	Used, Limit string
	// Share is from 0 to 1, negative without a limit.
	Share float64
	// Note says what the figure is of.
	Note string
}

func (c *Console) workspace(w http.ResponseWriter, r *http.Request) {
	ws, ok := c.find(w, r)
	if !ok {
		return
	}
	body := workspaceBody{Tab: "status", Quotas: c.Quotas.List()}
	if body.InForce, ok = c.Workspaces.InForce(ws.ID); ok {
		// These come first: they open the samples.
		since := strconv.FormatInt(c.Now().Add(-namesSince).Unix(), 10)
		body.Metrics = c.names(r, ws.ID, "/label/__name__/values", since)
		body.Labels = c.names(r, ws.ID, "/labels", since)
		all := c.Notifications.Notifications(ws.ID)
		body.Notifications = slices.Clone(all[max(0, len(all)-shownNotifications):])
		slices.Reverse(body.Notifications)
	}
	body.Deleting = !ok
	body.workspaceRow = c.row(ws)
	body.Meters = c.meters(body.workspaceRow)
	c.render(w, http.StatusOK, "workspace.html", page{Title: title(ws), Section: "workspaces", Body: body})
}

func title(ws *workspace.Workspace) string {
	if ws.Alias != "" {
		return ws.Alias
	}
	return ws.ID
}

// meters are the limits that are met by use.
func (c *Console) meters(row workspaceRow) []meter {
	var out []meter
	add := func(id quota.ID, used int64, text, note string) {
		v := c.Quotas.List()[id]
		m := meter{Name: v.Name, Code: v.Code, Description: v.Description, Used: text, Limit: v.Value, Note: note, Share: -1}
		if limit := c.Quotas.Get(id); limit >= 0 {
			m.Limit = grouped(limit)
			m.Share = min(1, float64(used)/float64(max(limit, 1)))
		}
		out = append(out, m)
	}
	add(quota.ActiveSeries, int64(row.Series), grouped(row.Series), "series in memory now") //nolint:gosec // a number of series
	rate := func(id quota.ID, r traffic.Rate) {
		add(id, int64(r.Busiest), grouped(r.Busiest)+"/s", "busiest second of the last 60 s; "+perSecond(r.PerSecond())+"/s on average")
	}
	rate(quota.IngestionRate, row.Recent.Stored)
	for _, id := range traffic.Groups() {
		rate(id, row.Recent.Groups[id])
	}
	return out
}

// names asks the workspace's API for a list of names.
func (c *Console) names(r *http.Request, workspaceID, path, since string) names {
	got, status := c.ask(r, workspaceID, path, url.Values{"start": {since}, "limit": {strconv.Itoa(10 * shownNames)}})
	if got.Error != "" || status != http.StatusOK {
		return names{Error: got.text(status)}
	}
	var all []string
	if err := json.Unmarshal(got.Data, &all); err != nil {
		return names{Error: err.Error()}
	}
	shown := all[:min(len(all), shownNames)]
	return names{Shown: shown, More: len(all) - len(shown)}
}
