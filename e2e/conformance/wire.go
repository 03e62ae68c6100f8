package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// SetupID is what CheckID says of requests that no check sent: those that make,
// watch and remove what the run needs.
const SetupID = "run.setup"

type checkIDKey struct{}

// CheckID returns the id of the check that sent the request with this context,
// or "" if the request is not one of a run.
func CheckID(ctx context.Context) string {
	id, _ := ctx.Value(checkIDKey{}).(string)
	return id
}

// wire is the way of one check's requests to the target.
type wire struct {
	check    string
	next     http.RoundTripper
	pacer    *pacer
	created  func(workspaceID string) // told of every workspace that comes into being
	requests atomic.Int64
}

// client returns an HTTP client that sends over the wire. It follows no
// redirect: that would be another request, and AMP has none to follow.
func (w *wire) client() *http.Client {
	return &http.Client{
		Transport:     w,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.pacer.wait(r.Context(), r); err != nil {
		return nil, fmt.Errorf("wait for a turn under the target's request rate: %w", err)
	}
	w.requests.Add(1)
	res, err := w.next.RoundTrip(r.WithContext(context.WithValue(r.Context(), checkIDKey{}, w.check)))
	if err != nil {
		return nil, err // says what failed; the caller says of which request
	}
	if err := w.watch(r, res); err != nil {
		return nil, err
	}
	return res, nil
}

// watch notes workspaces as they come into being, whoever asked for them and in
// whatever form: what a run has made is removed even if the check that made it
// never got to say so.
func (w *wire) watch(r *http.Request, res *http.Response) error {
	if r.Method != http.MethodPost || res.StatusCode/100 != 2 || strings.Trim(targetPath(r.URL), "/") != "workspaces" {
		return nil
	}
	raw, err := io.ReadAll(res.Body)
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("read the answer to CreateWorkspace: %w", err)
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	var made struct {
		WorkspaceID string `json:"workspaceId"`
	}
	if json.Unmarshal(raw, &made) == nil && made.WorkspaceID != "" {
		w.created(made.WorkspaceID)
	}
	return nil
}
