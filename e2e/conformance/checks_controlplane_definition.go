package conformance

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
)

const (
	definitionPath   = "/alertmanager/definition"
	definitionStatus = "alertManagerDefinition.status.statusCode"
)

// definedAs is an alert manager definition of a configuration.
func definedAs(config string) string {
	return "alertmanager_config: |\n  " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n  ") + "\n"
}

func definitionChecks() []Check {
	checks := []Check{
		slow(mustModel("alertmanager.life", "CreateAlertManagerDefinition answers 202 CREATING; Describe gives the file back; Put answers 202 UPDATING and replaces it; Delete answers 202 with nothing.",
			"API model [D]", definitionLife)),
		slow(mustModel("alertmanager.create-does-not-update", "CreateAlertManagerDefinition where there is one is refused and leaves it.",
			"SDK, CreateAlertManagerDefinition [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.DefineAlertManager(plainAlertManager)
				if a := ws.Control(PostJSON(definitionPath, dataBody(plainAlertManager+"# other\n"))); a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.Await(definitionPath, definitionStatus, "ACTIVE").
					ExpectJSON("alertManagerDefinition.data", base64.StdEncoding.EncodeToString([]byte(plainAlertManager)))
			})),
		slow(shouldModel("alertmanager.create-conflict", "CreateAlertManagerDefinition where there is one is a 409 ConflictException.",
			"amp-api.md 2.3 [I]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.DefineAlertManager(plainAlertManager)
				ws.Control(PostJSON(definitionPath, dataBody(plainAlertManager))).ExpectException(http.StatusConflict, "ConflictException")
			})),
		mustModel("alertmanager.put-does-not-create", "PutAlertManagerDefinition where there is none is refused and makes none.",
			"SDK, PutAlertManagerDefinition [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.RemoveAfter(definitionPath)
				if a := ws.Control(PutJSON(definitionPath, dataBody(plainAlertManager))); a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.Control(Get(definitionPath)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
			}),
		slow(mustModel("alertmanager.token", "CreateAlertManagerDefinition twice with one clientToken is answered alike.",
			"SDK, CreateAlertManagerDefinitionInput.ClientToken [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.RemoveAfter(definitionPath)
				body := text(map[string]any{"data": []byte(plainAlertManager), "clientToken": t.token("a")})
				for range 2 {
					ws.Control(PostJSON(definitionPath, body)).RequireStatus(http.StatusAccepted).ExpectText("status.statusCode")
				}
				ws.Await(definitionPath, definitionStatus, "ACTIVE")
			})),
		slow(mustModel("alertmanager.file.templates", "A definition may have template_files, and receivers of SNS that use them.",
			"user guide AMP-alertmanager-templates [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				topic := strings.NewReplacer(":aps:", ":sns:", "workspace/"+ws.ID(), "ampersand-conformance").Replace(ws.ARN())
				ws.DefineAlertManager("template_files:\n  own: '{{ define \"own\" }}x{{ end }}'\n" + definedAs(`
route: {receiver: sns, group_by: [alertname], routes: [{receiver: sns, matchers: ['a="b"']}]}
templates: [own]
receivers:
- name: sns
  sns_configs:
  - topic_arn: `+topic+`
    sigv4: {region: `+t.Target().Region+`}
    message: '{{ template "own" . }}'
`))
			})),
		slow(shouldModel("alertmanager.file.update-fails", "A definition that is refused for what it says leaves the alert manager as it was.",
			"amp-api.md 2.3 [I]", keepsGoodDefinition)),
	}
	for _, row := range []struct {
		id, what, file string
		level          Level
	}{
		{"not-yaml", "is no YAML", "alertmanager_config: [", Should},
		{"no-config", "has no alertmanager_config", "template_files: {}\n", Must},
		{"config-not-yaml", "has a configuration that is no YAML", "alertmanager_config: '['\n", Should},
		{"no-route", "has no route", definedAs("receivers: [{name: a}]"), Should},
		{"unknown-receiver", "routes to a receiver that it does not have", definedAs("route: {receiver: b}\nreceivers: [{name: a}]"), Should},
		{"receiver-twice", "has two receivers of one name", definedAs("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]"), Should},
		{"bad-matcher", "has a matcher that is none", definedAs("route: {receiver: a, routes: [{receiver: a, matchers: ['a b']}]}\nreceivers: [{name: a}]"), Should},
		{"webhook", "has a receiver of a kind that is not SNS or PagerDuty", definedAs("route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'https://example.com/'}]}]"), Must},
	} {
		checks = append(checks, slow(Check{
			ID: "control-plane.alertmanager.file." + row.id, Level: row.level, Area: ControlPlane,
			Description: "An alert manager definition that " + row.what + " does not come into force.",
			Source:      "user guide AMP-alertmanager-config, AMP-alertmanager-receiver [D]; Alertmanager's configuration [C]; which refusal [I]",
			Run:         func(_ context.Context, t *T) { t.expectNoDefinition(row.file) },
		}))
	}
	return checks
}

func definitionLife(_ context.Context, t *T) {
	ws := t.BorrowWorkspace()
	ws.RemoveAfter(definitionPath)
	ws.Control(PostJSON(definitionPath, dataBody(plainAlertManager))).RequireStatus(http.StatusAccepted).
		ExpectJSON("status", map[string]string{"statusCode": "CREATING"})
	first := ws.Await(definitionPath, definitionStatus, "ACTIVE")
	first.ExpectJSON("alertManagerDefinition.data", base64.StdEncoding.EncodeToString([]byte(plainAlertManager))).
		ExpectRecent("alertManagerDefinition.createdAt").ExpectRecent("alertManagerDefinition.modifiedAt")
	next := plainAlertManager + "# next\n"
	ws.Control(PutJSON(definitionPath, dataBody(next))).RequireStatus(http.StatusAccepted).
		ExpectJSON("status", map[string]string{"statusCode": "UPDATING"})
	ws.Await(definitionPath, definitionStatus, "ACTIVE")
	t.Eventually("the new definition is seen", func() error {
		ws.Control(Get(definitionPath)).ExpectJSON("alertManagerDefinition.data", base64.StdEncoding.EncodeToString([]byte(next))).
			ExpectJSON("alertManagerDefinition.createdAt", first.Seconds("alertManagerDefinition.createdAt"))
		return nil
	})
	ws.Control(Delete(definitionPath)).RequireStatus(http.StatusAccepted).ExpectBody("")
	ws.AwaitGone(definitionPath)
}

func keepsGoodDefinition(_ context.Context, t *T) {
	ws := t.BorrowWorkspace()
	ws.DefineAlertManager(plainAlertManager)
	a := ws.Control(PutJSON(definitionPath, dataBody(definedAs("route: {receiver: b}\nreceivers: [{name: a}]"))))
	if a.Status != http.StatusBadRequest {
		a.RequireStatus(http.StatusAccepted)
		ws.expectFailed(definitionPath, "alertManagerDefinition.status", "UPDATE_FAILED")
	}
	t.Eventually("the definition of before is in force", func() error {
		ws.Do(Get("/alertmanager/api/v2/receivers")).ExpectStatus(http.StatusOK).ExpectJSON("", []map[string]string{{"name": "default"}})
		return nil
	})
}

// expectNoDefinition is expectNoRules of alert manager definitions.
func (t *T) expectNoDefinition(file string) {
	ws := t.BorrowWorkspace()
	ws.RemoveAfter(definitionPath)
	a := ws.Control(PostJSON(definitionPath, dataBody(file)))
	if a.Status == http.StatusBadRequest {
		a.ExpectException(http.StatusBadRequest, "ValidationException")
		ws.Control(Get(definitionPath)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
		return
	}
	a.RequireStatus(http.StatusAccepted)
	ws.expectFailed(definitionPath, "alertManagerDefinition.status", "CREATION_FAILED")
}
