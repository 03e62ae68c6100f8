package workspace

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// tokenLife is how long a clientToken is remembered. The real life is not known
// [R]; the longest retry loops of SDKs last minutes.
const tokenLife = 24 * time.Hour

// maxTokens is how many are remembered, so that the file stays small under a
// client that makes thousands of changes a day.
const maxTokens = 1000

// token remembers a call that carried a clientToken: the same token with the
// same parameters gives the first result again, with others it is a conflict
// [D field documentation; conflict I].
type token struct {
	// Call is the hash of the parameters. Tokens of earlier formats have none.
	Call string `json:"call"`
	// Result is the body of the first answer; none if it was empty.
	Result json.RawMessage `json:"result,omitempty"`
	// Made names what the call created, as refOf writes it.
	Made string    `json:"made,omitempty"`
	At   time.Time `json:"at"`
}

// forgetTokens drops the oldest tokens above maxTokens.
func (s *state) forgetTokens() {
	if len(s.Tokens) <= maxTokens {
		return
	}
	keys := slices.SortedFunc(maps.Keys(s.Tokens), func(a, b string) int {
		return cmp.Or(s.Tokens[a].At.Compare(s.Tokens[b].At), cmp.Compare(a, b))
	})
	for _, key := range keys[:len(keys)-maxTokens] {
		delete(s.Tokens, key)
	}
}

// answer is what a change answers with.
type answer struct {
	body any
	made string // what it created, as refOf writes it
}

// refOf names a resource of any kind.
func refOf(k kind, key string) string { return string(k) + " " + key }

// has reports whether the resource is there.
func (s *state) has(ref string) bool {
	k, key, _ := strings.Cut(ref, " ")
	if k == ResourceType {
		return s.Workspaces[key] != nil
	}
	sh, ok := s.shelves()[kind(k)]
	return ok && sh.get(key) != nil
}

// errReplayed ends a change that was made before.
var errReplayed = errors.New("the call was made before")

// once makes a durable change, unless a call with the same clientToken made it:
// then it returns that one's answer.
func (r *Registry) once(q request, clientToken *string, change func(*state) (answer, error)) (any, error) {
	if clientToken == nil {
		var out answer
		err := r.update(func(s *state) (err error) {
			out, err = change(s)
			return err
		})
		return out.body, err
	}
	// A token belongs to one operation: the same in two is two tokens.
	key := string(q.Operation) + "/" + *clientToken
	fingerprint, err := q.fingerprint()
	if err != nil {
		return nil, err
	}
	var out answer
	err = r.update(func(s *state) (err error) {
		if t, ok := s.Tokens[key]; ok {
			if t.Call != fingerprint {
				return tokenConflict(q, t)
			}
			if t.Result != nil {
				out.body = t.Result
			}
			return errReplayed
		}
		if out, err = change(s); err != nil {
			return err
		}
		t := token{Call: fingerprint, Made: out.made, At: r.cfg.Now()}
		if out.body != nil {
			if t.Result, err = json.Marshal(out.body); err != nil {
				return fmt.Errorf("encode answer: %w", err)
			}
		}
		s.Tokens[key] = t
		return nil
	})
	if errors.Is(err, errReplayed) {
		err = nil
	}
	return out.body, err
}

func tokenConflict(q request, t token) error {
	resourceType, id, ok := strings.Cut(t.Made, " ")
	switch {
	case ok:
	case q.WorkspaceID != "":
		resourceType, id = ResourceType, q.WorkspaceID
	default:
		resourceType, id = string(kindScraper), q.Name
	}
	return awsapi.Conflict("The clientToken was already used with different parameters.", resourceType, id)
}

// fingerprint is a hash of all parameters of the request but the clientToken.
func (q request) fingerprint() (string, error) {
	query := maps.Clone(q.query)
	delete(query, "clientToken")
	var body map[string]any
	if len(bytes.TrimSpace(q.Body)) > 0 {
		dec := json.NewDecoder(bytes.NewReader(q.Body))
		dec.UseNumber()
		if err := dec.Decode(&body); err != nil {
			return "", cannotParse("The request body cannot be parsed: " + err.Error())
		}
	}
	delete(body, "clientToken")
	raw, err := json.Marshal(struct { // maps are written in the order of their keys
		Call  Call
		Query url.Values
		Body  map[string]any
	}{q.Call, query, body})
	if err != nil {
		return "", fmt.Errorf("encode parameters: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// started is the answer of operations that return nothing but the status with
// which a step began.
func (q request) started(k kind, l life) answer {
	a := answer{body: statusOnly{l.Phase.started()}}
	if l.Phase.Via == StatusCreating {
		a.made = refOf(k, l.key())
	}
	return a
}
