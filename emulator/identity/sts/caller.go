package sts

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// getCallerIdentity says who signed the request. Nobody needs a permission for it
// [D].
func (s *Service) getCallerIdentity(_ context.Context, c *call) (any, error) {
	who := c.caller.Principal
	return callerIdentityResult{ARN: who.ARN, UserID: who.UserID, Account: who.AccountID}, nil
}

// The lives of sessions that GetSessionToken opens [D].
const (
	leastSession       = 15 * time.Minute
	mostUserSession    = 36 * time.Hour
	defaultUserSession = 12 * time.Hour
	mostRootSession    = time.Hour
)

// getSessionToken gives a user, or the account's root, temporary credentials of
// their own. Nobody needs a permission for it [D].
func (s *Service) getSessionToken(_ context.Context, c *call) (any, error) {
	duration := c.duration(mostUserSession)
	if err := c.Err(); err != nil {
		return nil, err
	}
	if err := c.unsupported(); err != nil {
		return nil, err
	}
	if c.caller.Principal.SessionKey != "" { // [O]
		return nil, accessDenied("Cannot call GetSessionToken with session credentials", "the request is signed with temporary credentials")
	}
	if duration == 0 {
		duration = defaultUserSession
	}
	if c.caller.Principal.Kind == identity.KindRoot && duration > mostRootSession {
		duration = mostRootSession // [D]
	}
	session, err := s.store.NewSession(identity.SessionInput{Principal: c.caller.Principal, Duration: duration})
	if err != nil {
		return nil, err
	}
	return sessionTokenResult{Credentials: s.opened(c, session)}, nil
}

// getAccessKeyInfo says which account a key belongs to. AWS reads that out of the
// key's own letters; the emulator's keys are chosen freely, so it looks them up [I].
func (s *Service) getAccessKeyInfo(_ context.Context, c *call) (any, error) {
	id := c.Required("AccessKeyId", awsquery.Constraint{Min: 16, Max: 128, Pattern: wordPattern, Shown: `[\w]*`}) // [D]
	if err := c.Err(); err != nil {
		return nil, err
	}
	key, ok := s.store.LookupKey(id)
	who, isOurs := key.Principal.(identity.Principal)
	if !ok || !isOurs {
		return nil, &awsquery.Error{
			Status: http.StatusForbidden, Code: "InvalidClientTokenId", Message: "The access key ID provided does not exist in our records.",
			Reason: "no such access key",
		}
	}
	return accessKeyInfoResult{Account: who.AccountID}, nil
}

var wordPattern = regexp.MustCompile(`^\w*$`)

// duration returns the parameter DurationSeconds, or 0 if it was not given.
func (c *call) duration(most time.Duration) time.Duration {
	return time.Duration(c.Number("DurationSeconds", int(leastSession.Seconds()), int(most.Seconds()), 0)) * time.Second
}

// unsupported refuses what this package does not do, rather than to leave it out
// unseen [I]. A device for multi-factor authentication cannot vouch for anybody: the
// account has none, so that no code is right; the text is AWS's for a wrong code [O].
func (c *call) unsupported() error {
	if c.Values.Has("SerialNumber") || c.Values.Has("TokenCode") {
		return accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code. ", "the account has no MFA device")
	}
	for name := range c.Values {
		parameter, _, _ := strings.Cut(name, ".")
		switch parameter {
		case "SourceIdentity", "TransitiveTagKeys", "ProvidedContexts", "MinimumSessionTokenSize":
			return awsquery.Validation(parameter + " is not supported by this emulator")
		}
	}
	return nil
}
