package iam

import (
	"errors"
	"net/http"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// The error codes of IAM that this package answers with [D IAM API reference].
const (
	CodeAccessDenied            = "AccessDenied"
	CodeConcurrentModification  = "ConcurrentModification"
	CodeDeleteConflict          = "DeleteConflict"
	CodeEntityAlreadyExists     = "EntityAlreadyExists"
	CodeInvalidInput            = "InvalidInput"
	CodeLimitExceeded           = "LimitExceeded"
	CodeMalformedPolicyDocument = "MalformedPolicyDocument"
	CodeNoSuchEntity            = "NoSuchEntity"
	CodeProviderCommunication   = "OpenIdIdpCommunicationError"
	CodeServiceFailure          = "ServiceFailure"
)

// asError makes an error of IAM of any error. What the store refuses although it was
// looked at just before was changed meanwhile, by another way than this API.
func asError(err error) *awsquery.Error {
	e := (*awsquery.Error)(nil)
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, identity.ErrUnknown):
		e = noSuchEntity(err.Error())
	case errors.Is(err, identity.ErrConflict):
		e = &awsquery.Error{Status: http.StatusConflict, Code: CodeConcurrentModification, Message: err.Error()} // [D]
	case errors.Is(err, identity.ErrInvalid):
		e = awsquery.Validation(err.Error())
	default:
		e = &awsquery.Error{ // [D]
			Status: http.StatusInternalServerError, Code: CodeServiceFailure,
			Message: "The request processing has failed because of an unknown error, exception or failure.", Reason: err.Error(),
		}
	}
	e.Cause = err
	return e
}

func noSuchEntity(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusNotFound, Code: CodeNoSuchEntity, Message: message}
}

func alreadyExists(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusConflict, Code: CodeEntityAlreadyExists, Message: message}
}

func deleteConflict(first string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusConflict, Code: CodeDeleteConflict, Message: "Cannot delete entity, must " + first + " first."} // [O]
}

func limitExceeded(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusConflict, Code: CodeLimitExceeded, Message: message}
}

func malformedPolicy(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: CodeMalformedPolicyDocument, Message: message}
}

func invalidInput(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: CodeInvalidInput, Message: message}
}
