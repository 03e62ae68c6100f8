package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// mismatchText opens every signature mismatch. [O at AMP] amp-api.md 1.5 row 16.
const mismatchText = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// refuseMissingToken is row 1. [O at AMP] amp-api.md 1.5.
func refuseMissingToken() *Refusal {
	return refuse(TypeMissingAuthenticationToken, ReasonMissingToken, "Missing Authentication Token")
}

// refuseBothPlaces is the mismatch without detail. [SS] amp-api.md 5.1, presigned query.
func refuseBothPlaces() *Refusal {
	return refuse(TypeInvalidSignature, ReasonBothPlaces, mismatchText)
}

// refuseRepeatedHeader is the mismatch without detail: no signer names a header twice, so
// its canonical request is none, and building one would let each name of two bytes
// repeat a header of any length. [I]: no evidence of what AWS answers.
func refuseRepeatedHeader() *Refusal {
	return refuse(TypeInvalidSignature, ReasonRepeatedHeader, mismatchText)
}

// refuseMalformedHeader is row 2. [O at API Gateway] amp-api.md 1.5; that the hash is
// taken over the whole header is [I] from the older form, which printed it.
func refuseMalformedHeader(header string) *Refusal {
	return refuse(TypeIncompleteSignature, ReasonMalformedHeader,
		"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"+
			hashed(header)+"'.")
}

// refuseMissingParameters is row 3. [O at API Gateway; SS] amp-api.md 1.5; that the
// hash is of the algorithm is [I] from the older form, which printed it.
func refuseMissingParameters(alg string, credential, signature, signedHeaders, date bool) *Refusal {
	var text strings.Builder
	for _, m := range []struct {
		missing bool
		text    string
	}{
		{credential, "Authorization header requires 'Credential' parameter. "},
		{signature, "Authorization header requires 'Signature' parameter. "},
		{signedHeaders, "Authorization header requires 'SignedHeaders' parameter. "},
		{date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "},
	} {
		if m.missing {
			text.WriteString(m.text)
		}
	}
	text.WriteString("(Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed(alg))
	return refuse(TypeIncompleteSignature, ReasonMissingParameter, text.String())
}

// refuseMissingQueryParameters is row 3 for a presigned request. [SS], not in amp-api.md.
func refuseMissingQueryParameters(credential, signature, signedHeaders, date bool) *Refusal {
	var text strings.Builder
	for _, m := range []struct {
		missing bool
		name    string
	}{
		{credential, paramCredential},
		{signature, paramSignature},
		{signedHeaders, paramSignedHeaders},
		{date, paramDate},
	} {
		if m.missing {
			text.WriteString("AWS query-string parameters must include '" + m.name + "'. ")
		}
	}
	text.WriteString("Re-examine the query-string parameters.")
	return refuse(TypeIncompleteSignature, ReasonMissingParameter, text.String())
}

// refuseAlgorithm is row 4. [SS] amp-api.md 1.5.
func refuseAlgorithm(alg string) *Refusal {
	return refuse(TypeIncompleteSignature, ReasonUnsupportedAlgorithm, "Unsupported AWS 'algorithm': '"+alg+"'")
}

// refuseHostNotSigned is row 5. [SS] amp-api.md 1.5.
func refuseHostNotSigned() *Refusal {
	return refuse(TypeInvalidSignature, ReasonHostNotSigned,
		"'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
}

// refuseBadDate is row 6. [SS] amp-api.md 1.5.
func refuseBadDate(date string) *Refusal {
	return refuse(TypeIncompleteSignature, ReasonBadDate,
		"Date must be in ISO-8601 'basic format'. Got '"+date+"'. See http://en.wikipedia.org/wiki/ISO_8601")
}

// refuseExpired is row 7. [O] amp-api.md 1.5.
func refuseExpired(when, now time.Time, skew time.Duration) *Refusal {
	return refuse(TypeInvalidSignature, ReasonExpired, "Signature expired: "+when.Format(isoBasic)+" is now earlier than "+
		now.Add(-skew).Format(isoBasic)+" ("+now.Format(isoBasic)+" - "+minutes(skew)+" min.)")
}

// refuseNotYetCurrent is row 8. [O at API Gateway] amp-api.md 1.5.
func refuseNotYetCurrent(when, now time.Time, skew time.Duration) *Refusal {
	return refuse(TypeInvalidSignature, ReasonNotYetCurrent, "Signature not yet current: "+when.Format(isoBasic)+" is still later than "+
		now.Add(skew).Format(isoBasic)+" ("+now.Format(isoBasic)+" + "+minutes(skew)+" min.)")
}

// refuseBadCredential is row 9. [SS] amp-api.md 1.5.
func refuseBadCredential(credential string) *Refusal {
	return refuse(TypeIncompleteSignature, ReasonBadCredential,
		"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+credential+"'")
}

// refuseBadScope is rows 10 to 13, whose text checkScope puts together.
// Row 10 is [O at AMP], 11 [O at other services], 12 [SS], 13 [SS, O] amp-api.md 1.5.
func refuseBadScope(text string) *Refusal {
	return refuse(TypeInvalidSignature, ReasonBadScope, text)
}

// refuseToken is row 14, for an unknown key as for a wrong token: AWS does not say
// which. [O at API Gateway] amp-api.md 1.5.
func refuseToken(reason string) *Refusal {
	return refuse(TypeUnrecognizedClient, reason, "The security token included in the request is invalid.")
}

// refuseExpiredToken is row 15, without a full stop. [O at API Gateway] amp-api.md 1.5.
func refuseExpiredToken() *Refusal {
	return refuse(TypeExpiredToken, ReasonExpiredToken, "The security token included in the request is expired")
}

// refuseMismatch is row 16. [O at AMP up to the token line, the rest O at API
// Gateway] amp-api.md 1.5, the block below the table.
func refuseMismatch(reason, canonical, toSign string) *Refusal {
	r := refuse(TypeInvalidSignature, reason, mismatchText+
		"\n\nThe Canonical String for this request should have been\n'"+canonical+
		"'\n\nThe String-to-Sign should have been\n'"+toSign+"'\n")
	r.CanonicalRequest, r.StringToSign = canonical, toSign
	return r
}

// hashed is how AWS shows what it will not repeat: base64 of the SHA-256.
func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// minutes prints a skew in minutes, a whole number as AWS does wherever it is one.
func minutes(d time.Duration) string {
	return strconv.FormatFloat(d.Minutes(), 'g', -1, 64)
}
