package sigv4_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/sigv4"
)

// TestPlainCauses says in plain words what AWS leaves open, for every refusal that
// comes before the signature.
func TestPlainCauses(t *testing.T) {
	const date = "X-Amz-Date: " + signedDate + "\n"
	scoped := func(s string, lines ...string) string {
		return request("", date, strings.Join(lines, ""), authorization("Credential="+s, goodHeaders, someSignature))
	}
	key := func(id string, lines ...string) string { return scoped(id+"/"+scope, lines...) }
	presigned := "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIASESSION%2F20150830%2Fus-east-1%2Faps%2Faws4_request" +
		"&X-Amz-Date=" + signedDate + "&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
	tests := []struct {
		name, raw, cause, text string
		offset                 time.Duration
	}{
		{"S02: unsigned", request("", date), sigv4.ReasonMissingToken, "not signed", 0},
		{"both places", request(presigned, date, authorization(goodCredential, goodHeaders, someSignature)), sigv4.ReasonBothPlaces, "twice", 0},
		{"bearer", request("", "Authorization: Bearer hunter2hunter2\n", date), sigv4.ReasonMalformedHeader, "bearer credentials", 0},
		{"no equal sign", request("", date, authorization("Credential")), sigv4.ReasonMalformedHeader, "key=value", 0},
		{"basic", request("", "Authorization: Basic dXNlcjpwYXNzd29yZA==\n", date), sigv4.ReasonMissingParameter, "basic credentials", 0},
		{"parts missing", request("", authorization(goodCredential, goodHeaders)), sigv4.ReasonMissingParameter, "Signature, X-Amz-Date missing", 0},
		{"presigned part missing", request(strings.Replace(presigned, "&X-Amz-Signature=0", "", 1)), sigv4.ReasonMissingParameter, "incomplete: Signature missing", 0},
		{"SigV4a", request("", date, "Authorization: AWS4-ECDSA-P256-SHA256 "+goodCredential+", "+goodHeaders+", "+someSignature+"\n"), sigv4.ReasonUnsupportedAlgorithm, "SigV4a", 0},
		{"host not signed", request("", date, authorization(goodCredential, "SignedHeaders=x-amz-date", someSignature)), sigv4.ReasonHostNotSigned, "host", 0},
		{"date", request("", "X-Amz-Date: today\n", authorization(goodCredential, goodHeaders, someSignature)), sigv4.ReasonBadDate, "UTC", 0},
		{"S12: clock 7 minutes behind", key(keyID), sigv4.CauseClockBehind, "7m3s ago", 7*time.Minute + 3*time.Second},
		{"S12: clock 7 minutes ahead", key(keyID), sigv4.CauseClockAhead, "7m3s ahead", -7*time.Minute - 3*time.Second},
		{"credential", scoped("a/b"), sigv4.ReasonBadCredential, "KEY/DATE/REGION/SERVICE", 0},
		{"S01: region empty", scoped(keyID + "/20150830//aps/aws4_request"), sigv4.CauseRegionEmpty, "awsRegion", 0},
		{"another region", scoped(keyID + "/20150830/eu-west-1/aps/aws4_request"), sigv4.CauseRegion, `"eu-west-1"`, 0},
		{"another service", scoped(keyID + "/20150830/us-east-1/execute-api/aws4_request"), sigv4.CauseService, `"execute-api"`, 0},
		{"terminator", scoped(keyID + "/20150830/us-east-1/aps/aws5"), sigv4.CauseScope, "aws4_request", 0},
		{"day", scoped(keyID + "/20150829/us-east-1/aps/aws4_request"), sigv4.CauseScope, `"20150829"`, 0},
		{"unknown key", key("AKIDNOBODY"), sigv4.ReasonUnknownKey, "no such access key", 0},
		{"unknown session", key("ASIANOBODY"), sigv4.ReasonUnknownKey, "another STS", 0},
		{"no key", key(""), sigv4.ReasonUnknownKey, "empty", 0},
		{"key with a blank", key(keyID + " "), sigv4.CauseKeyForm, "right but for", 0},
		{"key with an escaped newline", key(keyID + "%0A"), sigv4.CauseKeyForm, "right but for", 0},
		{"key in quotes", key(`"` + keyID + `"`), sigv4.CauseKeyForm, "right but for", 0},
		{"key in lower case", key(strings.ToLower(keyID)), sigv4.CauseKeyForm, "case", 0},
		{"secret as key", key("wJalrXUtnFEMIK7MDENG"), sigv4.CauseKeySwapped, "swapped", 0},
		{"S04: no token", key("ASIASESSION"), sigv4.CauseTokenMissing, "AWS_SESSION_TOKEN", 0},
		{"token of another session", key("ASIASESSION", "X-Amz-Security-Token: other\n"), sigv4.CauseTokenOther, "another session", 0},
		{"token in quotes", key("ASIASESSION", "X-Amz-Security-Token: \"TOKEN/+=\"\n"), sigv4.CauseTokenForm, "quotes", 0},
		{"token in the header of a presigned request", request(presigned, "X-Amz-Security-Token: TOKEN/+=\n"), sigv4.CauseTokenPlace, "wrong place", 0},
		{"token of a long-lived key", key(keyID, "X-Amz-Security-Token: stale\n"), sigv4.ReasonTokenWithLongLivedKey, "Unset AWS_SESSION_TOKEN", 0},
		{"S05: session over", key("ASIAOVER", "X-Amz-Security-Token: TOKEN/+=\n"), sigv4.ReasonExpiredToken, "2015-08-30T12:36:00Z, 1m2s ago", 62 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := wire(t, tt.raw)
			d := refused(t, newVerifier(tt.offset), r, body).Diagnosis
			require.Equal(t, tt.cause, d.Cause, d.Text)
			require.Contains(t, d.Text, tt.text)
			require.False(t, d.Proven)
			for _, planted := range []string{"hunter2", "dXNlcj", "wJalr", "TOKEN/", "stale"} {
				require.NotContains(t, d.Text, planted)
			}
		})
	}
}
