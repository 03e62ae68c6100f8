package fault

import "net/http"

// Cut is when the connection is closed.
type Cut string

// The values of Cut.
const (
	// CutBefore: the request is not carried out and has no answer.
	CutBefore Cut = "before"
	// CutAfter: the request is carried out and has no answer.
	CutAfter Cut = "after"
	// CutMid: the request is carried out, and the client gets the first half of its
	// answer's body. An answer without a body has no half, so nothing of it is sent.
	CutMid Cut = "mid"
)

func (c Cut) name() string { return "cut" }

func (c Cut) check(add func(field, format string, args ...any)) {
	if c != CutBefore && c != CutAfter && c != CutMid {
		add("cut", "%q is none of before, after and mid", string(c))
	}
}

func (c Cut) serve(w way) {
	if c != CutBefore {
		answer := w.carryOut()
		if half := answer.body.Len() / 2; c == CutMid && half > 0 {
			answer.begin(w.Writer)
			_, _ = w.Writer.Write(answer.body.Bytes()[:half]) // it is to fail
			_ = http.NewResponseController(w.Writer).Flush()
		}
	}
	panic(http.ErrAbortHandler) // closes the connection, or over HTTP/2 the stream
}
