package recording

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// Recorder is a transport that records what goes through it.
type Recorder struct {
	next   http.RoundTripper
	redact *redactor
	path   string

	mu      sync.Mutex
	numbers map[string]int
	kept    *Recording // where there is no file
	file    *os.File
	packed  *gzip.Writer // where the file is compressed
	lines   *json.Encoder
	err     error // the first of writing
}

// New returns a recorder that writes to a file, or keeps the recording where path
// is empty, and sends by next; nil is a transport of its own.
func New(path string, head Head, next http.RoundTripper) (*Recorder, error) {
	if next == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		next = t
	}
	head.Version = Version
	if head.Began.IsZero() {
		head.Began = time.Now().UTC().Truncate(time.Second)
	}
	r := &Recorder{next: next, redact: newRedactor(), path: path, numbers: make(map[string]int)}
	if path == "" {
		r.kept = &Recording{Head: head}
		return r, nil
	}
	var err error
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("make the recording: %w", err)
	}
	var w io.Writer = r.file
	if strings.HasSuffix(path, ".gz") {
		r.packed = gzip.NewWriter(r.file)
		w = r.packed
	}
	r.lines = json.NewEncoder(w)
	r.lines.SetEscapeHTML(false)
	r.err = r.lines.Encode(head)
	return r, nil
}

// RoundTrip implements http.RoundTripper.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	e := Entry{
		Check: conformance.CheckID(req.Context()), Method: req.Method, Path: requestTarget(req),
		RequestHeader: req.Header.Clone(),
	}
	r.mu.Lock()
	r.numbers[e.Check]++
	e.Number = r.numbers[e.Check]
	r.mu.Unlock()
	if req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err = errors.Join(err, req.Body.Close()); err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
		e.RequestBody = newBody(raw)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(raw))
		if len(raw) == 0 {
			req.Body = http.NoBody
		}
	}
	began := time.Now()
	res, err := r.next.RoundTrip(req)
	if err != nil {
		e.Error, e.Milliseconds = err.Error(), milliseconds(began)
		r.add(e)
		return nil, err // says what failed
	}
	raw, err := io.ReadAll(res.Body)
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	e.Status, e.Header, e.Milliseconds = res.StatusCode, res.Header.Clone(), milliseconds(began)
	if e.Body = newBody(unpacked(raw, res.Header)); e.Body != nil {
		e.Body.Bytes = len(raw)
	}
	// Who reads the answer sees what came, and then what went wrong.
	res.Body = io.NopCloser(bytes.NewReader(raw))
	if err != nil {
		e.Error = err.Error()
		res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(raw), failing{err}))
	}
	r.add(e)
	return res, nil
}

// unpacked is a body as it was before it was compressed: only in that form can what
// is secret be found in it.
func unpacked(raw []byte, h http.Header) []byte {
	if h.Get("Content-Encoding") != "gzip" {
		return raw
	}
	from, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return raw // not what its header says
	}
	plain, err := io.ReadAll(io.LimitReader(from, maxBody))
	if err != nil {
		return raw
	}
	return plain
}

// failing is a body's end that did not come.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// requestTarget is the path and query as they are sent.
func requestTarget(req *http.Request) string {
	target := req.URL.RequestURI()
	if rest, ok := strings.CutPrefix(target, req.URL.Scheme+"://"+req.URL.Host); ok && req.URL.Opaque != "" {
		return rest
	}
	return target
}

func (r *Recorder) add(e Entry) {
	r.redact.learn(e)
	e = r.redact.entry(e)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.kept != nil:
		r.kept.Entries = append(r.kept.Entries, e)
	case r.err == nil:
		r.err = r.lines.Encode(e)
	}
}

// Close ends the recording and says whether all of it was written. A nil recorder
// has nothing to end.
func (r *Recorder) Close() error {
	if r == nil || r.file == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.err
	if r.packed != nil {
		err = errors.Join(err, r.packed.Close())
	}
	err = errors.Join(err, r.file.Close())
	if err != nil {
		return fmt.Errorf("write the recording: %w", err)
	}
	return nil
}

// Recording returns what was recorded; the recorder is closed by then.
func (r *Recorder) Recording() (*Recording, error) {
	if r.kept != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.kept, nil
	}
	return ReadFile(r.path)
}

// ReadFile reads a recording.
func ReadFile(path string) (*Recording, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read a recording: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	var from io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if from, err = gzip.NewReader(file); err != nil {
			return nil, fmt.Errorf("read the recording %s: %w", path, err)
		}
	}
	rec, err := Read(from)
	if err != nil {
		return nil, fmt.Errorf("read the recording %s: %w", path, err)
	}
	return rec, nil
}

// Read reads a recording that is not compressed.
func Read(from io.Reader) (*Recording, error) {
	lines := json.NewDecoder(from)
	rec := &Recording{}
	if err := lines.Decode(&rec.Head); err != nil {
		return nil, fmt.Errorf("its first line: %w", err)
	}
	if rec.Head.Version != Version {
		return nil, fmt.Errorf("its first line is not that of a recording of version %d", Version)
	}
	for {
		var e Entry
		err := lines.Decode(&e)
		if errors.Is(err, io.EOF) {
			return rec, nil
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(rec.Entries)+1, err)
		}
		rec.Entries = append(rec.Entries, e)
	}
}
