package sts

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// Directory knows who there is.
type Directory interface {
	// Role finds a role by its ARN.
	Role(arn string) (identity.Role, bool)
	// Provider finds an OpenID Connect provider by the URL of its issuer.
	Provider(issuerURL string) (identity.Provider, bool)
}

// Store is what this package needs of package identity's Store.
type Store interface {
	Directory
	sigv4.Keys
	// AuthorizeAssume decides whether a principal may do an action of STS to a role, by
	// its own policies and the role's trust policy.
	AuthorizeAssume(identity.Principal, identity.Role, identity.Request) identity.Decision
	// NewSession opens a session and returns its temporary credentials. Its error wraps
	// identity.ErrUnknown if a policy does not exist.
	NewSession(identity.SessionInput) (identity.Session, error)
}

var _ Store = (*identity.Store)(nil)

// Config is what a Service needs.
type Config struct {
	// Store knows roles, providers and policies, and keeps the sessions.
	Store Store
	// AccountID is the account that the emulator stands for.
	AccountID string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger hears of the sessions that are opened; nil means silence.
	Logger *slog.Logger
	// HTTPClient reaches the issuers of web identity tokens; nil means a client of
	// net/http's defaults. An issuer has five seconds, or the client's time-out if that is
	// shorter.
	HTTPClient *http.Client
}

// Service answers requests for STS. It is safe for concurrent use.
type Service struct {
	store   Store
	account string
	now     func() time.Time
	log     *slog.Logger
	keys    *keyring
}

// New returns a Service.
func New(c Config) *Service {
	s := &Service{
		store: c.Store, account: c.AccountID, now: c.Now, log: c.Logger,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{}
	}
	s.keys = &keyring{client: c.HTTPClient, now: s.now}
	return s
}

// Caller is who signed a request.
type Caller struct {
	// Principal is whom the access key stands for.
	Principal identity.Principal
	// AccessKeyID is the key.
	AccessKeyID string
}

// Outcome is what became of a request, for logs, metrics and explanations. It holds
// no secret and no token.
type Outcome struct {
	// Action is what was asked for; empty if the request could not be read that far.
	Action string
	// Role is the ARN of the role that was asked for, if any.
	Role string
	// Principal is the ARN of who asked; for a web identity, once its token was
	// verified, its subject and issuer.
	Principal string
	// Session is the access key of the session that was opened, if any, and
	// SessionARN whom it stands for.
	Session, SessionARN string
	// Err is the refusal that was answered, if it was one.
	Err *awsquery.Error
}

// call is one request on its way.
type call struct {
	*awsquery.Form
	request *http.Request
	caller  *Caller
	outcome *Outcome
}

// action is one of the operations.
type action struct {
	serve    func(*Service, context.Context, *call) (any, error)
	unsigned bool // needs no signature
}

// actionOf finds an operation.
func actionOf(name string) (action, bool) {
	switch name {
	case "AssumeRole":
		return action{serve: (*Service).assumeRole}, true
	case "AssumeRoleWithWebIdentity":
		return action{serve: (*Service).assumeRoleWithWebIdentity, unsigned: true}, true
	case "GetAccessKeyInfo":
		return action{serve: (*Service).getAccessKeyInfo}, true
	case "GetCallerIdentity":
		return action{serve: (*Service).getCallerIdentity}, true
	case "GetSessionToken":
		return action{serve: (*Service).getSessionToken}, true
	}
	return action{}, false
}

// ServeHTTP answers one request whose body was read and whose signature, if it has
// one, was judged: caller is nil for an unsigned request. The answer carries the
// request id of the request's context.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request, body []byte, caller *Caller) Outcome {
	outcome := Outcome{}
	if caller != nil {
		outcome.Principal = caller.Principal.ARN
	}
	result, err := s.serve(r, body, caller, &outcome)
	if err != nil {
		outcome.Err = asError(err)
		err = WriteError(w, r, outcome.Err)
	} else {
		err = awsquery.WriteResult(w, r, namespace, outcome.Action, result)
	}
	if err != nil {
		s.log.DebugContext(r.Context(), "the answer of STS could not be written", "action", outcome.Action, "err", err)
	}
	return outcome
}

// serve finds the action and lets it decide.
func (s *Service) serve(r *http.Request, body []byte, caller *Caller, outcome *Outcome) (any, error) {
	form, err := awsquery.Read(r, body)
	if err != nil {
		return nil, err
	}
	name, err := form.Action(version, func(name string) bool { _, ok := actionOf(name); return ok })
	if err != nil {
		return nil, err
	}
	act, _ := actionOf(name)
	outcome.Action = name
	if !act.unsigned && caller == nil {
		return nil, awsquery.MissingToken(name)
	}
	return act.serve(s, r.Context(), &call{Form: form, request: r, caller: caller, outcome: outcome})
}

// IsRequest reports whether a request to the root of the host is one for STS:
// whether its URL or the form in its body names an action. The lead of a listener
// that serves other things too asks this.
func IsRequest(r *http.Request, body []byte) bool {
	form, err := awsquery.Read(r, body)
	if err != nil {
		return r.Method == http.MethodPost && awsquery.IsForm(r.Header.Get("Content-Type"))
	}
	return form.Values.Has("Action")
}

// sourceIP is the address of the client, for conditions on aws:SourceIp.
func sourceIP(r *http.Request) []string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return nil
	}
	return []string{host}
}

// opened notes a new session.
func (s *Service) opened(c *call, session identity.Session) credentials {
	c.outcome.Session, c.outcome.SessionARN = session.AccessKeyID, session.Principal.ARN
	s.log.InfoContext(c.request.Context(), "session opened", "action", c.outcome.Action, "for", c.outcome.Principal,
		"session", session.Principal.ARN, "access_key", session.AccessKeyID, "expires", awsquery.Timestamp(session.Expires))
	return credentials{
		AccessKeyID: session.AccessKeyID, SecretAccessKey: session.SecretAccessKey,
		SessionToken: session.SessionToken, Expiration: awsquery.Timestamp(session.Expires),
	}
}
