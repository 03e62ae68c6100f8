package proof

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// BenchmarkRefusal sets beside each other what an emulator takes to answer a request
// and to refuse and explain the same with one byte of its path changed, for requests
// up to as large as AMP takes them.
func BenchmarkRefusal(b *testing.B) {
	m := newMatrixBench(b)
	path := "/workspaces/" + m.workspace + "/api/v1/"
	for _, bb := range []struct {
		name string
		sigv4test.Endpoint
	}{
		{"query", sigv4test.Endpoint{Method: http.MethodGet, Target: path + "query?query=vector%281%29"}},
		{"10000 parameters", sigv4test.Endpoint{Method: http.MethodGet, Target: path + "query?query=vector%281%29" + strings.Repeat("&x=a%20b", 9_999)}},
		{"16 KiB form", sigv4test.Endpoint{Method: http.MethodPost, Target: path + "query", ContentType: "application/x-www-form-urlencoded",
			Body: "query=vector%281%29&x=" + strings.Repeat("a+", 8<<10)}},
		{"1 MB form", sigv4test.Endpoint{Method: http.MethodPost, Target: path + "query", ContentType: "application/x-www-form-urlencoded",
			Body: "query=vector%281%29&x=" + strings.Repeat("a+", 499_000)}},
	} {
		sign := func() sigv4test.Request { // anew for each: a signature is good for five minutes
			s := &signing{aws.Credentials{AccessKeyID: emulator.DefaultAccessKeyID, SecretAccessKey: emulator.DefaultSecretAccessKey},
				emulator.Service, (*signing).sdk, m.transport}
			bb.Name = "/api/v1/query"
			host, _ := endpointHost(bb.Endpoint)
			return m.accepted(b, s, request(b, host, bb.Endpoint))
		}
		send := func(b *testing.B, r sigv4test.Request, status int) {
			for b.Loop() {
				answer, err := m.sender.Send(b.Context(), r, false)
				if err != nil || answer.Status != status {
					b.Fatalf("status %d: %v %.200s", answer.Status, err, answer.Body)
				}
			}
		}
		b.Run(bb.name+"/accepted", func(b *testing.B) { send(b, sign(), http.StatusOK) })
		b.Run(bb.name+"/refused", func(b *testing.B) {
			spots := sigv4test.Spots(sign())
			at := slices.IndexFunc(spots, func(s sigv4test.Spot) bool { return s.Place == sigv4test.PlacePath })
			require.GreaterOrEqual(b, at, 0)
			send(b, spots[at].Change(len("workspaces/ws-1")).Request, http.StatusForbidden)
		})
	}
}
