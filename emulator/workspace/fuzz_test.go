package workspace_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// FuzzBodies sends any body and query to any operation: nothing panics, every
// refusal is one that a client understands, and what is refused changes nothing.
func FuzzBodies(f *testing.F) {
	fx := start(f, nil)
	v := &tour{ctx: f.Context(), token: func(string) *string { return nil }}
	var seeds []seed
	fx.record = func(call workspace.Call, in workspace.Input) { seeds = append(seeds, seed{call, in}) }
	for _, s := range v.steps() {
		if s.name == "DeleteScraperLoggingConfiguration" {
			break // what follows would take away what the calls are about
		}
		_, err := s.call(fx.client())
		require.NoError(f, err)
	}
	fx.record = nil
	for _, s := range seeds {
		f.Add(string(s.call.Operation), s.in.RawQuery, s.in.Body)
	}
	f.Add("DeleteResourcePolicy", "revisionId=x", []byte{})
	f.Add("CreateScraper", "clientToken=%zz", []byte(`{"source":{"eksConfiguration":null},"destination":{"ampConfiguration":{"workspaceArn":null}}}`))
	f.Add("UpdateWorkspaceConfiguration", "", []byte(`{"limitsPerLabelSet":[{"labelSet":{"a":"b"},"limits":null},null]}`))
	f.Add("PutAnomalyDetector", "", []byte(`{"configuration":{"randomCutForest":{"query":"sum(((("}}}`))
	f.Add("UpdateScraperLoggingConfiguration", "", []byte(`{"loggingDestination":{"cloudWatchLogs":{}},"scraperComponents":[null]}`))
	arn := "arn:aws:aps:us-east-1:123456789012:scraper/" + v.s

	f.Fuzz(func(t *testing.T, op, query string, body []byte) {
		if op == string(workspace.DeleteWorkspace) || op == string(workspace.CreateWorkspace) {
			t.Skip() // one erases in the background, the other fills the disk with workspaces
		}
		call := workspace.Call{Operation: workspace.Operation(op), WorkspaceID: v.ws, Name: namespace, ResourceARN: arn}
		switch {
		case strings.Contains(op, "Scraper"):
			call.WorkspaceID, call.Name = "", v.s
		case strings.Contains(op, "Detector"):
			call.Name = detectorID
		}
		before := fx.file(t)
		folder, err := os.ReadDir(fx.path + ".d")
		require.NoError(t, err)
		_, err = fx.Do(call, workspace.Input{RawQuery: query, Body: body})
		if err == nil {
			return
		}
		var e *awsapi.Error
		require.True(t, errors.As(err, &e), "%v", err)
		require.NotEqual(t, http.StatusInternalServerError, e.Status, "%v", err)
		require.NotEmpty(t, e.Type)
		require.True(t, before == fx.file(t), "%s was refused and changed the file", op)
		after, err := os.ReadDir(fx.path + ".d")
		require.NoError(t, err)
		require.Len(t, after, len(folder))
	})
}

// FuzzRoute has any method and path: no panic, and what is found names what the
// path says.
func FuzzRoute(f *testing.F) {
	for _, path := range []string{"/workspaces/ws-1/rulegroupsnamespaces/a%2Fb", "/tags/arn:aws:aps:x:1:workspace/w", "/scrapers/%zz", "//", "/workspaces/a/alertmanager/definition"} {
		f.Add(http.MethodGet, path)
	}
	f.Fuzz(func(t *testing.T, method, path string) {
		call, ok := workspace.Route(method, path)
		if !ok {
			require.Zero(t, call)
			return
		}
		for _, name := range []string{call.WorkspaceID, call.Name} {
			require.NotContains(t, url.PathEscape(name), "/")
		}
		require.NotEmpty(t, call.Operation)
	})
}

// seed is a request that the SDK made.
type seed struct {
	call workspace.Call
	in   workspace.Input
}
