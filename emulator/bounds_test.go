package emulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

// TestDefinitionsUpToTheirQuota sends the largest definition that is allowed, and
// one that is a byte larger: in base64 both are over the data plane's limit of a
// request.
func TestDefinitionsUpToTheirQuota(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	define := func(name string, size int) error {
		text := []byte("groups: []\n#")
		text = append(text, strings.Repeat("x", size-len(text))...)
		_, err := client.CreateRuleGroupsNamespace(t.Context(), &amp.CreateRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: &name, Data: text})
		return err
	}
	require.NoError(t, define("largest", 1<<20))
	var exceeded *types.ServiceQuotaExceededException
	require.ErrorAs(t, define("larger", 1<<20+1), &exceeded)
	require.Equal(t, "L-C62641E3", aws.ToString(exceeded.QuotaCode))
	require.Equal(t, 413, send(t, srv, "POST", "/workspaces", random(10<<20+1), root(), nil).status)
}

// TestHostileExpressions sends what would overflow the stack of Prometheus's
// parser or engine, or keep it busy for minutes, by all ways in.
func TestHostileExpressions(t *testing.T) {
	srv := start(t, emulator.Config{Quotas: quick()})
	ws := createWorkspace(t, srv, "")
	client := amp.NewFromConfig(srv.AWSConfig())
	for name, text := range map[string]string{
		"deep":  strings.Repeat("abs(", 40_000) + "up" + strings.Repeat(")", 40_000),
		"long":  "1" + strings.Repeat("+1", 100_000),
		"signs": strings.Repeat("-", 200_000) + "1",
	} {
		t.Run(name, func(t *testing.T) {
			form := []byte(url.Values{"query": {text}, "start": {"1"}, "end": {"2"}, "step": {"1"}, "match[]": {text}}.Encode())
			for _, path := range []string{"query", "query_range", "series", "labels"} {
				got := send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/"+path, form, root(), func(r *http.Request) {
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				})
				require.Equal(t, 400, got.status, path)
				require.Contains(t, got.body, `"errorType":"bad_data"`, path)
				require.Less(t, len(got.body), 1000, path)
			}
			_, err := client.CreateRuleGroupsNamespace(t.Context(), &amp.CreateRuleGroupsNamespaceInput{
				WorkspaceId: &ws.ID, Name: aws.String(name), Data: fmt.Appendf(nil, "groups: [{name: g, rules: [{record: a, expr: %q}]}]", text),
			})
			require.NoError(t, err)
			described, err := client.DescribeRuleGroupsNamespace(t.Context(), &amp.DescribeRuleGroupsNamespaceInput{WorkspaceId: &ws.ID, Name: aws.String(name)})
			require.NoError(t, err)
			require.Equal(t, types.RuleGroupsNamespaceStatusCodeCreationFailed, described.RuleGroupsNamespace.Status.StatusCode)
		})
	}
}

// TestHeadersOfAWS looks at what AMP's answers carry besides their content.
func TestHeadersOfAWS(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	base := "/workspaces/" + ws.ID
	for _, tc := range []struct {
		method, path, vary string
		body               []byte
	}{
		{"POST", base + "/api/v1/remote_write", "Origin", series("a", time.Now(), 1)},
		{"GET", base + "/api/v1/query?query=up", "Accept-Encoding, Origin", nil},
		{"GET", base + "/api/v1/query_range?query=up&start=2&end=1&step=1", "Accept-Encoding, Origin", nil},
		{"GET", base + "/api/v1/metadata", "Accept-Encoding, Origin", nil},
		{"GET", base + "/api/v1/rules", "Origin", nil},
		{"GET", base, "", nil},
	} {
		t.Run(tc.method+" "+tc.path[len(base):], func(t *testing.T) {
			got := send(t, srv, tc.method, tc.path, tc.body, root(), nil)
			require.Equal(t, "amazon", got.header.Get("Server"))
			var vary []string
			for _, v := range got.header.Values("Vary") {
				vary = append(vary, strings.Split(v, ", ")...)
			}
			if tc.vary != "" {
				require.ElementsMatch(t, strings.Split(tc.vary, ", "), vary)
				return
			}
			require.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`, got.header.Get("X-Amzn-Trace-Id"))
			require.NotEmpty(t, got.header.Get("X-Amz-Apigw-Id"))
		})
	}
	require.Empty(t, send(t, srv, "GET", "/-/healthy", nil, nil, nil).header.Get("Server"))
}

// replica is a write of one of two senders that stand in for each other.
func replica(name string) []byte {
	req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "a"}, {Name: "__replica__", Value: name}, {Name: "cluster", Value: "c"}},
		Samples: []prompb.Sample{{Timestamp: time.Now().UnixMilli(), Value: 1}},
	}}}
	raw, err := req.Marshal()
	if err != nil {
		panic(err) // a bug of this test
	}
	return snappy.Encode(nil, raw)
}

// TestNothingIsRememberedOfWhatIsGone resets a workspace, and deletes one.
func TestNothingIsRememberedOfWhatIsGone(t *testing.T) {
	srv := start(t, emulator.Config{})
	ws := createWorkspace(t, srv, "")
	write := func(name string) int {
		return send(t, srv, "POST", "/workspaces/"+ws.ID+"/api/v1/remote_write", replica(name), root(), nil).status
	}
	require.Equal(t, 200, write("one"))
	require.Equal(t, 202, write("two"))
	metrics := func() string { return send(t, srv, "GET", "/metrics", nil, nil, nil).body }
	require.Contains(t, metrics(), ws.ID)

	require.Equal(t, 200, send(t, srv, "POST", "/_ampersand/api/reset", nil, nil, nil).status)
	require.Equal(t, 200, write("two"), "who was elected is forgotten")

	client := amp.NewFromConfig(srv.AWSConfig())
	_, err := client.DeleteWorkspace(t.Context(), &amp.DeleteWorkspaceInput{WorkspaceId: &ws.ID})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !strings.Contains(metrics(), ws.ID) }, 10*time.Second, 20*time.Millisecond)
}
