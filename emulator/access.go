package emulator

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

const reasonAccessDenied = "access-denied"

// authorize decides whether the caller may do what the request asks for, and
// refuses it if not. It comes before anything that tells whether the workspace
// exists, as on AWS [O amp-api.md 1.5, order of rows 17 and 18].
func (s *Server) authorize(x *exchange, body []byte) bool {
	action, resource := s.asksFor(x.route, x.r.Method)
	if action == "" {
		return true // nothing that IAM knows, such as a path that is a 404 for everybody
	}
	decision := s.identities.Authorize(x.caller, identity.Request{
		Action: action, Resource: resource, Context: s.conditions(x, resource, body),
		ResourcePolicy: s.policies.get(x.route.workspaceID),
	})
	if decision.Allowed {
		return true
	}
	denied := &awsapi.Error{
		Dialect: awsapi.Access, Status: http.StatusForbidden, Type: awsapi.TypeAccessDenied,
		Message: identity.AccessDeniedMessage(x.caller, action, resource),
	}
	if x.route.kind == kindControl {
		denied.Dialect = awsapi.Control
	}
	x.denial = &explain.Denial{
		Principal: x.caller.ARN, Action: action, Resource: resource,
		Reason: decision.Reason, Policy: decision.Policy, Explicit: decision.Explicit,
	}
	x.refuse(denied, reasonAccessDenied)
	return false
}

// asksFor returns the IAM action of a route and the ARN that it is judged on
// [D service authorization reference].
func (s *Server) asksFor(rt route, method string) (action, resource string) {
	if rt.kind == kindControl {
		return Service + ":" + string(rt.call.Operation), s.workspaces.ResourceARN(rt.call)
	}
	action, ok := identity.DataAction(rt.name, method)
	if !ok {
		return "", ""
	}
	return action, s.workspaces.ARN(rt.workspaceID)
}

// conditions are the condition keys of a request, but for those that tell of the
// principal and the time [D service authorization reference]. The root needs none.
func (s *Server) conditions(x *exchange, resource string, body []byte) map[string][]string {
	if x.caller.Kind == identity.KindRoot {
		return nil
	}
	keys := map[string][]string{"aws:SourceIp": sourceIP(x.r)}
	for k, v := range s.workspaces.Tags(resource) {
		keys["aws:ResourceTag/"+k] = []string{v}
	}
	if x.route.kind != kindControl {
		return keys
	}
	var sent struct {
		Tags map[string]string `json:"tags"`
	}
	if json.Unmarshal(body, &sent) == nil { // what is wrong with it, the operation says
		for k, v := range sent.Tags {
			keys["aws:RequestTag/"+k] = []string{v}
			keys["aws:TagKeys"] = append(keys["aws:TagKeys"], k)
		}
	}
	if x.route.call.Operation == workspace.UntagResource {
		keys["aws:TagKeys"] = x.r.URL.Query()["tagKeys"]
	}
	return keys
}

func sourceIP(r *http.Request) []string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil
	}
	return []string{host}
}

// serveSTS answers a request to STS. Its signature is scoped to STS and may be
// older than AMP's; AssumeRoleWithWebIdentity has none.
func (s *Server) serveSTS(x *exchange, body []byte) {
	if !sts.IsRequest(x.r, body) {
		x.refuse(awsapi.MissingAuthenticationToken(), reasonUnknownRoute)
		return
	}
	var caller *sts.Caller
	if form, err := url.ParseQuery(string(body)); err == nil {
		x.secrets = append(x.secrets, form.Get("WebIdentityToken"), form.Get("SAMLAssertion"))
	}
	if carriesSignature(x.r) {
		signed, err := s.stsVerifier.Verify(x.r, body)
		if refusal := (*sigv4.Refusal)(nil); errors.As(err, &refusal) {
			x.refusal, x.reason = refusal, refusal.Reason
			_ = sts.WriteError(x.w, x.r, sts.FromSignature(refusal)) // the client may be gone
			return
		}
		x.secrets = append(x.secrets, signed.Key.SecretAccessKey)
		who, ok := signed.Key.Principal.(identity.Principal)
		if !ok {
			x.err = errors.New("the key belongs to nobody")
			awsapi.Write(x.w, awsapi.Internal(x.err))
			return
		}
		caller = &sts.Caller{Principal: who, AccessKeyID: signed.Key.AccessKeyID}
	}
	outcome := s.sts.ServeHTTP(x.w, x.r, body, caller)
	x.identity = outcome.Principal
	if outcome.Err != nil {
		x.reason = "sts-" + strings.ToLower(outcome.Err.Code)
		x.why = outcome.Err.Reason
	}
}
