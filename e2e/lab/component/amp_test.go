package component

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// The emulator's own pages are asked for under a loopback name, whatever the name that AMP has in the cluster.
func TestAMPRequests(t *testing.T) {
	t.Parallel()
	var host string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host = r.Host
		_, _ = w.Write([]byte(`{"requests":[{"id":"1","verdict":"accepted"}]}`))
	}))
	t.Cleanup(server.Close)
	amp := NewAMP("eu-west-1", Keys{}).ServedAt(server.URL, server.Client())
	requests, err := amp.Requests(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Request{{ID: "1", Verdict: "accepted"}}, requests)
	require.Equal(t, "localhost", host)

	server.Close()
	_, err = amp.Requests(t.Context())
	require.ErrorContains(t, err, "/_ampersand/api/requests")
}

func TestAMPExplain(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("id") != "a b" {
			http.Error(w, "no such request", http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"id":"a b","explanation":{"text":"Set the clock."}}`))
	}))
	t.Cleanup(server.Close)
	amp := NewAMP("eu-west-1", Keys{}).ServedAt(server.URL, server.Client())
	text, err := amp.Explain(t.Context(), "a b")
	require.NoError(t, err)
	require.Equal(t, "Set the clock.", text)
	_, err = amp.Explain(t.Context(), "c")
	require.ErrorContains(t, err, "no such request")
}

func TestAMPNames(t *testing.T) {
	t.Parallel()
	amp := NewAMP("eu-west-1", Keys{AccessKeyID: "AKIA", SecretAccessKey: "secret"})
	require.Equal(t, http.DefaultClient, amp.HTTPClient())
	served := amp.ServedAt("http://"+AMPHost("eu-west-1"), &http.Client{})
	require.Equal(t, "aps-workspaces.eu-west-1.amazonaws.com", served.Host())
	require.Equal(t, amp.WorkspaceID(), served.WorkspaceID())
	require.Equal(t, "http://aps-workspaces.eu-west-1.amazonaws.com/workspaces/"+amp.WorkspaceID(), served.WorkspaceURL())
	require.Empty(t, amp.URL(), "it was served elsewhere only")
	require.Equal(t, map[string]string{"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}, amp.Keys.Map())
}
