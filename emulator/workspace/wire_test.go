package workspace_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

const givenID = "ws-11111111-1111-4111-8111-111111111111"

func TestStatusesAndBodies(t *testing.T) {
	f := start(t, nil)
	_, err := f.Ensure(givenID, "one")
	require.NoError(t, err)
	base := "/workspaces/" + givenID
	steps := []struct {
		method, target, body string
		status               int
		answer               string
	}{
		{"POST", "/workspaces", `{`, 400, `{"message":"The request body cannot be parsed: unexpected end of JSON input","reason":"CANNOT_PARSE"}`},
		{"GET", "/workspaces?maxResults=x", ``, 400, `{"message":"1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must be a number","reason":"FIELD_VALIDATION_FAILED","fieldList":[{"name":"maxResults","message":"Member must be a number"}]}`},
		{"GET", "/workspaces?alias=%zz", ``, 400, `{"message":"The query string cannot be parsed.","reason":"CANNOT_PARSE"}`},
		{"GET", base, ``, 200, `{"workspace":{"workspaceId":"` + givenID + `","alias":"one","arn":"arn:aws:aps:us-east-1:123456789012:workspace/` + givenID + `","status":{"statusCode":"ACTIVE"},"prometheusEndpoint":"` + f.url + base + `/","createdAt":1795435200.123}}`},
		{"GET", "/workspaces", ``, 200, `{"workspaces":[{"workspaceId":"` + givenID + `","alias":"one","arn":"arn:aws:aps:us-east-1:123456789012:workspace/` + givenID + `","status":{"statusCode":"ACTIVE"},"createdAt":1795435200.123}]}`},
		{"GET", "/workspaces?alias=two", ``, 200, `{"workspaces":[]}`},
		{"POST", base + "/alias", `{"alias":"two"}`, 204, ``},
		{"POST", base + "/alias", ``, 204, ``},
		{"DELETE", base, ``, 202, ``},
		{"PUT", base, ``, 403, `{"message":"Missing Authentication Token"}`},
		{"GET", base + "/rulegroupsnamespaces", ``, 200, `{"ruleGroupsNamespaces":[]}`},
		{"GET", base + "/rulegroupsnamespaces/", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"PUT", base + "/rulegroupsnamespaces", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"GET", "/workspaces/", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"GET", "/", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"PATCH", "/workspaces", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"PUT", "/tags/arn", ``, 403, `{"message":"Missing Authentication Token"}`},
		{"GET", "/tags/", ``, 403, `{"message":"Missing Authentication Token"}`},
	}
	for _, s := range steps {
		t.Run(s.method+" "+s.target, func(t *testing.T) {
			status, header, body := f.call(t, s.method, s.target, s.body)
			require.Equal(t, s.status, status, body)
			require.Equal(t, s.answer, body)
			if s.answer != "" {
				require.Equal(t, "application/json", header.Get("Content-Type"))
			}
		})
	}
}

func TestRestartKeepsWorkspaces(t *testing.T) {
	f := start(t, nil)
	one, err := f.Create(workspace.CreateInput{Tags: map[string]string{"k": "v"}})
	require.NoError(t, err)
	_, err = f.Ensure(givenID, "given")
	require.NoError(t, err)
	before := f.All()
	require.Len(t, before, 2)

	// What a kill in the middle of a write leaves behind does no harm.
	leftover := f.path + ".tmp-123"
	require.NoError(t, os.WriteFile(leftover, []byte(`{"half`), 0o600))
	f.open(t)
	require.Equal(t, before, f.All())
	require.NoFileExists(t, leftover)
	got, release, ok := f.Hold(one.ID)
	require.True(t, ok)
	release()
	require.Equal(t, map[string]string{"k": "v"}, got.Tags)
}

func TestEnsure(t *testing.T) {
	f := start(t, func(c *workspace.Config) {
		c.Quotas = quota.New()
		c.Quotas.Put(quota.Workspaces, 2)
	})
	first, err := f.Ensure(givenID, "a")
	require.NoError(t, err)
	f.clock.Advance(time.Minute)
	second, err := f.Ensure(givenID, "")
	require.NoError(t, err)
	require.Equal(t, first.CreatedAt, second.CreatedAt)
	require.Equal(t, "a", second.Alias, "no alias leaves the one that is there")
	third, err := f.Ensure(givenID, " b ")
	require.NoError(t, err)
	require.Equal(t, "b", third.Alias)

	for _, bad := range []string{"", "ws-1", "../../etc", "WS-11111111-1111-4111-8111-111111111111"} {
		_, err := f.Ensure(bad, "")
		require.Error(t, err, bad)
	}
	_, err = f.Ensure("ws-11111111-1111-4111-8111-111111111112", "")
	require.NoError(t, err)
	_, err = f.Ensure("ws-11111111-1111-4111-8111-111111111113", "")
	require.ErrorContains(t, err, "Maximum workspaces")
}

func TestReset(t *testing.T) {
	f := start(t, nil)
	ws, err := f.Create(workspace.CreateInput{})
	require.NoError(t, err)
	require.NoError(t, f.Reset(t.Context()))
	require.Empty(t, f.All())
	require.Equal(t, []string{ws.ID}, f.data.list())
}

func TestEraseWaitsForWhoOpens(t *testing.T) {
	f := start(t, nil)
	ws, err := f.Create(workspace.CreateInput{})
	require.NoError(t, err)
	held, release, ok := f.Hold(ws.ID)
	require.True(t, ok)
	require.Equal(t, ws.ID, held.ID)
	_, err = f.client().DeleteWorkspace(t.Context(), &amp.DeleteWorkspaceInput{WorkspaceId: &ws.ID})
	require.NoError(t, err)
	require.Empty(t, f.data.list(), "the samples are there as long as somebody opens them")
	release()
	f.Close() // waits for the erasure
	_, _, ok = f.Hold(ws.ID)
	require.False(t, ok)
}

func TestOpenRefusesADamagedFile(t *testing.T) {
	for name, content := range map[string]string{
		"not JSON":        `{`,
		"another version": `{"version":2}`,
		"a null entry":    `{"version":1,"workspaces":{"ws-1":null}}`,
		"another id":      `{"version":1,"workspaces":{"ws-1":{"id":"ws-2"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "workspaces.json")
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			_, err := workspace.Open(workspace.Config{Path: path, Data: &data{}})
			require.ErrorContains(t, err, path)
		})
	}
	_, err := workspace.Open(workspace.Config{Path: filepath.Join(t.TempDir(), "none", "workspaces.json"), Data: &data{}})
	require.Error(t, err, "a folder that is not there")
}

func TestFileHoldsWhatWasAnswered(t *testing.T) {
	f := start(t, nil)
	ws, err := f.Create(workspace.CreateInput{})
	require.NoError(t, err)
	raw, err := os.ReadFile(f.path)
	require.NoError(t, err)
	var file struct {
		Workspaces map[string]any `json:"workspaces"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Contains(t, file.Workspaces, ws.ID)
	info, err := os.Stat(f.path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func BenchmarkHold(b *testing.B) {
	r, err := workspace.Open(workspace.Config{Path: filepath.Join(b.TempDir(), "workspaces.json"), Data: &data{}})
	require.NoError(b, err)
	b.Cleanup(r.Close)
	ws, err := r.Create(workspace.CreateInput{})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, release, ok := r.Hold(ws.ID)
		if !ok {
			b.Fatal("not found")
		}
		release()
	}
}
