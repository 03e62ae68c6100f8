package iam

import (
	"net/http"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
)

// IsRequest reports whether a request to the root of the host is one for IAM. STS has the
// same path on a listener that is both: the version of the API decides, and where there
// is none, what the request is signed for.
func IsRequest(r *http.Request, body []byte) bool {
	f, err := awsquery.Read(r, body)
	if err == nil && f.Values.Has("Version") {
		return f.Values.Get("Version") == version
	}
	return scope(r).service == "iam"
}

// SignedRegion is the region that a request claims to be signed for; empty if it does not
// say.
func SignedRegion(r *http.Request) string { return scope(r).region }

type credentialScope struct{ region, service string }

// scope is the credential's scope as the request has it, in the header or the query. It
// proves nothing.
func scope(r *http.Request) credentialScope {
	_, credential, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	credential, _, _ = strings.Cut(credential, ",")
	elements := strings.Split(credential, "/")
	if len(elements) != 5 {
		return credentialScope{}
	}
	return credentialScope{region: elements[2], service: elements[3]}
}
