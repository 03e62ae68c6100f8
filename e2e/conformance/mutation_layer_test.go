package conformance_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
	"github.com/ampersand-amp/ampersand/emulator"
)

// exchange is a request and its answer. A layer sees nothing else: it does not
// know which check asked.
type exchange struct {
	request *http.Request
	path    string // as it is on the wire
	sent    []byte // the request's body
	next    http.RoundTripper

	status int
	header http.Header
	body   []byte
}

// layer answers a request, as a rule by forward and by changing what came back.
// Several exchanges are in progress at the same time.
type layer func(x *exchange) error

// between is the transport with a layer in it.
type between struct {
	layer layer
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper. What the run itself does to prepare
// and to remove is spared, because without it there is no check to fail.
func (b between) RoundTrip(r *http.Request) (*http.Response, error) {
	if conformance.CheckID(r.Context()) == conformance.SetupID {
		return b.next.RoundTrip(r)
	}
	x := &exchange{request: r.Clone(r.Context()), next: b.next, path: r.URL.EscapedPath()}
	if r.URL.Opaque != "" {
		x.path = strings.TrimPrefix(r.URL.Opaque, "//"+r.URL.Host)
	}
	if r.Body != nil {
		var err error
		if x.sent, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		if err := r.Body.Close(); err != nil {
			return nil, fmt.Errorf("close the request: %w", err)
		}
	}
	if err := b.layer(x); err != nil {
		return nil, err
	}
	if x.status == 0 {
		if err := x.forward(); err != nil {
			return nil, err
		}
	}
	x.header.Set("Content-Length", fmt.Sprint(len(x.body)))
	return &http.Response{
		Status: http.StatusText(x.status), StatusCode: x.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.header, Body: io.NopCloser(bytes.NewReader(x.body)), ContentLength: int64(len(x.body)), Request: r,
	}, nil
}

// forward sends the request on and takes the answer.
func (x *exchange) forward() error {
	r := x.request.Clone(x.request.Context())
	if x.request.Body != nil || len(x.sent) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(x.sent))
	}
	res, err := x.next.RoundTrip(r)
	if err != nil {
		return err
	}
	x.status, x.header = res.StatusCode, res.Header
	x.body, err = io.ReadAll(res.Body)
	return errors.Join(err, res.Body.Close())
}

// answer is an answer without asking the emulator.
func (x *exchange) answer(status int, body string) {
	x.status, x.body, x.header = status, []byte(body), http.Header{"Content-Type": {"application/json"}}
}

// sign signs the request anew, as the one who may do everything.
func (x *exchange) sign() error { return x.signAt(x.request, time.Now()) }

func (x *exchange) signAt(r *http.Request, at time.Time) error {
	key, err := conformance.StandInCredentials().Retrieve(r.Context())
	if err != nil {
		return err
	}
	service := "aps"
	if x.path == "/" {
		service = "sts"
	}
	sum := sha256.Sum256(x.sent)
	r.ContentLength = int64(len(x.sent))
	r.Header.Del("X-Amz-Security-Token")
	return v4.NewSigner().SignHTTP(r.Context(), key, r, hex.EncodeToString(sum[:]), service, emulator.DefaultRegion, at)
}

// rewrite changes the request and signs it anew, unless the signature that it
// came with is not what the suite's own client makes: what the front has to say
// of it is not to be changed.
func (x *exchange) rewrite(edit func() error) error {
	at, dated := signedAt(x.request)
	if !dated || x.request.Header.Get("X-Amz-Security-Token") != "" {
		return nil
	}
	same := x.request.Clone(x.request.Context())
	if err := x.signAt(same, at); err != nil {
		return err
	}
	if same.Header.Get("Authorization") != x.request.Header.Get("Authorization") {
		return nil
	}
	if err := edit(); err != nil {
		return err
	}
	return x.sign()
}

// signedAt is a request's own time, if it says one.
func signedAt(r *http.Request) (time.Time, bool) {
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	return at, err == nil
}

// route is method and path: of a workspace what follows its id, of others the
// path with ids as they are.
func (x *exchange) route() string {
	p := x.path
	if rest, ok := strings.CutPrefix(p, "/workspaces/"); ok {
		_, rest, found := strings.Cut(rest, "/")
		p = "WS"
		if found {
			p += "/" + rest
		}
	}
	return x.request.Method + " " + p
}

// params are the request's parameters, of URL and form.
func (x *exchange) params() url.Values {
	query := x.request.URL.RawQuery
	if strings.HasPrefix(x.request.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		query += "&" + string(x.sent)
	}
	values, _ := url.ParseQuery(query) // what can be read of it
	return values
}

func (x *exchange) accepted() bool { return x.status/100 == 2 }

// on limits a layer to routes: globs of what route returns, without a method for
// all methods.
func on(l layer, routes ...string) func() layer {
	return func() layer { return where(func(x *exchange) bool { return slices.ContainsFunc(routes, x.is) }, l) }
}

func (x *exchange) is(route string) bool {
	got := x.route()
	if !strings.Contains(route, " ") {
		_, got, _ = strings.Cut(got, " ")
	}
	// A glob's * stops at a slash; ** stands for the rest.
	if start, ok := strings.CutSuffix(route, "**"); ok {
		return strings.HasPrefix(got, start)
	}
	ok, err := path.Match(route, got)
	return err == nil && ok
}

// change is a layer that changes answers.
func change(edit func(x *exchange)) layer {
	return func(x *exchange) error {
		if err := x.forward(); err != nil {
			return err
		}
		edit(x)
		return nil
	}
}

// accepted changes what was accepted, refused what was not.
func accepted(edit func(x *exchange)) layer {
	return change(func(x *exchange) {
		if x.accepted() {
			edit(x)
		}
	})
}

func refused(edit func(x *exchange)) layer {
	return change(func(x *exchange) {
		if !x.accepted() {
			edit(x)
		}
	})
}

// edited changes a JSON body as a whole, if it is one.
func (x *exchange) edited(edit func(any) any) {
	var v any
	decoder := json.NewDecoder(bytes.NewReader(x.body))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(edit(v)) == nil {
		x.body = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	}
}

// members calls edit with every object of a JSON value.
func members(v any, edit func(map[string]any)) any {
	switch v := v.(type) {
	case map[string]any:
		edit(v)
		for _, value := range v {
			members(value, edit)
		}
	case []any:
		for _, value := range v {
			members(value, edit)
		}
	}
	return v
}

// drop takes members of a name off, wherever they are.
func drop(name string) func(*exchange) {
	return each(func(o map[string]any) { delete(o, name) })
}

// set gives members of a name another value, wherever they are.
func set(name string, value any) func(*exchange) {
	return each(func(o map[string]any) {
		if _, ok := o[name]; ok {
			o[name] = value
		}
	})
}

func each(edit func(map[string]any)) func(*exchange) {
	return func(x *exchange) { x.edited(func(v any) any { return members(v, edit) }) }
}

// status answers with another status.
func status(code int) func(*exchange) { return func(x *exchange) { x.status = code } }

// header gives a header another value; an empty one takes it off.
func header(name, value string) func(*exchange) {
	return func(x *exchange) {
		if x.header.Del(name); value != "" {
			x.header.Set(name, value)
		}
	}
}

// replace replaces what a pattern finds in the body.
func replace(pattern, with string) func(*exchange) {
	re := regexp.MustCompile(pattern)
	return func(x *exchange) { x.body = re.ReplaceAll(x.body, []byte(with)) }
}

// both makes two changes.
func both(a, b func(*exchange)) func(*exchange) { return func(x *exchange) { a(x); b(x) } }

// where limits a layer by request.
func where(is func(x *exchange) bool, l layer) layer {
	return func(x *exchange) error {
		if !is(x) {
			return nil
		}
		return l(x)
	}
}

// rewritten changes a write of version 1.0 before the emulator sees it. One that
// the emulator refuses as it is, and one that cannot be read, stay as they are.
func rewritten(edit func(*prompb.WriteRequest)) layer {
	return func(x *exchange) error {
		write, ok := x.written()
		if !ok {
			return nil
		}
		return x.rewrite(func() error {
			edit(write)
			raw, err := write.Marshal()
			x.sent = snappy.Encode(nil, raw)
			return err
		})
	}
}

// written is the write of version 1.0 that the request has, if it can be read.
func (x *exchange) written() (*prompb.WriteRequest, bool) {
	size, err := snappy.DecodedLen(x.sent)
	if err != nil || size > 100<<20 || strings.Contains(x.request.Header.Get("Content-Type"), "v2") {
		return nil, false
	}
	raw, err := snappy.Decode(nil, x.sent)
	if err != nil {
		return nil, false
	}
	var write prompb.WriteRequest
	return &write, write.Unmarshal(raw) == nil
}

// told is the JSON object that the request has; nil if it has none.
func (x *exchange) told() map[string]any {
	var body map[string]any
	_ = json.Unmarshal(x.sent, &body) // what can be read of it
	return body
}

// reworded changes a parameter of a request, in URL or form.
func reworded(name string, edit func(string) string) layer {
	return func(x *exchange) error {
		return x.rewrite(func() error {
			if query := x.request.URL.Query(); query.Has(name) {
				query.Set(name, edit(query.Get(name)))
				x.request.URL.RawQuery = query.Encode()
			}
			if form, err := url.ParseQuery(string(x.sent)); err == nil && form.Has(name) {
				form.Set(name, edit(form.Get(name)))
				x.sent = []byte(form.Encode())
			}
			return nil
		})
	}
}

// retold changes the JSON body of a request.
func retold(edit func(map[string]any)) layer {
	return func(x *exchange) error {
		return x.rewrite(func() error {
			body := x.told()
			if body == nil {
				return nil
			}
			edit(body)
			var err error
			x.sent, err = json.Marshal(body)
			return err
		})
	}
}
