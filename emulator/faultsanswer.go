package emulator

import (
	"net/http"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity/iam"
	"github.com/ampersand-amp/ampersand/emulator/identity/sts"
)

// wording is what AWS says with a status: the type of the error and its text.
type wording struct{ errorType, message string }

// wordingOf: 429 and 500 [D API model, troubleshooting]; 503 as AWS's fronts have it
// [R]. Of other statuses the type is left open but for those that have only one.
func wordingOf(status int) wording {
	switch status {
	case http.StatusTooManyRequests:
		return wording{awsapi.TypeThrottling, "Rate exceeded"}
	case http.StatusInternalServerError:
		return wording{awsapi.TypeInternalServer, "Internal server error"}
	case http.StatusServiceUnavailable:
		return wording{"ServiceUnavailableException", "Service Unavailable"}
	case http.StatusForbidden:
		return wording{awsapi.TypeAccessDenied, "Forbidden"}
	case http.StatusRequestEntityTooLarge:
		return wording{awsapi.TypeRequestTooLarge, "Request Entity Too Large"}
	}
	message := http.StatusText(status)
	if message == "" {
		message = "status " + strconv.Itoa(status)
	}
	return wording{"", message}
}

// refuseByFault answers with the error of a fault rule, in the words of whoever would
// say it: the front, the Cortex behind it, the control plane, STS or IAM.
func (s *Server) refuseByFault(x *exchange, body []byte, status fault.Status) {
	x.reason, x.refusal, x.denial, x.why, x.err = reasonFault, nil, nil, "", nil
	said := wordingOf(status.Code)
	if status.Message != "" {
		said.message = status.Message
	}
	if status.RetryAfter > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(int(time.Duration(status.RetryAfter)/time.Second)))
	}
	switch {
	case x.route.kind == kindSTS && iam.IsRequest(x.r, body):
		// The client may be gone, here and below.
		_ = iam.WriteError(x.w, x.r, &awsquery.Error{Status: status.Code, Code: queryCode(status.Code, iam.CodeServiceFailure), Message: said.message})
	case x.route.kind == kindSTS:
		_ = sts.WriteError(x.w, x.r, &awsquery.Error{Status: status.Code, Code: queryCode(status.Code, sts.CodeInternalFailure), Message: said.message})
	case x.route.kind == kindControl:
		awsapi.SetGateway(x.w.Header(), s.cfg.Now())
		awsapi.Write(x.w, &awsapi.Error{Dialect: awsapi.Control, Status: status.Code, Type: said.errorType, Message: said.message, Reason: awsapi.ReasonOther})
	case byFront(status.Code):
		awsapi.Write(x.w, awsapi.FrontError(status.Code, said.errorType, said.message))
	case x.route.kind == kindWrite: // [O vectordotdev/vector#12958, C]
		http.Error(x.w, said.message, status.Code)
	case x.route.kind == kindAlertManager:
		http.Error(x.w, said.message, status.Code)
	default: // [C pkg/util/api/response.go]
		awsapi.WriteJSON(x.w, status.Code, map[string]string{
			"status": "error", "errorType": promErrorType(status.Code), "error": said.message,
		})
	}
}

// byFront reports whether it is the front of the data plane that answers so
// [O, D amp-api.md 1.4].
func byFront(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		return true
	}
	return false
}

// promErrorType is the type of an error of the Prometheus API [C].
func promErrorType(status int) string {
	switch status {
	case http.StatusUnprocessableEntity:
		return "execution"
	case http.StatusServiceUnavailable:
		return "unavailable"
	case http.StatusGatewayTimeout:
		return "timeout"
	case 499: // the client closed the connection
		return "canceled"
	}
	if status >= http.StatusInternalServerError {
		return "server_error"
	}
	return "bad_data"
}

// queryCode is the code of an error of the query protocol, STS's and IAM's [D common errors].
func queryCode(status int, internal string) string {
	switch status {
	case http.StatusTooManyRequests:
		return "Throttling"
	case http.StatusServiceUnavailable:
		return "ServiceUnavailable"
	case http.StatusForbidden:
		return sts.CodeAccessDenied
	}
	if status >= http.StatusInternalServerError {
		return internal
	}
	return awsquery.CodeValidation
}
