package emulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/explain"
)

func TestRouteOf(t *testing.T) {
	tests := []struct {
		method, target string
		kind           kind
		name           string
		id, api        string
	}{
		{"POST", "/workspaces/ws-1/api/v1/remote_write", kindWrite, "remote_write", "ws-1", "/remote_write"},
		{"GET", "/workspaces/ws-1/api/v1/query?query=a//b", kindQuery, "query", "ws-1", "/query"},
		{"POST", "/workspaces/ws-1/api/v1/query_range", kindQuery, "query_range", "ws-1", "/query_range"},
		{"GET", "/workspaces/ws-1//api/v1/query", kindQuery, "query", "ws-1", "/query"},
		{"GET", "http://127.0.0.1:1/workspaces/ws-1/api/v1/labels", kindQuery, "labels", "ws-1", "/labels"},
		{"GET", "/workspaces/ws-1/api/v1/label/a%20b/values", kindQuery, "label_values", "ws-1", "/label/a b/values"},
		{"GET", "/workspaces/ws-1/api/v1/label//values", kindUnknown, "unknown", "ws-1", "/label/values"},
		{"GET", "/workspaces/ws-1/api/v1/label/a/b/values", kindUnknown, "unknown", "ws-1", "/label/a/b/values"},
		{"POST", "/workspaces/ws-1/api/v1/metadata", kindUnknown, "unknown", "ws-1", "/metadata"},
		{"HEAD", "/workspaces/ws-1/api/v1/query", kindUnknown, "unknown", "ws-1", "/query"},
		{"GET", "/workspaces/ws-1/api/v1/status/tsdb", kindStatus, "status", "ws-1", "/status/tsdb"},
		{"GET", "/workspaces/%zz/api/v1/query", kindUnknown, "unknown", "", ""},
		{"GET", "/workspaces/ws-1/api/v1/%zz", kindUnknown, "unknown", "", ""},
		{"GET", "/workspaces/a/b/api/v1/query", kindUnknown, "unknown", "", ""},
		{"GET", "/workspaces/ws-1/api/v1/rules?type=alert", kindRules, "rules", "ws-1", "/rules"},
		{"POST", "/workspaces/ws-1/api/v1/rules", kindUnknown, "unknown", "ws-1", "/rules"},
		{"POST", "/workspaces/ws-1/api/v1/rules/ns", kindUnknown, "unknown", "ws-1", "/rules/ns"},
		{"GET", "/workspaces/ws-1/api/v1/alerts", kindAlerts, "alerts", "ws-1", "/alerts"},
		{"GET", "/workspaces/ws-1/alertmanager/api/v2/alerts", kindAlertManager, "alertmanager_alerts", "ws-1", "/alerts"},
		{"POST", "/workspaces/ws-1//alertmanager/api/v2/alerts", kindAlertManager, "alertmanager_alerts", "ws-1", "/alerts"},
		{"GET", "/workspaces/ws-1/alertmanager/api/v2/alerts/groups", kindAlertManager, "alertmanager_groups", "ws-1", "/alerts/groups"},
		{"POST", "/workspaces/ws-1/alertmanager/api/v2/alerts/groups", kindUnknown, "unknown", "ws-1", "/alerts/groups"},
		{"GET", "/workspaces/ws-1/alertmanager/api/v2/receivers", kindAlertManager, "alertmanager_receivers", "ws-1", "/receivers"},
		{"POST", "/workspaces/ws-1/alertmanager/api/v2/silences", kindAlertManager, "alertmanager_silences", "ws-1", "/silences"},
		{"DELETE", "/workspaces/ws-1/alertmanager/api/v2/silence/a%2Db", kindAlertManager, "alertmanager_silence", "ws-1", "/silence/a-b"},
		{"PUT", "/workspaces/ws-1/alertmanager/api/v2/silence/a", kindUnknown, "unknown", "ws-1", "/silence/a"},
		{"GET", "/workspaces/ws-1/alertmanager/api/v2/silence/a/b", kindUnknown, "unknown", "ws-1", "/silence/a/b"},
		{"GET", "/workspaces/ws-1/alertmanager/api/v2/status", kindAlertManager, "alertmanager_status", "ws-1", "/status"},
		{"GET", "/workspaces/ws-1/alertmanager/-/ready", kindUnknown, "unknown", "", ""},
		{"GET", "/workspaces/ws-1", kindControl, "DescribeWorkspace", "ws-1", ""},
		{"GET", "//workspaces", kindUnknown, "unknown", "", ""},
		{"GET", "/tags/arn:aws:aps:us-east-1:1:workspace/ws-1/api/v1/query", kindControl, "ListTagsForResource", "", ""},
		{"GET", "/-/healthy", kindOwn, "healthy", "", ""},
		{"GET", "/-/ready?x", kindOwn, "ready", "", ""},
		{"GET", "/metrics", kindOwn, "metrics", "", ""},
		{"GET", "/_ampersand/api/requests", kindOwn, "console", "", ""},
		{"GET", "/_ampersandx", kindUnknown, "unknown", "", ""},
		{"GET", "http://127.0.0.1", kindSTS, "sts", "", ""},
		{"POST", "/", kindSTS, "sts", "", ""},
		{"PUT", "/", kindUnknown, "unknown", "", ""},
		{"OPTIONS", "*", kindUnknown, "unknown", "", ""},
		{"GET", "", kindUnknown, "unknown", "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.method+" "+tc.target, func(t *testing.T) {
			rt := routeOf(tc.method, tc.target)
			require.Equal(t, tc.kind, rt.kind)
			require.Equal(t, tc.name, rt.name)
			require.Equal(t, tc.id, rt.workspaceID)
			require.Equal(t, tc.api, rt.apiPath)
		})
	}
}

func FuzzRouteOf(f *testing.F) {
	f.Add("GET", "/workspaces/ws-1//api/v1/query?a=b")
	f.Add("POST", "/tags/arn%3Aaws")
	f.Fuzz(func(t *testing.T, method, target string) {
		if rt := routeOf(method, target); rt.kind == kindQuery && !strings.HasPrefix(rt.apiPath, "/") {
			t.Fatalf("%q gives the API path %q", target, rt.apiPath)
		}
	})
}

func TestInspectorForgetsTheOldest(t *testing.T) {
	i := newInspector(3)
	i.add(explain.Request{ID: "refused", Verdict: explain.Refused})
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		i.add(explain.Request{ID: id, Verdict: explain.Accepted})
	}
	var ids []string
	for _, e := range i.Last() {
		ids = append(ids, e.ID)
	}
	require.Equal(t, []string{"e", "d", "c", "refused"}, ids)
	_, ok := i.Find("a")
	require.False(t, ok)
}

func TestPanicIsAnswered(t *testing.T) {
	s, err := Start(t.Context(), Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	x := &exchange{w: &recorder{ResponseWriter: httptest.NewRecorder()}, r: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)}
	require.False(t, s.recovered(x, "boom"))
	require.Equal(t, 500, x.w.code())
	require.Equal(t, reasonPanic, x.reason)
	require.True(t, s.recovered(x, "boom"), "an answer that has begun is cut off")
	require.True(t, s.recovered(x, http.ErrAbortHandler))
	require.False(t, s.recovered(x, nil))
}
