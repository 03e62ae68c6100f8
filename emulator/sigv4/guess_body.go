package sigv4

import (
	"bytes"
	"net/http"
)

// Values that stand in the place of a payload hash ([D] for S3 alone, amp-api.md 5.1).
const (
	unsignedPayload  = "UNSIGNED-PAYLOAD"
	streamingPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
)

// payloads undoes what clients do to the payload hash.
func (i *investigation) payloads(yield func(guess) bool) bool {
	try := func(payload string) bool {
		meaning := i.payloadMeaning(payload)
		meaning.claim = i.base
		meaning.claim.payload = payload
		return yield(meaning)
	}
	if i.base.payload != i.payloadHash { // X-Amz-Content-Sha256 says otherwise
		if !try(i.base.payload) || !try(i.payloadHash) {
			return false
		}
	}
	for _, payload := range []string{emptyHash, unsignedPayload, streamingPayload, ""} {
		if payload != i.payloadHash && !try(payload) {
			return false
		}
	}
	if len(i.body) == 0 || len(i.body) > maxRehashed {
		return true
	}
	trimmed := bytes.TrimRight(i.body, "\r\n")
	return try(hashPayload(trimmed)) && try(hashPayload(append(bytes.Clone(trimmed), '\n')))
}

// payloadMeaning says what it means that a client signed this payload hash.
func (i *investigation) payloadMeaning(payload string) guess {
	switch payload {
	case i.payloadHash:
		return guess{cause: CausePayloadHeader, text: "The signature covers the body as it arrived, but the header X-Amz-Content-Sha256 " +
			"says something else. Send the body's hash in it, or leave the header out: AMP's clients need not send it."}
	case emptyHash:
		return guess{cause: CauseEmptyBody, text: "The client signed the hash of an empty body and sent one that is not empty: it signed before it " +
			"had the body, for example a stream that it cannot read twice (in Go, a request without GetBody). Sign with the hash of the bytes that are sent."}
	case unsignedPayload, streamingPayload:
		return guess{cause: CauseUnsignedPayload, text: "The client signed " + payload + " in place of the body's hash. That is a speciality of S3: " +
			"AMP wants the SHA-256 of the body. Switch off unsigned or chunked payloads in the client or proxy."}
	}
	return guess{cause: CauseBody, text: "The client signed the hash of another body than the one that arrived: something compressed, cut or " +
		"rewrote it after signing. Sign last, after compression, and let nothing touch the body."}
}

// moved undoes the move of the parameters between query and body.
func (i *investigation) moved(yield func(guess) bool) bool {
	const remedy = " Sign the request in the form in which it is sent."
	if i.target.query != "" && len(i.body) == 0 {
		c := i.base
		c.query, c.method, c.payload = "", http.MethodPost, hashPayload([]byte(i.target.query))
		return yield(guess{CauseQueryMoved, "The client signed the parameters as the body of a POST, but they arrived in the query." + remedy, c})
	}
	if len(i.body) == 0 || len(i.body) > maxRehashed {
		return true
	}
	form := string(bytes.TrimSpace(i.body))
	if i.target.query != "" {
		form = i.target.query + "&" + form
	}
	c := i.base
	c.query, c.payload = string(i.toSign.appendQuery(nil, form)), emptyHash
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		c.method = method
		if !yield(guess{CauseQueryMoved, "The client signed the parameters in the query of a " + method +
			", but they arrived in the body." + remedy, c}) {
			return false
		}
	}
	return true
}

// methods undoes a change of the method, with the payload that goes with it.
func (i *investigation) methods(yield func(guess) bool) bool {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodPatch, http.MethodOptions, ""} {
		if method == i.r.Method {
			continue
		}
		c := i.base
		c.method = method
		text := "The client signed the method " + method + ", but the request arrived as " + i.r.Method +
			": a redirect or a proxy changed it after signing. Call the final address directly."
		if !yield(guess{CauseMethod, text, c}) {
			return false
		}
		if method == http.MethodPost || method == http.MethodGet {
			if c.payload = emptyHash; len(i.body) > 0 && !yield(guess{CauseMethod, text, c}) {
				return false
			}
		}
	}
	return true
}
