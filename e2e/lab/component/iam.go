package component

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// The account that the emulator serves, and its roles (fixtures/manifests/irsa).
const (
	accountID = "123456789012"
	// WriteRole is the collector's role, QueryRole that of KEDA and the signing proxy.
	WriteRole = "amp-remote-write"
	QueryRole = "amp-query"
	// WritePolicy and QueryPolicy are the managed policies of the two.
	WritePolicy = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"
	QueryPolicy = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"
)

// RoleARN is the ARN of a role of the account.
func RoleARN(name string) string { return "arn:aws:iam::" + accountID + ":role/" + name }

// SessionARN is the beginning of the ARNs of a role's sessions: what the emulator sees of who works with the role.
func SessionARN(role string) string {
	return "arn:aws:sts::" + accountID + ":assumed-role/" + role + "/"
}

// IAM changes identities while the emulator runs.
type IAM struct{ amp *AMP }

// IAM returns what changes the account's identities.
func (a *AMP) IAM() *IAM { return &IAM{a} }

// AttachPolicy gives a role a managed policy.
func (i *IAM) AttachPolicy(ctx context.Context, role, policy string) error {
	return i.do(ctx, http.MethodPost, "/policies", map[string]string{"to": RoleARN(role), "policyArn": policy}, nil)
}

// DetachPolicy takes a policy from a role.
func (i *IAM) DetachPolicy(ctx context.Context, role, policy string) error {
	query := url.Values{"of": {RoleARN(role)}, "policy": {policy}}
	return i.do(ctx, http.MethodDelete, "/policies?"+query.Encode(), nil, nil)
}

// CreateRootKey makes another key of the account's root.
func (i *IAM) CreateRootKey(ctx context.Context) (Keys, error) {
	return i.newKey(ctx, "/keys", map[string]string{"user": "root"})
}

// RotateKey makes a key that takes the place of another, which is gone at once.
func (i *IAM) RotateKey(ctx context.Context, id string) (Keys, error) {
	return i.newKey(ctx, "/keys/"+id+"/rotate", nil)
}

func (i *IAM) newKey(ctx context.Context, path string, in any) (Keys, error) {
	var out struct{ AccessKeyID, SecretAccessKey string }
	err := i.do(ctx, http.MethodPost, path, in, &out)
	return Keys(out), err
}

// DeleteKey deletes a key.
func (i *IAM) DeleteKey(ctx context.Context, id string) error {
	return i.do(ctx, http.MethodDelete, "/keys/"+id, nil, nil)
}

// Session is temporary credentials that STS has given.
type Session struct {
	AccessKeyID, RoleARN string
	Issued, Expires      time.Time
	Expired              bool
}

// Sessions are the sessions of a role.
func (i *IAM) Sessions(ctx context.Context, role string) ([]Session, error) {
	var all, list []Session
	if err := i.do(ctx, http.MethodGet, "/sessions", nil, &all); err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.RoleARN == RoleARN(role) {
			list = append(list, s)
		}
	}
	return list, nil
}

// ExpireSessions lets all sessions that a role has now expire, and returns how many there were. Clients do not know of it: they
// sign with what they have until they take it for expired themselves.
func (i *IAM) ExpireSessions(ctx context.Context, role string) (int, error) {
	sessions, err := i.Sessions(ctx, role)
	if err != nil {
		return 0, err
	}
	var errs []error
	expired := 0
	for _, s := range sessions {
		if !s.Expired {
			errs = append(errs, i.do(ctx, http.MethodPost, "/sessions/"+s.AccessKeyID+"/expire", nil, nil))
			expired++
		}
	}
	return expired, errors.Join(errs...)
}

// do asks the emulator's API of identities.
func (i *IAM) do(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
	}
	answer, err := i.amp.ask(ctx, method, "/_ampersand/api/identity"+path, &body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the emulator's identities: %w", err)
	}
	return nil
}
