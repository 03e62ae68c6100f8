package sigv4_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// vector is one row of amp-api.md 5.6, as raw bytes.
type vector struct {
	name, raw     string
	canonicalHash string
	signedHeaders []string
	presigned     bool
	token         string
}

func authorizationLine(signedHeaders, signature string) string {
	return "Authorization: AWS4-HMAC-SHA256 Credential=" + keyID + "/20150830/us-east-1/aps/aws4_request, SignedHeaders=" +
		signedHeaders + ", Signature=" + signature + "\n"
}

func vectors() []vector {
	const v2Headers = "content-encoding;content-length;content-type;host;x-amz-date;x-amz-security-token;x-prometheus-remote-write-version"
	return []vector{
		{
			name: "V1 query",
			raw: "GET /workspaces/ws-1/api/v1/query?query=sum%28rate%28x%7Bjob%3D%22a%20b%22%7D%5B1m%5D%29%29&time=2015-08-30T12%3A36%3A00Z HTTP/1.1\n" +
				"Host: aps-workspaces.us-east-1.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				authorizationLine("host;x-amz-date", "c259eea56625f9420c62788d4235230a75b914442e917b6b5d1cd4cea84f2aba") + "\n",
			canonicalHash: "195a8f83d2d2dc4852760a5f665ae83298bf456b801fb8f2560e4c67cbee755b",
			signedHeaders: []string{"host", "x-amz-date"},
		},
		{
			name: "V2 remote write with a token",
			raw: "POST /workspaces/ws-1/api/v1/remote_write HTTP/1.1\n" +
				"Host: aps-workspaces.us-east-1.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				"Content-Encoding: snappy\nContent-Type: application/x-protobuf\nContent-Length: 5\n" +
				"X-Prometheus-Remote-Write-Version: 0.1.0\nX-Amz-Security-Token: TOKEN/+=\n" +
				authorizationLine(v2Headers, "37a763845a31526b4e4a04b111bceffccfc756ad193831f54b2495e6a2a849dd") + "\nhello",
			canonicalHash: "31e1df729d39d15def235c78feb6818dc0930e68a4b6dea1d156004d3c8ee98a",
			signedHeaders: strings.Split(v2Headers, ";"),
			token:         "TOKEN/+=",
		},
		{
			name: "V3 tags, path encoded twice",
			raw: "POST /tags/arn%3Aaws%3Aaps%3Aus-east-1%3A123456789012%3Aworkspace%2Fws-1 HTTP/1.1\n" +
				"Host: aps.us-east-1.amazonaws.com\nX-Amz-Date: 20150830T123600Z\n" +
				"Content-Type: application/json\nContent-Length: 18\n" +
				authorizationLine("content-length;content-type;host;x-amz-date", "484c593746f783cbe02ef2c272c1a342bac7a0ca7aec94e9a5423774b48faff7") +
				"\n" + `{"tags":{"k":"v"}}`,
			canonicalHash: "5e6601971135178bb073fa959b46a07067bcfd9dfda9d3d344dfb6bab0eb6278",
			signedHeaders: []string{"content-length", "content-type", "host", "x-amz-date"},
		},
		{
			name: "V4 series, host with port",
			raw: "GET /workspaces/ws-1/api/v1/series?match%5B%5D=a&match%5B%5D=up&start=1 HTTP/1.1\n" +
				"Host: 127.0.0.1:9090\nX-Amz-Date: 20150830T123600Z\n" +
				authorizationLine("host;x-amz-date", "19ac240351c06f747635e016348f9580a249fbac62f9d3c698af7bc836e4f003") + "\n",
			canonicalHash: "597c64dfd4e612b13046e9d4b906132f1c598031fbedf5c73f55aa2aa18f0269",
			signedHeaders: []string{"host", "x-amz-date"},
		},
		{
			name: "V5 presigned",
			raw: "GET /workspaces/ws-1/api/v1/query?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Faps%2Faws4_request" +
				"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&query=up&X-Amz-Signature=b7e435ab5b870637c4ade839079436781b1730f390997a4c9d56b0d1dbe22e0f HTTP/1.1\n" +
				"Host: aps-workspaces.us-east-1.amazonaws.com\n\n",
			canonicalHash: "992857e7f19d13a9c5f87ecd41fba6758a766e9a009b279e4e0d5639daed4c45",
			signedHeaders: []string{"host"},
			presigned:     true,
		},
	}
}

func verifierWithKey(key sigv4.Key) *sigv4.Verifier {
	return sigv4.New(sigv4.Config{Region: region, Service: service, Keys: keyring{key.AccessKeyID: key}, Now: clock})
}

func TestVectors(t *testing.T) {
	for _, tt := range vectors() {
		t.Run(tt.name, func(t *testing.T) {
			key := sigv4.Key{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: tt.token, Principal: 42}

			r, body := wire(t, tt.raw)
			got, err := verifierWithKey(key).Verify(r, body)
			require.NoError(t, err)
			require.Equal(t, &sigv4.Signed{
				Key:           key,
				SignedHeaders: tt.signedHeaders,
				Scope:         sigv4.Scope{Date: "20150830", Region: region, Service: service},
				RequestTime:   signedAt,
				Presigned:     tt.presigned,
			}, got)

			// With another secret the server's own canonical request comes back: its
			// hash is the vector's, and it is what the string to sign ends in.
			key.SecretAccessKey = "another"
			r, body = wire(t, tt.raw)
			refusal := refused(t, verifierWithKey(key), r, body)
			require.Equal(t, sigv4.ReasonSignatureMismatch, refusal.Reason)
			require.Equal(t, tt.canonicalHash, hashOf(refusal.CanonicalRequest), refusal.CanonicalRequest)
			require.Equal(t, "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/aps/aws4_request\n"+tt.canonicalHash, refusal.StringToSign)
		})
	}
}
