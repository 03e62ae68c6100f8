package conformance_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// controlRoutes are the control plane's.
func controlRoutes() []string {
	return []string{
		"WS", "WS/alias", "WS/rulegroupsnamespaces**", "WS/alertmanager/definition", "WS/logging**", "WS/configuration**", "WS/policy**",
		"WS/anomalydetectors**", "/workspaces**", "/scrapers**", "/scraperconfiguration**", "/tags/**",
	}
}

// controlMutations are faults of the control plane.
func controlMutations() []mutation {
	var out []mutation
	for _, member := range []string{
		"alias", "arn", "createdAt", "modifiedAt", "prometheusEndpoint", "tags", "name", "data", "statusReason",
		"message", "resourceId", "resourceType", "reason", "fieldList", "nextToken", "limitsPerLabelSet",
		"retentionPeriodInDays", "outOfOrderTimeWindowInSeconds", "logGroupArn", "policyDocument", "revisionId",
		"configuration", "evaluationIntervalInSeconds", "anomalyDetectorId", "statusCode",
	} {
		out = append(out, mutation{
			name: "the control plane leaves out " + member, layer: on(change(drop(member)), controlRoutes()...), in: controlled(member), also: controlAreas(),
			coarse: member == "statusCode" || member == "arn" || member == "prometheusEndpoint",
		})
	}
	for _, f := range []mutation{
		{name: "mutations are answered with 200", layer: on(change(func(x *exchange) {
			if x.status == http.StatusAccepted || x.status == http.StatusNoContent {
				x.status = http.StatusOK
			}
		}), controlRoutes()...), coarse: true, kills: []string{"control-plane.workspace.create", "control-plane.alias.update"}},
		{name: "conflicts are bad requests", layer: on(refused(func(x *exchange) {
			if x.status == http.StatusConflict {
				x.status = http.StatusBadRequest
			}
		}), controlRoutes()...)},
		{name: "conflicts are fine", layer: on(refused(func(x *exchange) {
			if x.status == http.StatusConflict {
				x.answer(202, "{}")
			}
		}), controlRoutes()...)},
		{name: "what does not exist is a bad request", layer: on(refused(func(x *exchange) {
			if x.status == http.StatusNotFound {
				x.status = http.StatusBadRequest
			}
		}), controlRoutes()...), coarse: true, kills: []string{"authorization.workspace.describe-unknown"}},
		{name: "invalid input is a conflict", layer: on(refused(func(x *exchange) {
			if x.status == http.StatusBadRequest {
				x.status = http.StatusConflict
			}
		}), controlRoutes()...), kills: []string{"control-plane.validation.alias-too-long"}},
		{name: "invalid input is cut", layer: on(refused(set("reason", "OTHER")), controlRoutes()...), kills: []string{"control-plane.validation.alias-too-long"}},
		{name: "errors of the control plane are of another type", layer: on(refused(header("X-Amzn-Errortype", "InternalServerException")), controlRoutes()...),
			kills: []string{"control-plane.validation.alias-too-long"}},
		{name: "page tokens are ignored", layer: on(unpaged, controlRoutes()...)},
		{name: "pages are not cut", layer: on(where(func(x *exchange) bool { return x.request.Method == http.MethodGet }, without("maxResults")), controlRoutes()...)},
		{name: "pages have one more", layer: on(reworded("maxResults", func(n string) string { return n + "0" }), controlRoutes()...)},
		{name: "client tokens are ignored", layer: on(untold("clientToken"), controlRoutes()...)},
		{name: "client tokens are all one", layer: on(retold(func(o map[string]any) {
			if o["clientToken"] != nil {
				o["clientToken"] = "one"
			}
		}), controlRoutes()...), coarse: true},
		{name: "tags are forgotten", layer: on(untold("tags"), "POST /workspaces", "POST /scrapers", "POST WS/rulegroupsnamespaces", "POST WS/anomalydetectors"), kills: []string{"control-plane.workspace.becomes-active"}},
		{name: "tags are of small letters", layer: on(accepted(each(func(o map[string]any) {
			if tags, ok := o["tags"].(map[string]any); ok {
				for k, v := range tags {
					if s, ok := v.(string); ok {
						tags[k] = strings.ToLower(s)
					}
				}
			}
		})), controlRoutes()...)},
		{name: "tags are not taken away", layer: on(func(x *exchange) error { x.answer(200, "{}"); return nil }, "DELETE /tags/**")},
		{name: "tags are not set", layer: on(func(x *exchange) error { x.answer(200, "{}"); return nil }, "POST /tags/**")},
		{name: "tags replace each other", layer: tagsReplace},
		{name: "aliases are forgotten", layer: on(untold("alias"), "POST /workspaces")},
		{name: "aliases are not updated", layer: on(func(x *exchange) error { x.answer(204, ""); return nil }, "POST WS/alias"), kills: []string{"control-plane.alias.update"}},
		{name: "aliases are cut", layer: on(retold(func(o map[string]any) {
			if s, ok := o["alias"].(string); ok {
				o["alias"] = s[:min(len(s), 90)]
			}
		}), "POST /workspaces", "POST WS/alias"), kills: []string{"control-plane.alias.longest", "control-plane.validation.alias-too-long"}},
		{name: "aliases are ASCII", layer: on(retold(func(o map[string]any) {
			if s, ok := o["alias"].(string); ok {
				o["alias"] = strings.Map(func(r rune) rune {
					if r > 127 {
						return '?'
					}
					return r
				}, s)
			}
		}), "POST /workspaces", "POST WS/alias"), kills: []string{"control-plane.alias.any-character"}},
		{name: "blanks are part of an alias", layer: on(accepted(each(func(o map[string]any) {
			if s, ok := o["alias"].(string); ok {
				o["alias"] = s + " "
			}
		})), "GET WS", "GET /workspaces"), kills: []string{"control-plane.alias.trimmed"}},
		{name: "aliases are unique", layer: on(uniqueAliases, "POST /workspaces", "POST WS/alias"), kills: []string{"control-plane.alias.not-unique"}},
		{name: "aliases do not select", layer: on(without("alias"), "GET /workspaces")},
		{name: "workspaces are ACTIVE at once", layer: on(accepted(set("statusCode", "ACTIVE")), controlRoutes()...), kills: []string{"control-plane.workspace.create"}},
		{name: "ids are of capitals", layer: on(accepted(each(func(o map[string]any) {
			if s, ok := o["workspaceId"].(string); ok {
				o["workspaceId"] = strings.ToUpper(s)
			}
		})), "GET WS", "GET /workspaces"), kills: []string{"control-plane.workspace.id-shape"}},
		{name: "ARNs are of another account", layer: on(accepted(each(func(o map[string]any) {
			if s, ok := o["arn"].(string); ok {
				o["arn"] = strings.ReplaceAll(s, ":123456789012:", ":210987654321:")
			}
		})), controlRoutes()...), kills: []string{"control-plane.workspace.describe"}},
		{name: "ARNs are of another kind", layer: on(accepted(each(func(o map[string]any) {
			if s, ok := o["arn"].(string); ok {
				o["arn"] = strings.ReplaceAll(s, ":workspace/", ":workspaces/")
			}
		})), "GET WS", "POST /workspaces"), kills: []string{"control-plane.workspace.arn-shape"}},
		{name: "endpoints end in /api/v1/", layer: on(accepted(each(func(o map[string]any) {
			if s, ok := o["prometheusEndpoint"].(string); ok {
				o["prometheusEndpoint"] = s + "api/v1/"
			}
		})), "GET WS"), kills: []string{"control-plane.workspace.endpoint"}},
		{name: "times are texts", layer: on(accepted(both(set("createdAt", "2020-01-01T00:00:00Z"), set("modifiedAt", "2020-01-01T00:00:00Z"))), controlRoutes()...), coarse: true,
			kills: []string{"control-plane.workspace.describe"}},
		{name: "times are of 1970", layer: on(accepted(both(set("createdAt", 1), set("modifiedAt", 1))), controlRoutes()...), kills: []string{"control-plane.workspace.describe"}},
		{name: "what is deleted stays", layer: on(func(x *exchange) error { x.answer(202, ""); return nil }, "DELETE WS**", "DELETE /scrapers/**"), coarse: true,
			kills: []string{"control-plane.workspace.deleted-is-gone"}},
		{name: "what is deleted is gone at once", layer: on(accepted(func(x *exchange) {
			if strings.Contains(string(x.body), "DELETING") {
				x.answer(404, `{"message":"not found","resourceId":"x","resourceType":"y"}`)
				x.header.Set("X-Amzn-Errortype", "ResourceNotFoundException")
			}
		}), controlRoutes()...), kills: []string{"control-plane.workspace.deleted-is-gone"}},
		{name: "nothing is updated", layer: on(func(x *exchange) error { x.answer(202, "{}"); return nil }, "PUT WS**", "PATCH WS**", "PUT /scrapers/**")},
	} {
		f.in, f.also = controlled(f.name), controlAreas()
		out = append(out, f)
	}
	return out
}

// controlled are the checks of the control plane that look at refusals, or at all
// else.
func controlled(what string) []string {
	for _, word := range []string{"message", "reason", "field", "resourceId", "resourceType", "Code", "invalid", "exist", "error", "conflicts"} {
		if strings.Contains(what, word) && what != "statusReason" {
			return []string{"control-plane.validation", "control-plane.not-found", "control-plane.field-list", "control-plane.list", "control-plane.token", "control-plane.tags", "control-plane.logging"}
		}
	}
	return []string{
		"control-plane.alertmanager", "control-plane.alias", "control-plane.configuration", "control-plane.detector", "control-plane.headers",
		"control-plane.list", "control-plane.logging", "control-plane.policy", "control-plane.query-logging", "control-plane.rules",
		"control-plane.scraper", "control-plane.tags", "control-plane.token", "control-plane.workspace",
	}
}

// without takes a parameter off.
func without(name string) layer {
	return func(x *exchange) error {
		return x.rewrite(func() error {
			query := x.request.URL.Query()
			query.Del(name)
			x.request.URL.RawQuery = query.Encode()
			return nil
		})
	}
}

// unpaged answers each page with the first one.
func unpaged(x *exchange) error { return without("nextToken")(x) }

// untold takes a member off a request's body.
func untold(name string) layer {
	return func(x *exchange) error {
		if !strings.Contains(string(x.sent), `"`+name+`"`) {
			return nil
		}
		return retold(func(o map[string]any) { delete(o, name) })(x)
	}
}

// tagsReplace has new tags take the place of all that were there.
func tagsReplace() layer {
	var (
		mu  sync.Mutex
		set = make(map[string]map[string]any)
	)
	return func(x *exchange) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case x.is("POST /tags/**"):
			if err := x.forward(); err != nil {
				return err
			}
			if x.accepted() {
				tagged := &exchange{body: x.sent}
				tagged.edited(func(v any) any {
					return members(v, func(o map[string]any) {
						if tags, ok := o["tags"].(map[string]any); ok {
							set[x.path] = tags
						}
					})
				})
			}
		case x.is("GET /tags/**") && set[x.path] != nil:
			if err := x.forward(); err != nil {
				return err
			}
			each(func(o map[string]any) {
				if _, ok := o["tags"]; ok {
					o["tags"] = set[x.path]
				}
			})(x)
		}
		return nil
	}
}

// uniqueAliases refuses an alias that a workspace has.
func uniqueAliases(x *exchange) error {
	alias, _ := x.told()["alias"].(string)
	if alias == "" {
		return nil
	}
	list := &exchange{next: x.next, path: "/workspaces"}
	var err error
	list.request, err = http.NewRequestWithContext(x.request.Context(), http.MethodGet, x.request.URL.Scheme+"://"+x.request.URL.Host+"/workspaces", nil)
	if err != nil {
		return err
	}
	list.request.URL.RawQuery = url.Values{"alias": {alias}}.Encode()
	if err := errors.Join(list.sign(), list.forward()); err != nil {
		return err
	}
	if bytes.Contains(list.body, []byte(`"`+alias+`"`)) {
		x.answer(409, `{"message":"alias in use","resourceId":"x","resourceType":"workspace"}`)
		x.header.Set("X-Amzn-Errortype", "ConflictException")
	}
	return nil
}
