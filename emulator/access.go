package emulator

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/explain"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

const reasonAccessDenied = "access-denied"

// authorize decides whether the caller may do what the request asks for, and
// refuses it if not. It comes before anything that tells whether the workspace
// exists, as on AWS [O amp-api.md 1.5, order of rows 17 and 18].
func (s *Server) authorize(x *exchange, body []byte) bool {
	for _, one := range s.asksFor(x, body) { // none of what is a 404 for everybody
		if !s.permit(x, one.action, one.resource, body) {
			return false
		}
	}
	return true
}

// permit refuses the request if the caller may not do this one thing of it.
func (s *Server) permit(x *exchange, action, resource string, body []byte) bool {
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

// right is an IAM action on a resource.
type right struct{ action, resource string }

// asksFor returns the rights that a request takes [D service authorization
// reference, amp-api.md 6.2], but for iam:PassRole of scrapers, which do nothing here.
func (s *Server) asksFor(x *exchange, body []byte) []right {
	rt := x.route
	if rt.kind != kindControl {
		action, ok := identity.DataAction(rt.name, x.r.Method)
		if !ok {
			return nil
		}
		return []right{{action, s.workspaces.ARN(rt.workspaceID)}}
	}
	call, sent := rt.call, sentIn(body)
	if call.Operation == workspace.CreateRuleGroupsNamespace {
		call.Name = sent.Name
	}
	rights := []right{{Service + ":" + string(call.Operation), s.workspaces.ResourceARN(call)}}
	switch call.Operation {
	case workspace.DescribeAnomalyDetector, workspace.DeleteAnomalyDetector:
		rights = append(rights, right{rights[0].action, s.workspaces.ARN(call.WorkspaceID)})
	case workspace.TagResource:
	default:
		if len(sent.Tags) > 0 { // that it is asked of the same resource is [I]
			rights = append(rights, right{Service + ":" + string(workspace.TagResource), rights[0].resource})
		}
	}
	return rights
}

// sent is what rights depend on of a request's body.
type sent struct {
	Name string            `json:"name"`
	Tags map[string]string `json:"tags"`
}

// sentIn reads a body; what is wrong with it, the operation says later.
func sentIn(body []byte) sent {
	var in sent
	if json.Unmarshal(body, &in) != nil {
		return sent{}
	}
	return in
}

// conditions are the condition keys of a request, but for those that tell of the
// principal and the time [D service authorization reference]. The root needs none.
func (s *Server) conditions(x *exchange, resource string, body []byte) map[string][]string {
	if x.caller.Kind == identity.KindRoot {
		return nil
	}
	keys := map[string][]string{
		"aws:SourceIp":        sourceIP(x.r),
		"aws:SecureTransport": {strconv.FormatBool(x.r.TLS != nil)},
		"aws:RequestedRegion": {s.cfg.Region},
	}
	for key, value := range map[string]string{"aws:UserAgent": x.r.UserAgent(), "aws:Referer": x.r.Referer()} {
		if value != "" {
			keys[key] = []string{value}
		}
	}
	for k, v := range s.workspaces.Tags(resource) {
		keys["aws:ResourceTag/"+k] = []string{v}
	}
	if x.route.kind != kindControl {
		return keys
	}
	for k, v := range sentIn(body).Tags {
		keys["aws:RequestTag/"+k] = []string{v}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], k)
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

// serveSTS answers a request to STS, or to IAM, which shares its path. Its signature is scoped to STS and may be
// older than AMP's; AssumeRoleWithWebIdentity has none.
func (s *Server) serveSTS(x *exchange, body []byte) {
	if iam.IsRequest(x.r, body) {
		s.serveIAM(x, body)
		return
	}
	if !sts.IsRequest(x.r, body) {
		x.refuse(awsapi.MissingAuthenticationToken(), reasonUnknownRoute)
		return
	}
	var caller *sts.Caller
	if form, err := url.ParseQuery(string(body)); err == nil {
		x.secrets = append(x.secrets, form.Get("WebIdentityToken"), form.Get("SAMLAssertion"))
	}
	if carriesSignature(x.r) {
		signed, err := s.verify(x, s.stsVerifier, body)
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
	var who identity.Principal
	if caller != nil {
		who = caller.Principal
		x.identity = who.ARN
	}
	s.passFaults(x, body, who, func() {
		outcome := s.sts.ServeHTTP(x.w, x.r, body, caller)
		x.identity = outcome.Principal
		if outcome.Err != nil {
			x.reason = "sts-" + strings.ToLower(outcome.Err.Code)
			x.why = outcome.Err.Reason
		}
	})
}
