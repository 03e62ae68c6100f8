package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp/types"
)

// PutJSON is a signed PUT of a JSON text.
func PutJSON(path, body string) Request {
	r := PostJSON(path, body)
	r.Method = http.MethodPut
	return r
}

// PatchJSON is a signed PATCH of a JSON text.
func PatchJSON(path, body string) Request {
	r := PostJSON(path, body)
	r.Method = http.MethodPatch
	return r
}

// Delete is a signed DELETE.
func Delete(path string) Request { return Request{Method: http.MethodDelete, Path: path} }

// Control sends a request to the control plane; its path follows /workspaces/ID.
func (w *Workspace) Control(r Request) Answer {
	r.Path = "/workspaces/" + w.id + r.Path
	return w.t.Do(r)
}

// Account returns the account that the workspace is in.
func (w *Workspace) Account() string {
	parts := strings.Split(w.arn, ":")
	if len(parts) != 6 {
		w.t.Fatalf("expected the ARN of workspace %s to have six parts, got %q", w.id, w.arn)
	}
	return parts[4]
}

// TagsPath is the path of the tag operations for an ARN, encoded as AWS's SDKs
// do [M].
func TagsPath(arn string) string { return "/tags/" + url.QueryEscape(arn) }

// ExpectException expects one of the API model's errors: its status, its type
// and the members that it cannot be without [D API model].
func (a Answer) ExpectException(status int, errorType string) Answer {
	a.ExpectStatus(status).ExpectErrorType(errorType).ExpectText("message")
	switch errorType {
	case "ResourceNotFoundException", "ConflictException":
		a.ExpectText("resourceId").ExpectText("resourceType")
	case "ValidationException":
		a.expectReason()
	}
	return a
}

// expectReason expects the members that only a ValidationException has.
func (a Answer) expectReason() {
	reason, _ := a.JSON("reason")
	known, _ := reason.(string)
	if !slices.Contains(types.ValidationExceptionReason("").Values(), types.ValidationExceptionReason(known)) {
		a.t.Errorf("expected a reason of the API model, got %s; %s", text(reason), a)
	}
	list, there := a.JSON("fieldList")
	if fields, ok := list.([]any); ok {
		for i := range fields {
			a.ExpectText(fmt.Sprintf("fieldList.%d.name", i)).ExpectText(fmt.Sprintf("fieldList.%d.message", i))
		}
	} else if there && list != nil {
		a.t.Errorf("expected fieldList to be a list; %s", a)
	}
}

// ExpectText expects a member of a JSON body to be a text that is not empty.
func (a Answer) ExpectText(path string) Answer {
	if got, _ := a.JSON(path); got == nil || got == "" {
		a.t.Errorf("expected JSON member %s to be there, it is not; %s", path, a)
	} else if _, ok := got.(string); !ok {
		a.t.Errorf("expected JSON member %s to be a text, got %s; %s", path, text(got), a)
	}
	return a
}

// ExpectRecent expects a member to be a time of the last hour in the control
// plane's form: a number of seconds [M].
func (a Answer) ExpectRecent(path string) Answer {
	got, _ := a.JSON(path)
	seconds, ok := got.(float64)
	age := a.t.run.now().Sub(time.UnixMilli(int64(seconds * 1000)))
	if !ok || age > time.Hour || age < -5*time.Minute {
		a.t.Errorf("expected JSON member %s to be the seconds since 1970 of the last hour, got %s; %s", path, text(got), a)
	}
	return a
}

// Seconds returns a member that is a number; that it is none is fatal.
func (a Answer) Seconds(path string) float64 {
	got, _ := a.JSON(path)
	n, ok := got.(float64)
	if !ok {
		a.t.Fatalf("expected JSON member %s to be a number, got %s; %s", path, text(got), a)
	}
	return n
}

// Text returns a member that is a text; that it is none is fatal.
func (a Answer) Text(path string) string {
	got, _ := a.JSON(path)
	s, ok := got.(string)
	if !ok {
		a.t.Fatalf("expected JSON member %s to be a text, got %s; %s", path, text(got), a)
	}
	return s
}

// Len returns the length of a member that is a list; that it is none is fatal.
func (a Answer) Len(path string) int {
	got, _ := a.JSON(path)
	list, ok := got.([]any)
	if !ok {
		a.t.Fatalf("expected JSON member %s to be a list, got %s; %s", path, text(got), a)
	}
	return len(list)
}

// Await describes a resource below the workspace until the member that has its
// status is want, and returns that answer.
func (w *Workspace) Await(path, member, want string) Answer {
	var last Answer
	w.t.within(activeTime, path+" becomes "+want, func() error {
		last = w.Control(Get(path))
		if got, _ := last.JSON(member); got != want {
			return fmt.Errorf("expected %s to be %s; %s", member, want, last)
		}
		return nil
	})
	return last
}

// AwaitGone describes a resource below the workspace until it is not found.
func (w *Workspace) AwaitGone(path string) {
	w.t.within(activeTime, path+" is gone", func() error {
		w.Control(Get(path)).ExpectException(http.StatusNotFound, "ResourceNotFoundException")
		return nil
	})
}

// RemoveAfter deletes a resource below the workspace after the check, if it is
// there then.
func (w *Workspace) RemoveAfter(path string) {
	w.t.Cleanup(func(ctx context.Context) error {
		err := untilGone(ctx, func() error { return w.t.remove(ctx, "/workspaces/"+w.id+path) })
		if err != nil {
			return fmt.Errorf("delete %s: %w", path, err)
		}
		return nil
	})
}

// remove deletes by hand, and says with the SDK's errors what came of it.
func (t *T) remove(ctx context.Context, path string) error {
	switch a := t.doWith(ctx, Delete(path)); a.Status {
	case http.StatusAccepted:
		return nil
	case http.StatusNotFound:
		return &types.ResourceNotFoundException{Message: &a.Body}
	case http.StatusConflict:
		return &types.ConflictException{Message: &a.Body}
	default:
		return fmt.Errorf("expected status 202, 404 or 409; %s", a)
	}
}

// doWith is Do in a Cleanup, where the check's own time may be over.
func (t *T) doWith(ctx context.Context, r Request) Answer {
	own := t.ctx
	t.ctx = ctx
	defer func() { t.ctx = own }()
	return t.Do(r)
}

// rest is the pause between two looks in a Cleanup.
func (t *T) rest(ctx context.Context) {
	pause := time.NewTimer(t.run.target.Patience / 100)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

// jsonOf is a JSON text as a value.
func jsonOf(s string) json.RawMessage { return json.RawMessage(s) }
