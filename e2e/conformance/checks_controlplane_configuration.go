package conformance

import (
	"context"
	"fmt"
	"net/http"
)

const configurationPath = "/configuration"

func configurationChecks() []Check {
	return []Check{
		mustModel("configuration.default-retention", "A workspace keeps samples for 150 days unless told otherwise, and its configuration is ACTIVE.",
			"user guide what-is, AMP-workspace-configuration [D]", func(_ context.Context, t *T) {
				t.Workspace().Control(Get(configurationPath)).ExpectStatus(http.StatusOK).
					ExpectJSON("workspaceConfiguration.retentionPeriodInDays", 150).
					ExpectJSON("workspaceConfiguration.status.statusCode", "ACTIVE")
			}),
		mustModel("configuration.default-out-of-order", "A workspace takes samples that are 60 s out of order unless told otherwise.",
			"user guide AMP-workspace-configuration [D]", func(_ context.Context, t *T) {
				t.Workspace().Control(Get(configurationPath)).ExpectStatus(http.StatusOK).
					ExpectJSON("workspaceConfiguration.outOfOrderTimeWindowInSeconds", 60)
			}),
		slow(mustModel("configuration.update", "UpdateWorkspaceConfiguration answers 202 UPDATING, and the configuration becomes ACTIVE with what was given.",
			"API model [D]", func(_ context.Context, t *T) {
				ws := t.configurable()
				ws.Control(PatchJSON(configurationPath, `{"retentionPeriodInDays":151,"outOfOrderTimeWindowInSeconds":120,"ruleQueryOffsetInSeconds":30}`)).
					RequireStatus(http.StatusAccepted).ExpectJSON("status.statusCode", "UPDATING")
				ws.expectConfiguration(map[string]any{
					"retentionPeriodInDays": 151, "outOfOrderTimeWindowInSeconds": 120, "ruleQueryOffsetInSeconds": 30,
				})
			})),
		slow(shouldModel("configuration.update-some", "UpdateWorkspaceConfiguration leaves what it does not name.",
			"API model, optional members [I]", func(_ context.Context, t *T) {
				ws := t.configurable()
				ws.configureTo(`{"retentionPeriodInDays":151,"outOfOrderTimeWindowInSeconds":120}`)
				ws.configureTo(`{"retentionPeriodInDays":152}`)
				ws.expectConfiguration(map[string]any{"retentionPeriodInDays": 152, "outOfOrderTimeWindowInSeconds": 120})
			})),
		slow(mustModel("configuration.longest-retention", "Samples can be kept for 1095 days.",
			"user guide what-is [D]", func(_ context.Context, t *T) {
				ws := t.configurable()
				ws.configureTo(`{"retentionPeriodInDays":1095}`)
				ws.expectConfiguration(map[string]any{"retentionPeriodInDays": 1095})
			})),
		mustModel("configuration.too-long-retention", "Samples cannot be kept for 1096 days: that is refused and the configuration stays.",
			"user guide what-is [D]", func(_ context.Context, t *T) {
				ws := t.configurable()
				if a := ws.Control(PatchJSON(configurationPath, `{"retentionPeriodInDays":1096}`)); a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.expectConfiguration(map[string]any{"retentionPeriodInDays": 150})
			}),
		slow(mustModel("configuration.label-sets", "Limits of label sets are shown as they were given.",
			"API model, LimitsPerLabelSet [D]", func(_ context.Context, t *T) {
				ws := t.configurable()
				const sets = `[{"labelSet":{"team":"a","__name__":"x:y"},"limits":{"maxSeries":5}},{"labelSet":{"team":"b"},"limits":{"maxSeries":0}}]`
				ws.configureTo(`{"limitsPerLabelSet":` + sets + `}`)
				ws.Control(Get(configurationPath)).ExpectJSON("workspaceConfiguration.limitsPerLabelSet", jsonOf(sets))
			})),
		slow(shouldModel("configuration.default-bucket", "An empty label set is the default bucket, and may have a limit.",
			"Terraform's documentation [O]", func(_ context.Context, t *T) {
				ws := t.configurable()
				const sets = `[{"labelSet":{},"limits":{"maxSeries":5}}]`
				ws.configureTo(`{"limitsPerLabelSet":` + sets + `}`)
				ws.Control(Get(configurationPath)).ExpectJSON("workspaceConfiguration.limitsPerLabelSet", jsonOf(sets))
			})),
		slow(shouldModel("configuration.label-sets-replaced", "A list of label sets takes the place of the one before, an empty one takes all limits away.",
			"API model, create or update [I]", func(_ context.Context, t *T) {
				ws := t.configurable()
				ws.configureTo(`{"limitsPerLabelSet":[{"labelSet":{"a":"1"},"limits":{"maxSeries":5}},{"labelSet":{"a":"2"},"limits":{"maxSeries":5}}]}`)
				ws.configureTo(`{"limitsPerLabelSet":[{"labelSet":{"a":"3"},"limits":{"maxSeries":5}}]}`)
				ws.Control(Get(configurationPath)).ExpectJSON("workspaceConfiguration.limitsPerLabelSet",
					jsonOf(`[{"labelSet":{"a":"3"},"limits":{"maxSeries":5}}]`))
				ws.configureTo(`{"limitsPerLabelSet":[]}`)
				if a := ws.Control(Get(configurationPath)); a.Status != http.StatusOK {
					t.Errorf("expected a configuration; %s", a)
				} else if sets, there := a.JSON("workspaceConfiguration.limitsPerLabelSet"); there && text(sets) != "[]" && sets != nil {
					t.Errorf("expected no limits of label sets; %s", a)
				}
			})),
	}
}

// configurable borrows a workspace whose configuration is AMP's default again
// after the check.
func (t *T) configurable() *Workspace {
	ws := t.BorrowWorkspace()
	offset, _ := ws.Control(Get(configurationPath)).RequireStatus(http.StatusOK).JSON("workspaceConfiguration.ruleQueryOffsetInSeconds")
	t.Cleanup(func(ctx context.Context) error {
		body := text(map[string]any{
			"retentionPeriodInDays": 150, "outOfOrderTimeWindowInSeconds": 60, "ruleQueryOffsetInSeconds": offset, "limitsPerLabelSet": []any{},
		})
		if a := t.doWith(ctx, PatchJSON("/workspaces/"+ws.ID()+configurationPath, body)); a.Status != http.StatusAccepted {
			return fmt.Errorf("restore the configuration: %s", a)
		}
		for {
			a := t.doWith(ctx, Get("/workspaces/"+ws.ID()+configurationPath))
			if code, _ := a.JSON("workspaceConfiguration.status.statusCode"); code == "ACTIVE" {
				return nil
			} else if err := ctx.Err(); err != nil || code != "UPDATING" {
				return fmt.Errorf("restore the configuration: %s", a)
			}
			t.rest(ctx)
		}
	})
	return ws
}

// configureTo updates the configuration and waits until it is in force.
func (w *Workspace) configureTo(body string) {
	w.Control(PatchJSON(configurationPath, body)).RequireStatus(http.StatusAccepted)
	w.Await(configurationPath, "workspaceConfiguration.status.statusCode", "ACTIVE")
}

func (w *Workspace) expectConfiguration(want map[string]any) {
	w.t.Eventually("the configuration is seen", func() error {
		a := w.Control(Get(configurationPath)).ExpectStatus(http.StatusOK).ExpectJSON("workspaceConfiguration.status.statusCode", "ACTIVE")
		for member, value := range want {
			a.ExpectJSON("workspaceConfiguration."+member, value)
		}
		return nil
	})
}
