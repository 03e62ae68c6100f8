package awsquery

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

// errorResponse is the envelope of a refusal [D amp-api.md 6.3].
type errorResponse struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// response is the envelope of a success. What has no result has no element for it [D].
type response struct {
	XMLName   xml.Name
	Namespace string `xml:"xmlns,attr"`
	Result    *result
	RequestID string `xml:"ResponseMetadata>RequestId"`
}

// result names the element of an action's result after the action.
type result struct {
	action string
	value  any
}

// MarshalXML implements xml.Marshaler.
func (r *result) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(r.value, xml.StartElement{Name: xml.Name{Local: r.action + "Result"}})
}

// WriteResult answers with the members of an action's result, nil for an action that has
// none, in the envelope of the service that has this XML namespace. The request id is that
// of the request's context, or a new one.
func WriteResult(w http.ResponseWriter, r *http.Request, namespace, action string, value any) error {
	answer := response{XMLName: xml.Name{Local: action + "Response"}, Namespace: namespace, RequestID: requestID(w, r)}
	if value != nil {
		answer.Result = &result{action, value}
	}
	return writeXML(w, http.StatusOK, answer)
}

// WriteError answers with a refusal in the envelope of the service that has this XML
// namespace. The request id is that of the request's context, or a new one.
func WriteError(w http.ResponseWriter, r *http.Request, namespace string, e *Error) error {
	blame := "Sender" // [O]; for faults of the service the query protocol says Receiver [D]
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
		return fmt.Errorf("write XML: %w", err)
	}
	b.WriteByte('\n')
	w.Header().Set("Content-Type", "text/xml") // [D]
	w.WriteHeader(status)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// Timestamp writes a time as the protocol does, in whole seconds of UTC [D].
func Timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
