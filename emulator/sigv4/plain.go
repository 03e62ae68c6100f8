package sigv4

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Values of Diagnosis.Cause for what is refused before the signature is computed.
// Where a reason has one cause, the two are the same word.
const (
	// CauseClockBehind: the client's clock is behind, or the request was on its way for long.
	CauseClockBehind = "clock-behind"
	// CauseClockAhead: the client's clock is ahead.
	CauseClockAhead = "clock-ahead"
	// CauseRegionEmpty: the client signs for no region.
	CauseRegionEmpty = "region-empty"
	// CauseRegion: the client signs for another region.
	CauseRegion = "region-wrong"
	// CauseService: the client signs for another service.
	CauseService = "service-wrong"
	// CauseScope: the credential scope's end or day is wrong.
	CauseScope = "scope-wrong"
	// CauseKeyForm: the key id is right but for blanks, quotes or case.
	CauseKeyForm = "key-form"
	// CauseKeySwapped: the key id looks like a secret access key.
	CauseKeySwapped = "key-swapped"
	// CauseTokenMissing: a session's key without its token.
	CauseTokenMissing = "token-missing"
	// CauseTokenPlace: the token came where it does not count.
	CauseTokenPlace = "token-misplaced"
	// CauseTokenForm: the token is right but for blanks or quotes.
	CauseTokenForm = "token-form"
	// CauseTokenOther: the token is another session's.
	CauseTokenOther = "token-of-another-session"
)

// plain says in plain words why a request was refused before its signature was
// computed. It never repeats what the client sent but dates, region and service.
func (v *Verifier) plain(reason string, r *http.Request, auth authorization) Diagnosis {
	d := Diagnosis{Cause: reason}
	switch reason {
	case ReasonMissingToken:
		d.Text = "The request is not signed: it has neither an Authorization header nor a presigned query. The client found no " +
			"credentials, or signing is not switched on (KEDA sends unsigned requests when a part of its AWS settings is missing)."
	case ReasonBothPlaces:
		d.Text = "The request is signed twice, in the Authorization header and in the query. Use one of them; a proxy in the middle may add the other."
	case ReasonMalformedHeader:
		d.Text = "The Authorization header is not one of Signature Version 4: a part of it is no key=value. " + scheme(r)
	case ReasonMissingParameter:
		d.Text = "The signature is incomplete: " + strings.Join(missingParts(auth), ", ") + " missing. " + scheme(r)
	case ReasonUnsupportedAlgorithm:
		d.Text = "AMP takes " + algorithm + " only. Switch SigV4a (signing for several regions) off in the client."
	case ReasonHostNotSigned:
		d.Text = "SignedHeaders does not name host, in lower case. Every signature must cover the Host header."
	case ReasonRepeatedHeader:
		d.Text = "SignedHeaders names a header twice. Name each header once, in lower case, sorted; the values of a header that is sent twice " +
			"are joined in one line."
	case ReasonBadDate:
		d.Text = "The date is not of the form " + isoBasic + ". Send X-Amz-Date in that form, in UTC."
	case ReasonExpired, ReasonNotYetCurrent:
		return v.plainClock(reason, auth)
	case ReasonBadCredential:
		d.Text = "The credential is not KEY/DATE/REGION/SERVICE/" + terminator + ". A slash in it hints at a secret in the place of the key's id."
	case ReasonBadScope:
		return v.plainScope(auth)
	case ReasonUnknownKey:
		return v.plainKey(auth)
	case ReasonBadToken:
		return v.plainToken(r, auth)
	case ReasonTokenWithLongLivedKey:
		d.Text = "A session token was sent with a long-lived access key, which has none. Unset AWS_SESSION_TOKEN, or remove aws_session_token from the profile."
	case ReasonExpiredToken:
		d.Text = "The session is over. Get new credentials from STS, or have the client refresh them before they expire."
		if key, ok := v.keys.LookupKey(auth.accessKeyID()); ok {
			d.Text = "The session ended at " + key.Expires.UTC().Format(time.RFC3339) + ", " + span(v.now().Sub(key.Expires)) +
				" ago. Get new credentials from STS, or have the client refresh them before they expire."
		}
	}
	return d
}

// scheme says what stands in the Authorization header if it is none of AWS's.
func scheme(r *http.Request) string {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(r.Header.Get("Authorization"))), " ")
	switch word {
	case "bearer", "basic", "digest", "negotiate":
		return "It holds " + word + " credentials: remove them and let the client sign with AWS keys."
	}
	return "Use the signer of an AWS SDK, and let nothing rewrite the header."
}

// missingParts names what the signature lacks.
func missingParts(auth authorization) []string {
	var parts []string
	for _, p := range []struct {
		missing bool
		name    string
	}{
		{auth.credential == "", "Credential"}, {len(auth.signedHeaders) == 0, "SignedHeaders"},
		{auth.signature == "", "Signature"}, {auth.date == "", "X-Amz-Date"},
	} {
		if p.missing {
			parts = append(parts, p.name)
		}
	}
	return parts
}

// plainClock says how far the client's clock is off, and to which side.
func (v *Verifier) plainClock(reason string, auth authorization) Diagnosis {
	when, _ := parseDate(auth.date) // it was parsed before the skew was judged
	off := v.now().UTC().Truncate(time.Second).Sub(when)
	if reason == ReasonNotYetCurrent {
		return Diagnosis{Cause: CauseClockAhead, Text: "The client's clock is " + span(-off) + " ahead of the server's; " + span(v.maxSkew) +
			" are allowed. Set the client's clock (NTP)."}
	}
	return Diagnosis{Cause: CauseClockBehind, Text: "The request was signed " + span(off) + " ago by the server's clock; " + span(v.maxSkew) +
		" are allowed. The client's clock is behind (NTP), or the request was held back and sent again without signing it anew."}
}

// plainScope says what of the scope is wrong, the first of several.
func (v *Verifier) plainScope(auth authorization) Diagnosis {
	element := strings.Split(auth.credential, "/")
	if len(element) != 5 {
		return Diagnosis{Cause: CauseScope, Text: "The credential scope is not of five elements."}
	}
	switch {
	case element[2] == "":
		return Diagnosis{Cause: CauseRegionEmpty, Text: "The client signs for no region at all. Set AWS_REGION, awsRegion of KEDA's trigger, or region of " +
			"sigv4 to " + v.region + "."}
	case element[2] != v.region:
		return Diagnosis{Cause: CauseRegion, Text: fmt.Sprintf("The client signs for the region %.64q, but this endpoint is of %s. "+
			"Set the client's region, or start the emulator with --region.", element[2], v.region)}
	case element[3] != v.service:
		return Diagnosis{Cause: CauseService, Text: fmt.Sprintf("The client signs for the service %.64q, but this endpoint wants %s. "+
			"Set the client's signing name (service: %s).", element[3], v.service, v.service)}
	case element[4] != terminator:
		return Diagnosis{Cause: CauseScope, Text: "The credential scope does not end in " + terminator + "."}
	}
	return Diagnosis{Cause: CauseScope, Text: fmt.Sprintf("The day of the credential scope, %.16q, is not the day of the request's date, %s. "+
		"Take both from one reading of the clock, in UTC.", element[1], auth.date)}
}

// plainKey looks for a known key that the unknown one may be meant to be.
func (v *Verifier) plainKey(auth authorization) Diagnosis {
	id := auth.accessKeyID()
	const check = "Check AWS_ACCESS_KEY_ID, and the profile that the client reads."
	clean := strings.Trim(decode(id), " \t\r\n\"'\\")
	for _, near := range []string{clean, strings.ToUpper(clean), strings.ToLower(clean)} {
		if v.keys == nil || near == id {
			continue
		}
		if _, ok := v.keys.LookupKey(near); ok {
			return Diagnosis{Cause: CauseKeyForm, Text: "The access key id is right but for blanks, quotes or the case of its letters. " + check}
		}
	}
	switch {
	case id == "":
		return Diagnosis{Cause: ReasonUnknownKey, Text: "The access key id is empty. " + check}
	case looksSecret(id):
		return Diagnosis{Cause: CauseKeySwapped, Text: "The access key id looks like a secret access key: the two may be swapped. " + check}
	case strings.HasPrefix(id, "ASIA"):
		return Diagnosis{Cause: ReasonUnknownKey, Text: "There is no such access key. ASIA begins the key of a session: it was issued by another " +
			"STS (AWS's own, or an emulator that was started anew), or was revoked. " + check}
	}
	return Diagnosis{Cause: ReasonUnknownKey, Text: "There is no such access key in this account: it was deleted, deactivated, or belongs to another account. " + check}
}

// looksSecret reports whether an access key id has what only secrets have: letters
// of both cases in some length ([D]: AWS's ids are of upper-case letters and digits).
func looksSecret(id string) bool {
	return len(id) >= 16 && strings.ToUpper(id) != id && strings.ToLower(id) != id
}

// plainToken says what is wrong with a session's token.
func (v *Verifier) plainToken(r *http.Request, auth authorization) Diagnosis {
	key, _ := v.keys.LookupKey(auth.accessKeyID())
	elsewhere := r.Header.Get("X-Amz-Security-Token")
	if !auth.presigned {
		elsewhere, _ = queryParam(splitTarget(r).query, paramSecurityToken)
	}
	switch {
	case auth.token == "" && elsewhere != "":
		return Diagnosis{Cause: CauseTokenPlace, Text: "The session token came in the wrong place: it belongs where the signature is, in the header " +
			"X-Amz-Security-Token beside an Authorization header, in the query of a presigned request."}
	case auth.token == "":
		return Diagnosis{Cause: CauseTokenMissing, Text: "The key belongs to a session, and its session token was not sent. Set AWS_SESSION_TOKEN too; " +
			"a proxy may have dropped the header X-Amz-Security-Token."}
	case key.SessionToken != "" && strings.Trim(auth.token, " \t\r\n\"'") == key.SessionToken:
		return Diagnosis{Cause: CauseTokenForm, Text: "The session token is right but for blanks or quotes around it. Set AWS_SESSION_TOKEN to the token alone."}
	}
	return Diagnosis{Cause: CauseTokenOther, Text: "The session token is not the one that was issued with the key: it is of another session, or was cut. " +
		"Take key, secret and token from the same answer of STS."}
}

// span prints a length of time in whole seconds: 7m3s.
func span(d time.Duration) string { return d.Truncate(time.Second).String() }
