package conformance

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Answer is what came back. Its Expect methods say what was sent, expected and
// got, and return the answer, so that they can be chained.
type Answer struct {
	Status int
	Header http.Header
	// Body is without content encoding.
	Body     string
	Duration time.Duration

	t      *T
	what   string // what was sent, for messages
	secret string // not to be shown
}

// String describes request and answer without secrets.
func (a Answer) String() string {
	return a.what + ": status " + strconv.Itoa(a.Status) + ", body " + strconv.Quote(clip(a.hide(a.Body), 1500))
}

func (a Answer) hide(s string) string {
	if a.secret == "" {
		return s
	}
	return strings.ReplaceAll(s, a.secret, "[session token]")
}

// ExpectStatus expects the status code.
func (a Answer) ExpectStatus(want int) Answer {
	if a.Status != want {
		a.t.Errorf("expected status %d; %s", want, a)
	}
	return a
}

// RequireStatus is ExpectStatus for what the rest of the check builds on.
func (a Answer) RequireStatus(want int) Answer {
	if a.Status != want {
		a.t.Fatalf("expected status %d; %s", want, a)
	}
	return a
}

// ExpectBody expects the whole body.
func (a Answer) ExpectBody(want string) Answer {
	if a.Body != want {
		a.t.Errorf("expected body %q; %s", want, a)
	}
	return a
}

// ExpectContains expects the body to contain all of the texts.
func (a Answer) ExpectContains(texts ...string) Answer {
	for _, want := range texts {
		if !strings.Contains(a.Body, want) {
			a.t.Errorf("expected a body with %q; %s", want, a)
		}
	}
	return a
}

// ExpectHeader expects a header's value; "" is no such header.
func (a Answer) ExpectHeader(name, want string) Answer {
	if got := a.Header.Get(name); got != want {
		a.t.Errorf("expected header %s %q, got %q; %s", name, want, a.hide(got), a)
	}
	return a
}

// ExpectErrorType expects the type in x-amzn-ErrorType; what follows a colon
// there is no part of it [M: SDK v2 ignores it].
func (a Answer) ExpectErrorType(want string) Answer {
	got, _, _ := strings.Cut(a.Header.Get("x-amzn-ErrorType"), ":")
	if got != want {
		a.t.Errorf("expected x-amzn-ErrorType %s, got %q; %s", want, got, a)
	}
	return a
}

// JSON returns a member of the body: data.result.0.value.1. The empty path is
// the whole. Names with a dot cannot be reached.
func (a Answer) JSON(path string) (any, bool) {
	var at any
	if json.Unmarshal([]byte(a.Body), &at) != nil {
		return nil, false
	}
	if path == "" {
		return at, true
	}
	for _, name := range strings.Split(path, ".") {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[name]
			if !ok {
				return nil, false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			at = v[i]
		default:
			return nil, false
		}
	}
	return at, true
}

// ExpectJSON expects a member of a JSON body to be want, by its JSON form.
func (a Answer) ExpectJSON(path string, want any) Answer {
	got, ok := a.JSON(path)
	if !ok {
		a.t.Errorf("expected JSON member %s to be %s, there is none; %s", path, text(want), a)
		return a
	}
	var plain any
	if err := json.Unmarshal([]byte(text(want)), &plain); err != nil || !reflect.DeepEqual(got, plain) {
		a.t.Errorf("expected JSON member %s to be %s, got %s; %s", path, text(want), a.hide(text(got)), a)
	}
	return a
}

// ExpectNoJSON expects a JSON body without a member.
func (a Answer) ExpectNoJSON(path string) Answer {
	if _, whole := a.JSON(""); !whole {
		a.t.Errorf("expected a JSON body; %s", a)
	} else if got, ok := a.JSON(path); ok {
		a.t.Errorf("expected no JSON member %s, got %s; %s", path, a.hide(text(got)), a)
	}
	return a
}

// Decode reads a JSON body into out; that it cannot be read is fatal.
func (a Answer) Decode(out any) {
	if err := json.Unmarshal([]byte(a.Body), out); err != nil {
		a.t.Fatalf("expected a JSON body, reading it failed (%v); %s", err, a)
	}
}

// Record notes status, error type and body under a name, for checks that do not
// judge.
func (a Answer) Record(name string) Answer {
	a.t.Record(name+".status", strconv.Itoa(a.Status))
	a.t.Record(name+".error-type", a.Header.Get("x-amzn-ErrorType"))
	a.t.Record(name+".content-type", a.Header.Get("Content-Type"))
	a.t.Record(name+".body", clip(a.hide(a.Body), 1500))
	return a
}

// text is a value's JSON form.
func text(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
