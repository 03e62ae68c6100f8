package iam

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// Name is IAM's signing name [D API model].
const Name = "iam"

// GlobalRegion is the region that requests to IAM are signed for in a partition
// [D AWS general reference, IAM endpoints].
func GlobalRegion(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-north-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	default:
		return "us-east-1"
	}
}

// Config is what a Service needs.
type Config struct {
	// Store knows who there is and does what is asked for.
	Store *identity.Store
	// Partition and AccountID are part of every ARN.
	Partition, AccountID string
	// Now is the clock of conditions in policies; nil means time.Now.
	Now func() time.Time
	// Logger hears of what is changed; nil means silence.
	Logger *slog.Logger
}

// Service answers requests for IAM. It is safe for concurrent use.
type Service struct {
	store              *identity.Store
	partition, account string
	now                func() time.Time
	log                *slog.Logger
	rules              *rules
	operations         map[string]operation

	// changing is held by whoever changes something, from its look at what there is and
	// at the quotas to the change.
	changing sync.Mutex
}

// New returns a Service.
func New(c Config) *Service {
	s := &Service{store: c.Store, partition: c.Partition, account: c.AccountID, now: c.Now, log: c.Logger, rules: newRules()}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.operations = s.allOperations()
	return s
}

// Outcome is what became of a request, for logs, metrics and explanations. It holds no
// secret.
type Outcome struct {
	// Action is what was asked for; empty if IAM has no such action here.
	Action string
	// Err is the refusal that was answered, if it was one.
	Err *awsquery.Error
}

// operation is one action of the API. It returns the members of its result, or nil if it
// has none.
type operation struct {
	serve   func(context.Context, *call) (any, error)
	changes bool
}

// call is one request on its way.
type call struct {
	*awsquery.Form
	rules   *rules
	who     identity.Principal
	context map[string][]string // what conditions can ask for
}

func (s *Service) allOperations() map[string]operation {
	read := func(serve func(context.Context, *call) (any, error)) operation { return operation{serve: serve} }
	change := func(serve func(context.Context, *call) (any, error)) operation { return operation{serve, true} }
	role, user := s.roleKind(), s.userKind()
	return map[string]operation{
		"CreateRole":               change(s.createRole),
		"GetRole":                  read(s.getRole),
		"ListRoles":                read(s.listRoles),
		"UpdateAssumeRolePolicy":   change(s.updateAssumeRolePolicy),
		"DeleteRole":               change(s.deleteRole),
		"TagRole":                  change(s.tagRole),
		"UntagRole":                change(s.untagRole),
		"ListRoleTags":             read(s.listRoleTags),
		"AttachRolePolicy":         change(s.attachPolicy(role)),
		"DetachRolePolicy":         change(s.detachPolicy(role)),
		"ListAttachedRolePolicies": read(s.listAttachedPolicies(role)),
		"PutRolePolicy":            change(s.putPolicy(role)),
		"GetRolePolicy":            read(s.getInlinePolicy(role)),
		"DeleteRolePolicy":         change(s.deletePolicy(role)),
		"ListRolePolicies":         read(s.listPolicies(role)),

		"CreateUser":               change(s.createUser),
		"GetUser":                  read(s.getUser),
		"DeleteUser":               change(s.deleteUser),
		"AttachUserPolicy":         change(s.attachPolicy(user)),
		"DetachUserPolicy":         change(s.detachPolicy(user)),
		"ListAttachedUserPolicies": read(s.listAttachedPolicies(user)),
		"PutUserPolicy":            change(s.putPolicy(user)),
		"GetUserPolicy":            read(s.getInlinePolicy(user)),
		"DeleteUserPolicy":         change(s.deletePolicy(user)),
		"ListUserPolicies":         read(s.listPolicies(user)),
		"CreateAccessKey":          change(s.createAccessKey),
		"UpdateAccessKey":          change(s.updateAccessKey),
		"DeleteAccessKey":          change(s.deleteAccessKey),
		"ListAccessKeys":           read(s.listAccessKeys),

		"CreateOpenIDConnectProvider": change(s.createProvider),
		"GetOpenIDConnectProvider":    read(s.getProvider),
		"ListOpenIDConnectProviders":  read(s.listProviders),
		"DeleteOpenIDConnectProvider": change(s.deleteProvider),

		"GetPolicy":        read(s.getPolicy),
		"GetPolicyVersion": read(s.getPolicyVersion),
	}
}

// ServeHTTP answers one request whose body was read and whose signature was judged: who
// is nil for an unsigned request. The answer carries the request id of the request's
// context.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request, body []byte, who *identity.Principal) Outcome {
	outcome := Outcome{}
	value, err := s.serve(r, body, who, &outcome)
	if err != nil {
		outcome.Err = asError(err)
		err = WriteError(w, r, outcome.Err)
	} else {
		err = awsquery.WriteResult(w, r, namespace, outcome.Action, value)
	}
	if err != nil {
		s.log.DebugContext(r.Context(), "the answer of IAM could not be written", "action", outcome.Action, "error", err)
	}
	return outcome
}

func (s *Service) serve(r *http.Request, body []byte, who *identity.Principal, outcome *Outcome) (any, error) {
	form, err := awsquery.Read(r, body)
	if err != nil {
		return nil, err
	}
	name, err := form.Action(version, func(name string) bool { _, ok := s.operations[name]; return ok })
	if err != nil {
		return nil, unknownHere(err)
	}
	op := s.operations[name]
	outcome.Action = name
	switch {
	case who == nil:
		return nil, awsquery.MissingToken(name)
	case who.AccountID != s.account: // on AWS it would be about the caller's own account
		return nil, &awsquery.Error{
			Status: http.StatusForbidden, Code: CodeAccessDenied,
			Message: "The emulator answers IAM requests about account " + s.account + " only, and " + who.ARN + " is of another one",
		}
	}
	c := &call{Form: form, rules: s.rules, who: *who, context: map[string][]string{}}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		c.context["aws:SourceIp"] = []string{host}
	}
	if !op.changes {
		return op.serve(r.Context(), c)
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	value, err := op.serve(r.Context(), c)
	if err == nil {
		s.log.InfoContext(r.Context(), "identities changed over IAM's API", "action", name, "by", who.ARN)
	}
	return value, err
}

// unknownHere adds to the refusal of an action why IAM might have it all the same.
func unknownHere(err error) error {
	if e := (*awsquery.Error)(nil); errors.As(err, &e) && e.Code == awsquery.CodeInvalidAction {
		e.Reason = "the emulator has the part of IAM that it takes to set roles, users and providers up"
	}
	return err
}
