package conformance

import (
	"slices"
)

func authorizationChecks() []Check {
	return slices.Concat(
		dataActionChecks(),
		controlActionChecks(),
		policyChecks(),
		conditionChecks(),
		managedPolicyChecks(),
		workspaceSecrecyChecks(),
	)
}

// statement is one of a policy.
type statement struct {
	Effect    string
	Action    []string                       `json:",omitempty"`
	NotAction []string                       `json:",omitempty"`
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

// policy is a policy's document.
func policy(statements ...statement) string {
	return text(map[string]any{"Version": "2012-10-17", "Statement": statements})
}

// allow is a policy that allows one action on some resources.
func allow(action string, resources ...string) string {
	return policy(statement{Effect: "Allow", Action: []string{action}, Resource: resources})
}

// allowAllBut is a policy that allows everything but one action.
func allowAllBut(action string) string {
	return policy(statement{Effect: "Allow", NotAction: []string{action}, Resource: []string{"*"}})
}

// nowhere is the id of a workspace that does not exist.
const nowhere = "ws-00000000-0000-4000-8000-000000000000"
