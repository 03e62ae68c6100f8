package iam

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
)

const (
	version   = "2010-05-08"
	namespace = "https://iam.amazonaws.com/doc/" + version + "/" // [D]
)

// WriteError answers with a refusal in the envelope of IAM. The request id is that of the
// request's context, or a new one.
func WriteError(w http.ResponseWriter, r *http.Request, e *awsquery.Error) error {
	return awsquery.WriteError(w, r, namespace, e)
}

// encoded writes a policy document as IAM returns it: escaped as in a URL, by RFC 3986
// [D].
func encoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}
