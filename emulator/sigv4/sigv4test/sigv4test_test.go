package sigv4test_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
	"github.com/ampersand-amp/ampersand/emulator/sigv4/sigv4test"
)

// inHeader and inQuery are requests with something in every place.
const inHeader = "POST /workspaces/ws-1/api/v1/query?a=b+c&d HTTP/1.1\r\nHost: h:1\r\nContent-Length: 5\r\nContent-Type:  application/json \r\n" +
	"X-Unsigned: host: x-amz-date\r\nX-Amz-Date: 20260102T030405Z\r\nX-Amz-Security-Token: tok/en\r\n" +
	"Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/aps/aws4_request, " +
	"SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token, Signature=0123456789abcdef\r\n\r\nhello"

const inQuery = "GET /x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260102%2Fus-east-1%2Faps%2Faws4_request&X-Amz-Date=20260102T030405Z" +
	"&X-Amz-Security-Token=tok%2Fen&X-Amz-SignedHeaders=host%3Bx-b&query=up&X-Amz-Signature=0123456789abcdef HTTP/1.1\r\nHost: h\r\nX-B: c\r\n\r\n"

// TestSpots finds every place, and changes exactly one byte of it.
func TestSpots(t *testing.T) {
	scope := []string{"AKID", "/", "20260102", "/", "us-east-1", "/", "aps", "/", "aws4_request"}
	escaped := slices.Clone(scope)
	for n := 1; n < len(escaped); n += 2 {
		escaped[n] = "%2F"
	}
	for name, tt := range map[string]struct {
		request string
		places  []string
	}{
		"header": {inHeader, slices.Concat([]string{"a=b+c&d", "workspaces/ws-1/api/v1/query", "AWS4-HMAC-SHA256"}, scope, []string{
			"content-length;content-type;host;x-amz-date;x-amz-security-token", "0123456789abcdef", "tok/en", "5", "application/json", "h:1",
			"20260102T030405Z", "hello",
		})},
		"query": {inQuery, slices.Concat([]string{"AWS4-HMAC-SHA256"}, escaped, []string{
			"20260102T030405Z", "tok%2Fen", "host%3Bx-b", "query=up", "0123456789abcdef", "x", "h", "c",
		})},
	} {
		t.Run(name, func(t *testing.T) {
			request := sigv4test.Request(tt.request)
			var places []string
			for _, spot := range sigv4test.Spots(request) {
				first := spot.Change(0).Offset
				places = append(places, string(request[first:first+spot.Len()]))
				for n := range spot.Len() {
					changed := spot.Change(n)
					require.Len(t, changed.Request, len(request))
					for k := range request {
						require.Equal(t, k == first+n, request[k] != changed.Request[k], "byte %d of %s", k, spot.Place)
					}
				}
			}
			require.Equal(t, tt.places, places)
			require.Equal(t, tt.request, string(request), "the original stays")
		})
	}
}

// TestWrong shows that the judgement can be negative: for each place every cause but
// the right ones is wrong, and so is a proof where there can be none.
func TestWrong(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 10, 0, time.UTC)
	const skew = 5 * time.Minute
	all := []string{
		"", "unknown-route", "body-unreadable", sigv4.CauseContent, sigv4.CauseWrongSecret, sigv4.CauseSignature, sigv4.CauseHost, sigv4.CauseBody,
		sigv4.CauseHeaderChanged, sigv4.CauseHeaderMissing, sigv4.CauseDate, sigv4.CauseClockAhead, sigv4.CauseClockBehind, sigv4.CauseRegion,
		sigv4.CauseService, sigv4.CauseScope, sigv4.CauseTokenOther, sigv4.ReasonUnknownKey, sigv4.ReasonBadDate, sigv4.ReasonHostNotSigned,
		sigv4.ReasonUnsupportedAlgorithm, sigv4.ReasonBadCredential,
	}
	for _, raw := range []string{inHeader, inQuery} {
		for _, spot := range sigv4test.Spots(sigv4test.Request(raw)) {
			for n := range spot.Len() {
				right := 0
				for _, cause := range all {
					for _, proven := range []bool{false, true} {
						if spot.Change(n).Wrong(cause, proven, skew, now) == nil {
							right++
						}
					}
				}
				most := 1
				if spot.Place == sigv4test.PlacePath {
					most = 2 // whoever knows the routes tells which
				}
				require.Equal(t, most, right, "byte %d of %s", n, spot.Place)
			}
		}
	}
}

// TestTap passes requests on as they are.
func TestTap(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("X-Amzn-RequestId", "id-"+string(body))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, strings.Repeat("answer", 2000))
	}))
	defer server.Close()
	seen := make(chan sigv4test.Exchange, 1)
	tap, err := sigv4test.NewTap(context.Background(), server.Listener.Addr().String(), func(x sigv4test.Exchange) { seen <- x })
	require.NoError(t, err)
	sender := &sigv4test.Sender{Address: tap.Address()}
	for range 2 { // over one connection
		answer, err := sender.Send(t.Context(), sigv4test.Request(inHeader), false)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, answer.Status)
		require.Equal(t, strings.Repeat("answer", 2000), answer.Body)
		got := <-seen
		require.Equal(t, inHeader, string(got.Request))
		require.Equal(t, "POST", got.Request.Method())
		require.Equal(t, "/workspaces/ws-1/api/v1/query?a=b+c&d", got.Request.Target())
		require.Equal(t, "application/json", got.Request.Header("content-type"))
		require.Equal(t, "hello", string(got.Request.Body()))
		require.Equal(t, http.StatusAccepted, got.Status)
		require.Equal(t, "id-hello", got.ID)
	}
	sender.Close()
	require.NoError(t, tap.Close())
}

// TestTapSaysWhatItCannotPass does not lose what goes wrong.
func TestTapSaysWhatItCannotPass(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for name, tt := range map[string]struct{ server, request, says string }{
		"chunks":    {"", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "in chunks"},
		"no server": {address, inHeader, "reach the server"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.NotFoundHandler())
			defer server.Close()
			if tt.server == "" {
				tt.server = server.Listener.Addr().String()
			}
			tap, err := sigv4test.NewTap(context.Background(), tt.server, func(sigv4test.Exchange) {})
			require.NoError(t, err)
			_, err = (&sigv4test.Sender{Address: tap.Address()}).Send(t.Context(), sigv4test.Request(tt.request), false)
			require.Error(t, err)
			require.ErrorContains(t, tap.Close(), tt.says)
		})
	}
}
