package sts

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

const (
	version   = "2011-06-15"
	namespace = "https://sts.amazonaws.com/doc/" + version + "/" // [D]
)

// response is the envelope of a success (amp-api.md 6.3). The result names its own
// element.
type response struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	Result    any
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// errorResponse is the envelope of a refusal (amp-api.md 6.3).
type errorResponse struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

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
	XMLName          xml.Name `xml:"AssumeRoleResult"`
	Credentials      credentials
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int `xml:",omitempty"`
}

type webIdentityResult struct {
	XMLName          xml.Name `xml:"AssumeRoleWithWebIdentityResult"`
	Credentials      credentials
	Subject          string `xml:"SubjectFromWebIdentityToken"`
	AssumedRoleUser  assumedRoleUser
	PackedPolicySize *int `xml:",omitempty"`
	Provider         string
	Audience         string
}

type callerIdentityResult struct {
	XMLName xml.Name `xml:"GetCallerIdentityResult"`
	ARN     string   `xml:"Arn"`
	UserID  string   `xml:"UserId"`
	Account string
}

type sessionTokenResult struct {
	XMLName     xml.Name `xml:"GetSessionTokenResult"`
	Credentials credentials
}

type accessKeyInfoResult struct {
	XMLName xml.Name `xml:"GetAccessKeyInfoResult"`
	Account string
}

// timestamp writes a time as STS does, in whole seconds of UTC [D].
func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// writeResult answers with the result of an action.
func writeResult(w http.ResponseWriter, requestID, action string, result any) error {
	return writeXML(w, http.StatusOK, response{
		XMLName: xml.Name{Local: action + "Response"}, Namespace: namespace, Result: result, RequestID: requestID,
	})
}

// WriteError answers with a refusal in the envelope of STS. The request id is that
// of the request's context, or a new one.
func WriteError(w http.ResponseWriter, r *http.Request, e *Error) error {
	blame := "Sender" // [O]; for faults of the service the AWS query protocol says Receiver [D]
	if e.Status >= http.StatusInternalServerError {
		blame = "Receiver"
	}
	return writeXML(w, e.Status, errorResponse{
		Namespace: namespace, Type: blame, Code: e.Code, Message: e.Message, RequestID: requestID(w, r),
	})
}

// requestID is the id of the request, which its answer carries in the header too.
func requestID(w http.ResponseWriter, r *http.Request) string {
	id := awsapi.RequestID(r.Context())
	if id == "" {
		id = awsapi.NewRequestID()
		w.Header().Set(awsapi.HeaderRequestID, id)
	}
	return id
}

func writeXML(w http.ResponseWriter, status int, answer any) error {
	var b bytes.Buffer
	encoder := xml.NewEncoder(&b)
	encoder.Indent("", "  ")
	if err := encoder.Encode(answer); err != nil {
		return err
	}
	b.WriteByte('\n')
	w.Header().Set("Content-Type", "text/xml") // [D]
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	return err
}
