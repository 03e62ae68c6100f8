package conformance

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// plainAlertManager is the least that AMP takes [O Terraform's acceptance test].
const plainAlertManager = `alertmanager_config: |
  route:
    receiver: default
  receivers:
  - name: default
`

const amPath = "/alertmanager/api/v2"

func alertManagerChecks() []Check {
	return slices.Concat(alertManagerShapeChecks(), silenceChecks(), refusedSilenceChecks(), alertChecks(), refusedAlertChecks())
}

// onAlertManager is a check of the API of the standing workspace's alert manager.
func onAlertManager(level Level, id, description, source string, look func(t *T, ws *Workspace)) Check {
	return Check{
		ID: "alertmanager." + id, Level: level, Area: AlertManager, Needs: NeedsSlow, Description: description, Source: source,
		Run: func(_ context.Context, t *T) { look(t, t.AlertManaged()) },
	}
}

func alertManagerShapeChecks() []Check {
	checks := []Check{
		onAlertManager(Must, "receivers", "The receivers of the definition are listed by name, in their order.",
			"user guide AMP-APIReference-ListAlertManagerReceivers [D]", func(_ *T, ws *Workspace) {
				ws.Do(Get(amPath+"/receivers")).ExpectStatus(http.StatusOK).
					ExpectJSON("", []map[string]string{{"name": "default"}, {"name": "other"}})
			}),
		onAlertManager(Must, "status", "The status has no cluster, uptime or version, and the configuration as YAML.",
			"user guide AMP-APIReference-GetAlertManagerStatus [D]", func(_ *T, ws *Workspace) {
				ws.Do(Get(amPath+"/status")).ExpectStatus(http.StatusOK).ExpectJSON("cluster", nil).ExpectJSON("uptime", nil).
					ExpectJSON("versionInfo", nil).ExpectContains(`receiver: default`, `- name: other`, `group_by:`)
			}),
		onAlertManager(Should, "status-defaults", "The configuration of the status is the rendered one, with what the definition left to Alertmanager's defaults.",
			"amp-api.md 1.2: the rendered YAML [D]; how much [I]", func(_ *T, ws *Workspace) {
				ws.Do(Get(amPath+"/status")).ExpectStatus(http.StatusOK).ExpectContains("resolve_timeout: 5m", "group_wait: 1s")
			}),
		{
			ID: "alertmanager.undefined", Level: Should, Area: AlertManager,
			Description: "The API of a workspace without an alert manager definition answers 404 and says so.",
			Source:      "Cortex, pkg/alertmanager/multitenant.go [C]",
			Run: func(_ context.Context, t *T) {
				t.BorrowWorkspace().Do(Get(amPath + "/status")).ExpectStatus(http.StatusNotFound).
					ExpectContains("the Alertmanager is not configured")
			},
		},
		{
			ID: "alertmanager.follows-put", Level: Must, Area: AlertManager, Needs: NeedsSlow,
			Description: "The receivers follow PutAlertManagerDefinition.",
			Source:      "user guide AMP-alertmanager-config [D]",
			Run: func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.DefineAlertManager(plainAlertManager)
				next := definedAs("route: {receiver: next}\nreceivers: [{name: next}]")
				ws.Control(PutJSON(definitionPath, dataBody(next))).RequireStatus(http.StatusAccepted)
				t.Eventually("the next receiver is seen", func() error {
					ws.Do(Get(amPath+"/receivers")).ExpectStatus(http.StatusOK).ExpectJSON("", []map[string]string{{"name": "next"}})
					return nil
				})
			},
		},
	}
	for _, row := range []struct{ id, method, path string }{
		{"unknown", "GET", "/nothing"},
		{"delete-alerts", "DELETE", "/alerts"},
		{"post-receivers", "POST", "/receivers"},
		{"put-silences", "PUT", "/silences"},
		{"post-groups", "POST", "/alerts/groups"},
	} {
		checks = append(checks, Check{
			ID: "alertmanager.routes." + row.id, Level: Should, Area: AlertManager,
			Description: row.method + " " + row.path + ", which AMP does not have, is refused as an unknown route, with 403.",
			Source:      "amp-api.md 1.2, 1.3 [I from API Gateway's documentation]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Request{Method: row.method, Path: amPath + row.path}).ExpectStatus(http.StatusForbidden).
					ExpectErrorType("MissingAuthenticationTokenException").ExpectJSON("message", "Missing Authentication Token")
			},
		})
	}
	return checks
}

// amTime is a time as Alertmanager's API writes it.
func amTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// filtered is a path with parameters in pairs.
func filtered(path string, params ...string) Request {
	q := url.Values{}
	for i := 0; i < len(params); i += 2 {
		q.Add(params[i], params[i+1])
	}
	return Get(amPath + path + "?" + q.Encode())
}
