package sigv4

import (
	"strings"
)

// Values of Diagnosis.Cause for a signature that does not match. They are stable,
// for logs, tests and tools; a refusal before the signature has its own in plain.go.
const (
	// CauseHost: the request was signed for another host than it arrived with.
	CauseHost = "host-changed"
	// CauseMethod: the request was signed with another method.
	CauseMethod = "method-changed"
	// CausePath: the request was signed for another path.
	CausePath = "path-changed"
	// CausePathEncoding: the path is the same, but was encoded by other rules.
	CausePathEncoding = "path-encoding"
	// CauseQueryEncoding: the query is the same, but was encoded by other rules.
	CauseQueryEncoding = "query-encoding"
	// CauseQueryTwice: the query was encoded twice before it was signed.
	CauseQueryTwice = "query-encoded-twice"
	// CauseQueryOrder: the parameters were signed unsorted.
	CauseQueryOrder = "query-order"
	// CauseQueryAdded: a parameter was added after signing.
	CauseQueryAdded = "query-added"
	// CauseQueryMoved: the parameters went from query to body or back after signing.
	CauseQueryMoved = "query-moved"
	// CauseHeaderMissing: a signed header did not arrive.
	CauseHeaderMissing = "header-missing"
	// CauseHeaderChanged: a signed header arrived with another value.
	CauseHeaderChanged = "header-changed"
	// CauseHeaderStripped: a header was signed that AMP's front takes away.
	CauseHeaderStripped = "header-stripped"
	// CauseHeaderList: SignedHeaders is not what the client signed.
	CauseHeaderList = "header-list"
	// CauseTokenAdded: the session token was added after signing.
	CauseTokenAdded = "token-added"
	// CauseEmptyBody: the hash of an empty body was signed for one that is not empty.
	CauseEmptyBody = "empty-body-hash"
	// CauseUnsignedPayload: the body was declared unsigned, which AMP does not take.
	CauseUnsignedPayload = "unsigned-payload"
	// CauseBody: the body is not the one that was signed.
	CauseBody = "body-changed"
	// CausePayloadHeader: X-Amz-Content-Sha256 is wrong, the signature right.
	CausePayloadHeader = "payload-hash-header"
	// CauseSecretForm: the secret is right but for blanks, quotes or an encoding.
	CauseSecretForm = "secret-form"
	// CauseStaleSigningKey: the derived key is of another day or scope.
	CauseStaleSigningKey = "stale-signing-key"
	// CauseDate: the date is not the one that was signed.
	CauseDate = "date-changed"
	// CauseSignature: the signature was right and was damaged.
	CauseSignature = "signature-damaged"
	// CauseWrongSecret: nothing explains it, and the key's secret never was right today.
	CauseWrongSecret = "wrong-secret"
	// CauseContent: nothing explains it, and the key's secret was right today.
	CauseContent = "content-changed"
)

// Diagnosis is why a request was refused, in plain words. It is for the operator's
// log and inspector and never part of an answer: to a client it would be an oracle.
type Diagnosis struct {
	// Cause is one of the Cause constants.
	Cause string
	// Text says what happened and what to do. It holds no value of a header or
	// parameter but hosts, dates and what names a scope.
	Text string
	// Proven says that the key's secret gives the very signature that was sent, once
	// what Cause names is undone. Unproven is the likeliest by inspection.
	Proven bool
	// ClientCanonicalRequest and ClientStringToSign are what the client signed, when
	// that is proven. The canonical request may hold a session token in clear.
	ClientCanonicalRequest, ClientStringToSign string
	// Difference is where the two canonical requests part.
	Difference Difference
}

// Difference is the first line in which the client's canonical request is not the
// server's. The zero value means that they do not differ, or that the client's is
// not known.
type Difference struct {
	// Line counts from 1.
	Line int
	// Client and Server are that line; one that ended earlier has an empty one. They
	// may hold a session token in clear.
	Client, Server string
}

// firstDifference compares line by line.
func firstDifference(client, server string) Difference {
	if client == server {
		return Difference{}
	}
	for line := 1; ; line++ {
		var c, s string
		var moreC, moreS bool
		c, client, moreC = strings.Cut(client, "\n")
		s, server, moreS = strings.Cut(server, "\n")
		if c != s || moreC != moreS {
			return Difference{Line: line, Client: c, Server: s}
		}
	}
}

// diagnose finds out why a signature does not match. The secret is known, so every
// plausible change between signing and arrival can be undone in turn and the
// signature computed again: the one that gives the signature sent is the cause.
// Otherwise the request is looked at for what usually goes wrong.
func (i *investigation) diagnose() Diagnosis {
	if text, ok := i.damaged(); ok {
		return Diagnosis{Cause: CauseSignature, Text: text, Proven: true, ClientCanonicalRequest: i.canonical, ClientStringToSign: i.stringToSign}
	}
	if i.base.size() <= maxCanonical {
		for g := range i.guesses {
			canonical, toSign, ok := i.try(&g.claim)
			if !ok {
				continue
			}
			return Diagnosis{
				Cause: g.cause, Text: g.text, Proven: true,
				ClientCanonicalRequest: canonical, ClientStringToSign: toSign,
				Difference: firstDifference(canonical, i.canonical),
			}
		}
	}
	return i.inspect()
}

// guesses yields what the client may have signed, the likely before the rare, until
// nobody wants more or the budget is spent.
func (i *investigation) guesses(yield func(guess) bool) {
	within := func(g guess) bool { return i.budget > 0 && yield(g) }
	for _, topic := range []func(func(guess) bool) bool{
		i.stripped, i.payloads, i.hosts, i.queries, i.paths, i.moved, i.methods, i.secrets, i.headers, i.hostsAndPayloads, i.dates,
		i.undoneEscapes,
	} {
		if !topic(within) {
			return
		}
	}
}

// damaged recognises our own signature in one that was cut, spelled otherwise or
// changed in a few places. Two different MACs agree in about 4 of 64 places.
func (i *investigation) damaged() (string, bool) {
	right, sent := i.signature, i.auth.signature
	const remedy = " Send the Authorization header exactly as the signer wrote it."
	switch {
	case i.base.payload != i.payloadHash:
	case strings.EqualFold(strings.TrimSpace(sent), right):
		return "The signature is right, but it is not written as 64 lower-case hex digits." + remedy, true
	case len(sent) >= len(right)/4 && len(sent) < len(right) && strings.HasPrefix(right, sent):
		return "The signature is right, but its end was cut off." + remedy, true
	case len(sent) > len(right) && strings.HasPrefix(sent, right):
		return "The signature is right, but something was appended to it." + remedy, true
	case len(sent) == len(right):
		same := 0
		for k := range len(right) {
			if right[k] == sent[k] {
				same++
			}
		}
		if same >= len(right)*3/4 {
			return "The signature differs from the right one in a few digits only: it was damaged after signing." + remedy, true
		}
	}
	return "", false
}
