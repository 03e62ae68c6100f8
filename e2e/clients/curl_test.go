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
			args := append([]string{"--silent", "--show-error", "--disable", "--noproxy", "*", "--max-time", "30", "--globoff",
				"--aws-sigv4", "aws:amz:" + tc.scope + ":aps", "--user", tc.user, "--write-out", "\n%{http_code}"}, tc.args...)
			var out, errs bytes.Buffer
			cmd := exec.CommandContext(t.Context(), filepath.Join(s.debian, "usr", "bin", "curl"), args...)
			cmd.Env = s.environment(t)
			cmd.Stdout, cmd.Stderr = &out, &errs
			cmd.WaitDelay = time.Second
			require.NoError(t, cmd.Run(), errs.String())
			end := strings.LastIndexByte(out.String(), '\n')
			require.Equal(t, tc.status, out.String()[end+1:], out.String())
			require.Contains(t, out.String()[:end], tc.says)
		})
	}
}
