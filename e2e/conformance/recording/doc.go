// Package recording keeps the requests and answers of a conformance run, without
// secrets and without what tells whose account it was, and says where two
// recordings differ: an emulator from AMP, or today from last month.
//
// A recording is a file of JSON lines, a Head and then an Entry for each request
// in the order in which they were answered; compressed where the file's name ends
// in .gz.
package recording

import (
	"net/http"
	"time"
	"unicode/utf8"
)

// Version is the form of recordings that this package writes and reads.
const Version = 1

// maxBody is how much of a body is kept.
const maxBody = 64 << 10

// Head is the first line of a recording.
type Head struct {
	Version int       `json:"conformanceRecording"`
	Target  string    `json:"target"`
	Region  string    `json:"region"`
	Program string    `json:"program"`
	Began   time.Time `json:"began"`
}

// Entry is a request and what came of it.
type Entry struct {
	// Check is the id of the check that sent it.
	Check string `json:"check"`
	// Number counts the requests of the check, from 1.
	Number int    `json:"number"`
	Method string `json:"method"`
	// Path is the target as it was sent, with its query.
	Path          string      `json:"path"`
	RequestHeader http.Header `json:"requestHeader,omitempty"`
	RequestBody   *Body       `json:"requestBody,omitempty"`
	// Status is 0 where no answer came; Error says why.
	Status int         `json:"status,omitempty"`
	Error  string      `json:"error,omitempty"`
	Header http.Header `json:"header,omitempty"`
	Body   *Body       `json:"body,omitempty"`
	// Milliseconds is how long the answer took, its body included.
	Milliseconds float64 `json:"milliseconds"`
}

// Body is what was sent, or what was answered, unpacked where gzip was used.
type Body struct {
	// Text is a body that is one, Binary one that is not: the first 64 KiB.
	Text   string `json:"text,omitempty"`
	Binary []byte `json:"binary,omitempty"`
	// Bytes is the whole body's length, as it was sent.
	Bytes int `json:"bytes"`
}

func newBody(raw []byte) *Body {
	if len(raw) == 0 {
		return nil
	}
	b, kept := &Body{Bytes: len(raw)}, raw[:min(len(raw), maxBody)]
	for range utf8.UTFMax { // a cut may fall within a character
		if len(raw) == len(kept) || utf8.Valid(kept) {
			break
		}
		kept = kept[:len(kept)-1]
	}
	if utf8.Valid(kept) {
		b.Text = string(kept)
	} else {
		b.Binary = raw[:min(len(raw), maxBody)]
	}
	return b
}

// Recording is a recording that was read.
type Recording struct {
	Head    Head
	Entries []Entry
}
