package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// APIPath is where Handler is to be mounted, itself and everything below it.
const APIPath = "/_ampersand/api/identity"

// maxAPIBody is more than the largest policy needs.
const maxAPIBody = 64 << 10

// Handler is the API to look at identities and to change them at run time:
//
//	GET    /                      everything; also /users, /keys, /roles, /sessions, /oidcProviders
//	POST   /reload                reads the identity file again, undoing what was changed of whom it names
//	POST   /keys                  {"user": NAME, ARN or "root"}: a new access key; the secret is told this once
//	POST   /keys/{id}/rotate      a new key instead of this one
//	PATCH  /keys/{id}             {"status": "Active" or "Inactive"}
//	DELETE /keys/{id}
//	POST   /policies              {"to": ARN, "policyArn": ARN} or {"to": ARN, "name": NAME, "document": {...}}
//	DELETE /policies              ?of=ARN&policy=ARN or NAME
//	POST   /revocations           {"role": ARN}: denies everything to the role's sessions of before now
//	DELETE /revocations           ?role=ARN: takes that back
//	POST   /sessions/{id}/expire  its token is expired
//	DELETE /sessions/{id}         its token is unknown
//
// It asks for no credentials: who mounts it decides who reaches it.
func (s *Store) Handler() http.Handler {
	mux := http.NewServeMux()
	list := func(path string, pick func(Listing) any) {
		mux.HandleFunc("GET "+APIPath+path, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, pick(s.List())) })
	}
	list("", func(l Listing) any { return l })
	list("/{$}", func(l Listing) any { return l })
	list("/users", func(l Listing) any { return l.Users })
	list("/keys", func(l Listing) any { return l.Keys })
	list("/roles", func(l Listing) any { return l.Roles })
	list("/sessions", func(l Listing) any { return l.Sessions })
	list("/oidcProviders", func(l Listing) any { return l.Providers })

	handle := func(pattern string, do func(r *http.Request) (any, error)) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" "+APIPath+path, func(w http.ResponseWriter, r *http.Request) {
			out, err := do(r)
			switch {
			case err != nil:
				answer(w, statusOf(err), map[string]string{"message": err.Error()})
			case out == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				answer(w, http.StatusOK, out)
			}
		})
	}
	handle("POST /reload", func(*http.Request) (any, error) {
		if err := s.Reload(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		return nil, nil
	})
	handle("POST /keys", func(r *http.Request) (any, error) {
		var in struct {
			User string `json:"user"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		return result(s.CreateKey(in.User))
	})
	handle("POST /keys/{id}/rotate", func(r *http.Request) (any, error) { return result(s.RotateKey(r.PathValue("id"))) })
	handle("PATCH /keys/{id}", func(r *http.Request) (any, error) {
		var in struct {
			Status KeyStatus `json:"status"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		return nil, s.SetKeyStatus(r.PathValue("id"), in.Status)
	})
	handle("DELETE /keys/{id}", func(r *http.Request) (any, error) { return nil, s.DeleteKey(r.PathValue("id")) })
	handle("POST /policies", s.givePolicy)
	handle("DELETE /policies", func(r *http.Request) (any, error) {
		q := r.URL.Query()
		return nil, s.RemovePolicy(q.Get("of"), q.Get("policy"))
	})
	handle("POST /revocations", func(r *http.Request) (any, error) {
		var in struct {
			Role string `json:"role"`
		}
		if err := input(r, &in); err != nil {
			return nil, err
		}
		return nil, s.RevokeSessions(in.Role)
	})
	handle("DELETE /revocations", func(r *http.Request) (any, error) {
		return nil, s.RegrantSessions(r.URL.Query().Get("role"))
	})
	handle("POST /sessions/{id}/expire", func(r *http.Request) (any, error) { return nil, s.ExpireSession(r.PathValue("id")) })
	handle("DELETE /sessions/{id}", func(r *http.Request) (any, error) { return nil, s.RevokeSession(r.PathValue("id")) })
	return mux
}

func (s *Store) givePolicy(r *http.Request) (any, error) {
	var in struct {
		To        string          `json:"to"`
		PolicyARN string          `json:"policyArn"`
		Name      string          `json:"name"`
		Document  json.RawMessage `json:"document"`
	}
	if err := input(r, &in); err != nil {
		return nil, err
	}
	inline := in.Name != "" || len(in.Document) > 0
	switch {
	case in.PolicyARN != "" && inline:
		return nil, fmt.Errorf("%w: give either policyArn, or name and document", ErrInvalid)
	case in.PolicyARN != "":
		return nil, s.AttachPolicy(in.To, in.PolicyARN)
	}
	p, err := ParsePolicy(in.Document)
	if err != nil {
		return nil, fmt.Errorf("%w: document: %w", ErrInvalid, err)
	}
	return nil, s.PutPolicy(in.To, in.Name, p)
}

// input reads the request's body strictly.
func input(r *http.Request, into any) error {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxAPIBody+1))
	switch {
	case err != nil:
		return fmt.Errorf("%w: read body: %w", ErrInvalid, err)
	case len(raw) > maxAPIBody:
		return fmt.Errorf("%w: the body is longer than %d bytes", ErrInvalid, maxAPIBody)
	}
	if err := strict(raw, into); err != nil {
		return fmt.Errorf("%w: body: %w", ErrInvalid, err)
	}
	return nil
}

func result(created CreatedKey, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return created, nil
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, ErrConflict):
		return http.StatusConflict
	default:
		return http.StatusBadRequest
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // it may hold a new secret
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client is gone
}
