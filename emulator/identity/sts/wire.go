package sts

import (
	"net/http"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
)

const (
	version   = "2011-06-15"
	namespace = "https://sts.amazonaws.com/doc/" + version + "/" // [D]
)

type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	ARN           string `xml:"Arn"`
}

type assumeRoleResult struct {
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int `xml:",omitempty"`
}

type webIdentityResult struct {
	Credentials      credentials
	Subject          string `xml:"SubjectFromWebIdentityToken"`
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int `xml:",omitempty"`
	Provider         string
	Audience         string
}

type callerIdentityResult struct {
	ARN     string `xml:"Arn"`
	UserID  string `xml:"UserId"`
	Account string
}

type sessionTokenResult struct {
	Credentials credentials
}

type accessKeyInfoResult struct {
	Account string
}

// WriteError answers with a refusal in the envelope of STS. The request id is that
// of the request's context, or a new one.
func WriteError(w http.ResponseWriter, r *http.Request, e *awsquery.Error) error {
	return awsquery.WriteError(w, r, namespace, e)
}
