package sigv4

import (
	"strings"
)

// inspect names the likeliest cause of a mismatch that no guess explains, from what
// the request looks like. Nothing of it is proven.
func (i *investigation) inspect() Diagnosis {
	var missing []string
	for k, name := range i.names {
		if i.base.lines[k] == "" && name != strippedHeader && len(missing) < maxVaried {
			missing = append(missing, name)
		}
	}
	switch {
	case i.base.payload != i.payloadHash:
		return Diagnosis{Cause: CausePayloadHeader, Text: "The header X-Amz-Content-Sha256 is not the hash of the body that arrived, " +
			"and the signature does not match either: the body was changed after signing, or the client signs another way than AWS does." + i.circumstances()}
	case len(missing) > 0:
		return Diagnosis{Cause: CauseHeaderMissing, Text: "Signed headers did not arrive: " + strings.Join(missing, ", ") +
			". A proxy or the client's HTTP library took them away. Leave them unsigned, or let them pass." + i.circumstances()}
	case i.signs(strippedHeader):
		return Diagnosis{Cause: CauseHeaderStripped, Text: strippedText}
	case i.accepted:
		return Diagnosis{Cause: CauseContent, Text: "The key's secret is right for other requests of the day, so method, path, query, a signed " +
			"header or the body was changed after signing, or another client uses the key with an old secret." + i.circumstances()}
	}
	return Diagnosis{Cause: CauseWrongSecret, Text: "No usual change of the request explains the signature, and none signed with this key was " +
		"accepted today: the client's secret access key is most likely wrong. Check AWS_SECRET_ACCESS_KEY and the profile that the client reads." +
		i.circumstances()}
}

// circumstances lists what makes signatures fail and is seen on the request.
func (i *investigation) circumstances() string {
	var seen []string
	note := func(is bool, what string) {
		if is {
			seen = append(seen, what)
		}
	}
	header := func(name string) bool { return i.r.Header.Get(name) != "" }
	note(header("Via") || header("Forwarded") || header("X-Forwarded-For") || header("X-Forwarded-Host"), "it came through a proxy")
	for _, name := range []string{"user-agent", "accept-encoding", "connection", "te", "x-forwarded-for", "x-amzn-trace-id", "traceparent", "baggage"} {
		note(i.signs(name), "it signs "+name+", which proxies and tracers change")
	}
	note(strings.Contains(i.target.path, "//") || strings.Contains(i.target.path, "/."), "the path has double slashes or dot segments")
	note(strings.Contains(i.target.path, "%"), "the path has escapes")
	note(strings.Contains(i.target.query, "+"), "the query has plus signs")
	note(strings.Contains(i.target.query, "%25"), "the query has escaped percent signs")
	note(len(i.body) > 0 && i.r.ContentLength < 0, "the body came in chunks")
	note(i.base.size() > maxCanonical || i.budget <= 0, "it is too long for every usual change to be tried")
	if len(seen) == 0 {
		return ""
	}
	return " What to look at: " + strings.Join(seen, "; ") + "."
}
