package awsapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
)

func TestWrite(t *testing.T) {
	const ws = "AWS::APS::Workspace"
	tests := map[string]struct {
		err     *awsapi.Error
		status  int
		errType string
		body    string
		retry   string
	}{
		"front": {
			err:    awsapi.MissingAuthenticationToken(),
			status: 403, errType: "MissingAuthenticationTokenException",
			body: `{"message":"Missing Authentication Token"}`,
		},
		"front keeps HTML characters and newlines of a canonical request": {
			err:    awsapi.FrontError(403, "InvalidSignatureException", "should have been\n'a&b<c>'"),
			status: 403, errType: "InvalidSignatureException",
			body: `{"message":"should have been\n'a&b<c>'"}`,
		},
		"too large": {
			err:    awsapi.RequestTooLarge(),
			status: 413, errType: "RequestEntityTooLargeException",
			body: `{"message":"Request Entity Too Large"}`,
		},
		"access dialect has a capital M": {
			err:    awsapi.WorkspaceNotFound(),
			status: 404, errType: "ResourceNotFoundException",
			body: `{"Message":"Workspace not found"}`,
		},
		"not found": {
			err:    awsapi.NotFound("Workspace not found", ws, "ws-1"),
			status: 404, errType: "ResourceNotFoundException",
			body: `{"message":"Workspace not found","resourceId":"ws-1","resourceType":"AWS::APS::Workspace"}`,
		},
		"conflict": {
			err:    awsapi.Conflict("taken", ws, "ws-1"),
			status: 409, errType: "ConflictException",
			body: `{"message":"taken","resourceId":"ws-1","resourceType":"AWS::APS::Workspace"}`,
		},
		"quota is 402": {
			err:    awsapi.QuotaExceeded("Limit exceeded.", "L-1", ws, "ws-1"),
			status: 402, errType: "ServiceQuotaExceededException",
			body: `{"message":"Limit exceeded.","resourceId":"ws-1","resourceType":"AWS::APS::Workspace","serviceCode":"aps","quotaCode":"L-1"}`,
		},
		"validation": {
			err:    awsapi.Validation(awsapi.ReasonFieldValidationFailed, "bad", awsapi.Field{Name: "alias", Message: "too long"}),
			status: 400, errType: "ValidationException",
			body: `{"message":"bad","reason":"FIELD_VALIDATION_FAILED","fieldList":[{"name":"alias","message":"too long"}]}`,
		},
		"throttling rounds Retry-After up": {
			err: &awsapi.Error{
				Dialect: awsapi.Control, Status: 429, Type: awsapi.TypeThrottling,
				Message: "Rate exceeded", RetryAfter: 1100 * time.Millisecond,
			},
			status: 429, errType: "ThrottlingException", retry: "2",
			body: `{"message":"Rate exceeded"}`,
		},
		"internal hides its cause": {
			err:    awsapi.Internal(errors.New("disk full")),
			status: 500, errType: "InternalServerException",
			body: `{"message":"Internal server error"}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			awsapi.Write(rec, tc.err)
			res := rec.Result()
			defer func() { _ = res.Body.Close() }()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.Equal(t, tc.body, string(body))
			require.Equal(t, tc.status, res.StatusCode)
			require.Equal(t, tc.errType, res.Header.Get("x-amzn-ErrorType"))
			require.Equal(t, "application/json", res.Header.Get("Content-Type"))
			require.Equal(t, tc.retry, res.Header.Get("Retry-After"))
		})
	}
}

func TestErrorUnwrapsItsCause(t *testing.T) {
	cause := errors.New("disk full")
	err := awsapi.Internal(cause)
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, "disk full")
	require.EqualError(t, awsapi.WorkspaceNotFound(), "ResourceNotFoundException: Workspace not found")
}

func TestWriteJSONOfWhatCannotBeEncoded(t *testing.T) {
	rec := httptest.NewRecorder()
	awsapi.WriteJSON(rec, http.StatusOK, make(chan int))
	require.Equal(t, http.StatusInternalServerError, rec.Code)
	require.JSONEq(t, `{"message":"Internal server error"}`, rec.Body.String())
}

func TestRequestID(t *testing.T) {
	id := awsapi.NewRequestID()
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	require.NotEqual(t, id, awsapi.NewRequestID())

	require.Equal(t, id, awsapi.RequestID(awsapi.WithRequestID(context.Background(), id)))
	require.Empty(t, awsapi.RequestID(context.Background()))

	h := http.Header{}
	awsapi.SetHeaders(h, id, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("x", 3600)))
	require.Equal(t, id, h.Get("x-amzn-RequestId"))
	require.Equal(t, "Fri, 02 Jan 2026 02:04:05 GMT", h.Get("Date"))
}
