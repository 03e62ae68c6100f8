//go:build clients

package clients

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testCurl asks as one does by hand, with the right key and with wrong ones. The query in the URL is encoded: older ones
// of curl sign it as it is written, and AWS, which signs it encoded, refuses what is not [M curl 7.88.1].
func (s *stand) testCurl(t *testing.T) {
	t.Parallel()
	workspace := s.workspace(t, "curl")
	for _, tc := range []struct {
		name, user, scope string
		args              []string
		status            string
		says              string
	}{
		{"in the URL", accessKey + ":" + secretKey, region, []string{"--url", workspace + "/api/v1/query?query=vector%2842%29"}, "200", `"42"`},
		{"as a form", accessKey + ":" + secretKey, region, []string{"--url", workspace + "/api/v1/query", "--data-urlencode", "query=vector(6) * 7"}, "200", `"42"`},
		{"wrong secret", accessKey + ":wrong", region, []string{"--url", workspace + "/api/v1/query?query=vector%2842%29"}, "403",
			`{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.`},
		{"unknown key", "AKIDSOMEBODY:" + secretKey, region, []string{"--url", workspace + "/api/v1/query?query=vector%2842%29"}, "403",
			`{"message":"The security token included in the request is invalid."}`},
		{"other region", accessKey + ":" + secretKey, "us-east-1", []string{"--url", workspace + "/api/v1/query?query=vector%2842%29"}, "403",
			`{"message":"Credential should be scoped to a valid region. "}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := s.curl(t, tc.user, "aws:amz:"+tc.scope+":aps", tc.args...)
			require.NoError(t, err, out)
			end := strings.LastIndexByte(out, '\n')
			require.Equal(t, tc.status, out[end+1:], out)
			require.Contains(t, out[:end], tc.says)
		})
	}
}

// curl runs curl with a key and a scope and returns the answer, with the status on its last line, or what it complains of.
func (s *stand) curl(t *testing.T, user, scope string, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"--silent", "--show-error", "--disable", "--noproxy", "*", "--max-time", "60", "--globoff", "--path-as-is",
		"--aws-sigv4", scope, "--user", user, "--write-out", "\n%{http_code}"}, args...)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.debian, "usr", "bin", "curl"), args...)
	cmd.Env = s.environment(t)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return errs.String(), err
	}
	return out.String(), nil
}

// curlVersion is the number of the distribution's curl.
func (s *stand) curlVersion(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(s.debian, "usr", "bin", "curl"), "--version")
	cmd.Env = s.environment(t)
	out, err := cmd.Output()
	require.NoError(t, err)
	fields := strings.Fields(string(out))
	require.Greater(t, len(fields), 1)
	return fields[1]
}
