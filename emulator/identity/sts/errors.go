package sts

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ampersand-amp/ampersand/emulator/awsquery"
	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// The error codes of STS that this package answers with, as the element Code
// carries them (amp-api.md 6.3).
const (
	CodeAccessDenied            = "AccessDenied"
	CodeExpiredIdentityToken    = "ExpiredTokenException"
	CodeIDPCommunication        = "IDPCommunicationError"
	CodeInternalFailure         = "InternalFailure"
	CodeInvalidIdentityToken    = "InvalidIdentityToken"
	CodeMalformedPolicyDocument = "MalformedPolicyDocument"
	CodePackedPolicyTooLarge    = "PackedPolicyTooLarge"
)

// asError makes an error of STS of any error: what is not one already is a fault of
// ours.
func asError(err error) *awsquery.Error {
	if e := (*awsquery.Error)(nil); errors.As(err, &e) {
		return e
	}
	return &awsquery.Error{
		Status: http.StatusInternalServerError, Code: CodeInternalFailure,
		Message: "The request processing has failed because of an unknown error, exception or failure.",
		Reason:  err.Error(), Cause: err,
	}
}

// FromSignature puts the refusal of a signature into the words of STS, which differ
// in code and in two statuses from those of the fronts of AMP
// [O aws/aws-cli and SDK issues; the status of IncompleteSignature R].
func FromSignature(refusal *sigv4.Refusal) *awsquery.Error {
	e := &awsquery.Error{Status: refusal.Status, Code: refusal.Type, Message: refusal.Message, Reason: refusal.Hint, Cause: refusal}
	switch refusal.Type {
	case sigv4.TypeMissingAuthenticationToken:
		e.Code, e.Message = awsquery.CodeMissingToken, "Request is missing Authentication Token"
	case sigv4.TypeIncompleteSignature:
		e.Code, e.Status = "IncompleteSignature", http.StatusBadRequest
	case sigv4.TypeInvalidSignature:
		e.Code = "SignatureDoesNotMatch"
	case sigv4.TypeUnrecognizedClient:
		e.Code = "InvalidClientTokenId"
	case sigv4.TypeExpiredToken:
		e.Code = "ExpiredToken"
	}
	return e
}

// accessDenied refuses what a policy does not allow [O].
func accessDenied(message, reason string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusForbidden, Code: CodeAccessDenied, Message: message, Reason: reason}
}

// notAuthorized is the denial of an action on a role to a known principal
// [O prometheus-community/helm-charts#4687].
func notAuthorized(principal, action, resource, reason string) *awsquery.Error {
	return accessDenied("User: "+principal+" is not authorized to perform: "+action+" on resource: "+resource, reason)
}

// webIdentityDenied is the one text for every way in which a role does not trust a
// token: no such role, another provider, subject or audience [O].
func webIdentityDenied(reason string) *awsquery.Error {
	return accessDenied("Not authorized to perform sts:AssumeRoleWithWebIdentity", reason)
}

// invalidToken refuses a web identity token [O].
func invalidToken(message, reason string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: CodeInvalidIdentityToken, Message: message, Reason: reason}
}

// notJWT refuses what cannot be read as a signed JWT of an algorithm that AWS takes
// ([O] the first sentence, [R] the rest; that a wrong algorithm has this text is [I]).
func notJWT(reason string) *awsquery.Error {
	return invalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", reason)
}

// noProvider refuses a token of an issuer that the account does not know [O].
func noProvider(issuer string) *awsquery.Error {
	return invalidToken("No OpenIDConnect provider found in your account for "+issuer,
		"no OIDC provider of the account has this issuer: compare the token's claim iss with the identity file")
}

// noKey refuses a token whose signature could not be verified, because the key is
// unknown, or the keys could not be had. Two blanks as AWS writes them [O].
func noKey(reason string, cause error) *awsquery.Error {
	e := invalidToken("Couldn't retrieve verification key from your identity provider,  "+
		"please reference AssumeRoleWithWebIdentity documentation for requirements", reason)
	e.Cause = cause
	return e
}

// idpTimeout tells that the issuer did not answer in time, which clients retry. Code
// and status are [D]; that it stands for a time-out alone, while everything else is
// noKey, is [I]: noKey's text has been observed for issuers that answer wrongly or
// cannot be connected to. The text is [I].
func idpTimeout(issuer string, cause error) *awsquery.Error {
	return &awsquery.Error{
		Status: http.StatusBadRequest, Code: CodeIDPCommunication,
		Message: "The identity provider could not be reached: " + issuer,
		Reason:  "the issuer did not answer in time: " + cause.Error(), Cause: cause,
	}
}

// expired refuses a token after its time, in Unix seconds
// [O aws/aws-sdk-java-v2#5709].
func expired(now, expiry time.Time) *awsquery.Error {
	return &awsquery.Error{
		Status: http.StatusBadRequest, Code: CodeExpiredIdentityToken,
		Message: "Token expired: current date/time " + strconv.FormatInt(now.Unix(), 10) +
			" must be before the expiration date/time " + strconv.FormatInt(expiry.Unix(), 10),
		Reason: "the web identity token expired " + now.Sub(expiry).Round(time.Second).String() + " ago: has the client read its token file again?",
	}
}
