package conformance

import (
	"context"
	"slices"
)

// Patterns of what the control plane names.
const (
	uuidPattern     = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`
	arnPattern      = `^arn:aws[-a-z]*:aps:[-a-z0-9]+:[0-9]{12}:`
	noWorkspace     = "ws-00000000-0000-4000-8000-000000000000" // its UUID is too regular for one at random
	rulesFileOfOne  = "groups:\n- name: g\n  interval: 60s\n  rules:\n  - record: a:b\n    expr: vector(1)\n"
	rulesFileOfNext = "groups:\n- name: h\n  interval: 60s\n  rules:\n  - record: c:d\n    expr: vector(2)\n"
)

func controlPlaneChecks() []Check {
	return slices.Concat(
		workspaceChecks(),
		aliasChecks(),
		listWorkspacesChecks(),
		tagChecks(),
		tokenChecks(),
		ruleNamespaceChecks(),
		ruleNamespaceListChecks(),
		ruleFileChecks(),
		definitionChecks(),
		configurationChecks(),
		loggingChecks(),
		resourcePolicyChecks(),
		scraperChecks(),
		detectorChecks(),
		notFoundChecks(),
		validationChecks(),
		fieldListChecks(),
	)
}

// mustModel is a check of what the API model demands.
func mustModel(id, description, source string, run func(context.Context, *T)) Check {
	return Check{ID: "control-plane." + id, Level: Must, Area: ControlPlane, Description: description, Source: source, Run: run}
}

// shouldModel is mustModel of what clients rely on and nobody has documented.
func shouldModel(id, description, source string, run func(context.Context, *T)) Check {
	c := mustModel(id, description, source, run)
	c.Level = Should
	return c
}

// slow marks a check of something that takes AWS its time.
func slow(c Check) Check {
	c.Needs |= NeedsSlow
	return c
}
