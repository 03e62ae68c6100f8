package conformance

import (
	"context"
	"net/http"
	"net/url"
)

const policyPath = "/policy"

func resourcePolicyChecks() []Check {
	return []Check{
		slow(mustModel("policy.life", "PutResourcePolicy answers 202 CREATING with a revision; Describe gives the document back; another Put answers 202 UPDATING with another revision; Delete answers 202 with nothing.",
			"API model [D]", policyLife)),
		slow(mustModel("policy.revision", "PutResourcePolicy with a revision that is not the policy's is refused and changes nothing; with that of the policy it is taken.",
			"SDK, PutResourcePolicyInput.RevisionId [D]", policyRevision)),
		slow(shouldModel("policy.revision-conflict", "PutResourcePolicy with NO_POLICY where there is one is a 409 ConflictException.",
			"SDK, PutResourcePolicyInput.RevisionId [D]; error [I]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.putPolicy("aps:QueryMetrics", "NO_POLICY").RequireStatus(http.StatusAccepted)
				ws.Await(policyPath, "policyStatus", "ACTIVE")
				ws.putPolicy("aps:QueryMetrics", "NO_POLICY").ExpectException(http.StatusConflict, "ConflictException")
			})),
		slow(mustModel("policy.delete-revision", "DeleteResourcePolicy with a revision that is not the policy's is refused and leaves it.",
			"SDK, DeleteResourcePolicyInput.RevisionId [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				made := ws.putPolicy("aps:QueryMetrics", "").RequireStatus(http.StatusAccepted)
				ws.Await(policyPath, "policyStatus", "ACTIVE")
				if a := ws.Control(Delete(policyPath + "?revisionId=another")); a.Status/100 != 4 {
					t.Errorf("expected a refusal; %s", a)
				}
				ws.Control(Get(policyPath)).ExpectStatus(http.StatusOK).ExpectJSON("revisionId", made.Text("revisionId"))
				ws.Control(Delete(policyPath + "?revisionId=" + url.QueryEscape(made.Text("revisionId")))).ExpectStatus(http.StatusAccepted)
				ws.AwaitGone(policyPath)
			})),
		slow(mustModel("policy.foreign-actions", "A policy may name actions that are not Prometheus's; they are passed over.",
			"SDK, PutResourcePolicy [D]", func(_ context.Context, t *T) {
				ws := t.BorrowWorkspace()
				ws.putPolicy("aps:DeleteWorkspace", "").RequireStatus(http.StatusAccepted)
				ws.Await(policyPath, "policyStatus", "ACTIVE")
			})),
		shouldModel("policy.not-json", "A policy document that is no JSON is refused with 400 ValidationException.",
			"IAM's grammar [D]; that AMP looks [I]", func(_ context.Context, t *T) { t.refusesPolicy("{") }),
		shouldModel("policy.no-statement", "A policy document without statements is refused with 400 ValidationException.",
			"IAM's grammar [D]; that AMP looks [I]", func(_ context.Context, t *T) { t.refusesPolicy(`{"Version":"2012-10-17"}`) }),
		shouldModel("policy.no-principal", "A policy document whose statement has no principal is refused with 400 ValidationException.",
			"IAM's grammar [D]; that AMP looks [I]", func(_ context.Context, t *T) {
				t.refusesPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"aps:QueryMetrics","Resource":"*"}]}`)
			}),
		shouldModel("policy.bad-effect", "A policy document whose statement neither allows nor denies is refused with 400 ValidationException.",
			"IAM's grammar [D]; that AMP looks [I]", func(_ context.Context, t *T) {
				t.refusesPolicy(`{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"aps:QueryMetrics","Resource":"*"}]}`)
			}),
	}
}

// policyOf allows an action to the workspace's own account: nobody gets a right
// that they do not have.
func (w *Workspace) policyOf(action string) string {
	return text(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"AWS": w.Account()}, "Action": []string{action}, "Resource": w.arn,
	}}})
}

// putPolicy puts a policy, which is removed after the check.
func (w *Workspace) putPolicy(action, revision string) Answer {
	w.RemoveAfter(policyPath)
	body := map[string]string{"policyDocument": w.policyOf(action)}
	if revision != "" {
		body["revisionId"] = revision
	}
	return w.Control(PutJSON(policyPath, text(body)))
}

func (t *T) refusesPolicy(document string) {
	ws := t.BorrowWorkspace()
	ws.RemoveAfter(policyPath)
	ws.Control(PutJSON(policyPath, text(map[string]string{"policyDocument": document}))).
		ExpectException(http.StatusBadRequest, "ValidationException")
	ws.Control(Get(policyPath)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
}

func policyLife(_ context.Context, t *T) {
	ws := t.BorrowWorkspace()
	first := ws.putPolicy("aps:QueryMetrics", "NO_POLICY").RequireStatus(http.StatusAccepted).ExpectJSON("policyStatus", "CREATING")
	ws.Await(policyPath, "policyStatus", "ACTIVE").ExpectJSON("policyDocument", ws.policyOf("aps:QueryMetrics")).
		ExpectJSON("revisionId", first.Text("revisionId"))
	second := ws.putPolicy("aps:GetLabels", "").RequireStatus(http.StatusAccepted).ExpectJSON("policyStatus", "UPDATING")
	if one, two := first.Text("revisionId"), second.Text("revisionId"); one == two {
		t.Errorf("expected another revision than %q", one)
	}
	ws.Await(policyPath, "policyStatus", "ACTIVE")
	t.Eventually("the new policy is seen", func() error {
		ws.Control(Get(policyPath)).ExpectJSON("policyDocument", ws.policyOf("aps:GetLabels")).
			ExpectJSON("revisionId", second.Text("revisionId"))
		return nil
	})
	ws.Control(Delete(policyPath)).RequireStatus(http.StatusAccepted).ExpectBody("")
	ws.AwaitGone(policyPath)
}

func policyRevision(_ context.Context, t *T) {
	ws := t.BorrowWorkspace()
	first := ws.putPolicy("aps:QueryMetrics", "").RequireStatus(http.StatusAccepted)
	ws.Await(policyPath, "policyStatus", "ACTIVE")
	if a := ws.putPolicy("aps:GetLabels", "another"); a.Status/100 != 4 {
		t.Errorf("expected a refusal; %s", a)
	}
	ws.Control(Get(policyPath)).ExpectStatus(http.StatusOK).ExpectJSON("policyDocument", ws.policyOf("aps:QueryMetrics")).
		ExpectJSON("revisionId", first.Text("revisionId"))
	ws.putPolicy("aps:GetLabels", first.Text("revisionId")).ExpectStatus(http.StatusAccepted)
	ws.Await(policyPath, "policyStatus", "ACTIVE")
}
