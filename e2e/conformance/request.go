package conformance

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Service is AMP's signing name, on control plane and data plane alike
// [D API model].
const Service = "aps"

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Request is one HTTP request, signed unless it says otherwise.
type Request struct {
	// Method is GET if empty.
	Method string
	// Path is the raw target with its query, below the root of what it is sent
	// to: /api/v1/query?query=up. It is sent byte for byte. The signer reads the
	// query as net/url does, so one with a bare ; or a broken % cannot be signed
	// rightly.
	Path   string
	Header http.Header
	Body   []byte

	// Unsigned leaves the signature out.
	Unsigned bool
	// Presign puts the signature into the query.
	Presign bool
	// Credentials sign instead of the target's.
	Credentials *aws.Credentials
	// Service and Region are signed for instead of aps and the target's.
	Service, Region string
	// ClockOffset is how far the signer's clock is ahead.
	ClockOffset time.Duration
	// PayloadHash is signed instead of the body's.
	PayloadHash string
	// BeforeSign and AfterSign may change the request.
	BeforeSign, AfterSign func(*http.Request)
}

// Get is a signed GET.
func Get(path string) Request { return Request{Method: http.MethodGet, Path: path} }

// PostJSON is a signed POST of a JSON text.
func PostJSON(path, body string) Request {
	return Request{
		Method: http.MethodPost, Path: path, Body: []byte(body),
		Header: http.Header{"Content-Type": {"application/json"}},
	}
}

// PostForm is a signed POST of a form.
func PostForm(path string, form url.Values) Request {
	return Request{
		Method: http.MethodPost, Path: path, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

// With returns the request with one more header.
func (r Request) With(name, value string) Request {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	r.Header.Add(name, value)
	return r
}

// Do sends a request to the control plane's endpoint. A data-plane request goes
// through Workspace.Do.
func (t *T) Do(r Request) Answer { return t.send(t.run.target.Endpoint, r) }

// send sends r below base. That nothing came back is fatal.
func (t *T) send(base string, r Request) Answer {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	a := Answer{t: t, what: r.Method + " " + clip(r.Path, 300)}
	req, key, err := t.build(base, r)
	if err != nil {
		t.Fatalf("%s: %v", a.what, err)
	}
	a.secret = key.SessionToken
	began := time.Now()
	res, err := t.wire.client().Do(req)
	if err != nil {
		t.Fatalf("%s: sent, got no answer: %v", a.what, err)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if closeErr := res.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		t.Fatalf("%s: status %d, then reading the body failed: %v", a.what, res.StatusCode, err)
	}
	a.Status, a.Header, a.Body, a.Duration = res.StatusCode, res.Header, string(raw), time.Since(began)
	return a
}

func (t *T) build(base string, r Request) (*http.Request, aws.Credentials, error) {
	var none aws.Credentials
	path, query, _ := strings.Cut(r.Path, "?")
	root, err := url.Parse(base)
	if err != nil {
		return nil, none, fmt.Errorf("URL %q: %w", base, err)
	}
	path = root.EscapedPath() + path
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(t.ctx, r.Method, root.Scheme+"://"+root.Host, body)
	if err != nil {
		return nil, none, fmt.Errorf("make the request: %w", err)
	}
	for name, values := range r.Header {
		req.Header[name] = append([]string(nil), values...)
	}
	// Opaque is the one way to have Go leave a path untouched. The signer takes
	// what follows the host in it.
	req.URL.Opaque, req.URL.RawQuery = "//"+req.URL.Host+path, query
	if r.BeforeSign != nil {
		r.BeforeSign(req)
	}
	var key aws.Credentials
	if !r.Unsigned {
		if key, err = t.sign(req, r); err != nil {
			return nil, none, fmt.Errorf("sign: %w", err)
		}
		if !r.Presign {
			req.URL.RawQuery = query // the signer has put it into its canonical form
		}
	}
	if !strings.HasPrefix(path, "//") {
		// The origin form, which is what clients send. A path with two slashes at
		// its start has to stay in the absolute form.
		req.URL.Opaque = path
	}
	if r.AfterSign != nil {
		r.AfterSign(req)
	}
	return req, key, nil
}

func (t *T) sign(req *http.Request, r Request) (aws.Credentials, error) {
	var key aws.Credentials
	service, region, hash := r.Service, r.Region, r.PayloadHash
	if r.Credentials != nil {
		key = *r.Credentials
	} else {
		key = t.Credentials()
	}
	if service == "" {
		service = Service
	}
	if region == "" {
		region = t.run.target.Region
	}
	if hash == "" {
		sum := sha256.Sum256(r.Body)
		hash = hex.EncodeToString(sum[:])
	}
	at, signer := t.run.now().Add(r.ClockOffset), v4.NewSigner()
	if !r.Presign {
		return key, signer.SignHTTP(t.ctx, key, req, hash, service, region, at)
	}
	signed, _, err := signer.PresignHTTP(t.ctx, key, req, hash, service, region, at)
	if err != nil {
		return key, err
	}
	_, req.URL.RawQuery, _ = strings.Cut(signed, "?")
	return key, nil
}

// clip cuts a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(s[:n], ""), len(s))
}
