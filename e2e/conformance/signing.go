package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// DoSTS sends a request to the security token service, signed for it.
func (t *T) DoSTS(r Request) Answer {
	if r.Service == "" {
		r.Service = "sts"
	}
	return t.send(t.run.target.STS, r)
}

// Caller returns who a key belongs to, as the security token service says.
func (t *T) Caller(key aws.Credentials) *sts.GetCallerIdentityOutput {
	out, err := t.STS().GetCallerIdentity(t.ctx, &sts.GetCallerIdentityInput{}, func(o *sts.Options) {
		o.Credentials = credentials.StaticCredentialsProvider{Value: key}
	})
	if err != nil {
		t.Fatalf("ask who %s is: %v", key.AccessKeyID, err)
	}
	return out
}

// ARN returns the ARN of whom a key belongs to.
func (t *T) ARN(key aws.Credentials) string { return aws.ToString(t.Caller(key).Arn) }

// Account returns the account of the target's credentials.
func (t *T) Account() string { return aws.ToString(t.Caller(t.Credentials()).Account) }

// explanation is what a signature was made of, in the words of the SDK's signer.
type explanation struct{ canonical, toSign string }

// Logf implements logging.Logger, through which the signer tells.
func (e *explanation) Logf(_ logging.Classification, format string, args ...any) {
	parts := regexp.MustCompile(`(?s)\]-+\n(.*?)\n---\[ STRING TO SIGN \]-+\n(.*?)\n-+$`).FindStringSubmatch(fmt.Sprintf(format, args...))
	if parts != nil {
		e.canonical, e.toSign = parts[1], parts[2]
	}
}

// mismatch is the text with which a server that has the same request and another
// secret refuses the signature.
func (e *explanation) mismatch() string {
	return mismatch + "\n\nThe Canonical String for this request should have been\n'" + e.canonical +
		"'\n\nThe String-to-Sign should have been\n'" + e.toSign + "'\n"
}

// signedBy returns a request that a signer of other settings signs with key. What
// is signed goes into the explanation. The payload hash is that of an empty body.
func (t *T) signedBy(r Request, key aws.Credentials, settings ...func(*v4.SignerOptions)) (Request, *explanation) {
	e := &explanation{}
	r.Unsigned = true
	r.BeforeSign = func(req *http.Request) {
		settings = append(settings, func(o *v4.SignerOptions) { o.Logger, o.LogSigning = e, true })
		err := v4.NewSigner().SignHTTP(t.ctx, key, req, emptyPayload, Service, t.run.target.Region, t.run.now(), settings...)
		if err != nil {
			t.Fatalf("sign: %v", err)
		}
	}
	return r, e
}

// emptyPayload is the SHA-256 of nothing.
const emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// signedByHand signs as no client of AWS does: names are the signed headers in
// order, canonical gives the canonical request's first three lines. The time of
// signing is what the header date says.
func (t *T) signedByHand(r *http.Request, key aws.Credentials, date, canonical string, names ...string) {
	day, scope := date[:8], date[:8]+"/"+t.run.target.Region+"/"+Service+"/aws4_request"
	if key.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", key.SessionToken)
		names = append(names, "x-amz-security-token") // the last of all in order
	}
	var headers strings.Builder
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.URL.Host
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	list := strings.Join(names, ";")
	sum := sha256.Sum256([]byte(canonical + "\n" + headers.String() + "\n" + list + "\n" + emptyPayload))
	signature := []byte("AWS4" + key.SecretAccessKey)
	for _, part := range []string{
		day, t.run.target.Region, Service, "aws4_request",
		"AWS4-HMAC-SHA256\n" + date + "\n" + scope + "\n" + hex.EncodeToString(sum[:]),
	} {
		mac := hmac.New(sha256.New, signature)
		mac.Write([]byte(part))
		signature = mac.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key.AccessKeyID+"/"+scope+
		", SignedHeaders="+list+", Signature="+hex.EncodeToString(signature))
}

// basicDate is the form of dates in signatures.
const basicDate = "20060102T150405Z"

// authorization returns what changes the Authorization header of a signed
// request.
func authorization(change func(string) string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", change(r.Header.Get("Authorization"))) }
}

// replaced returns a function that replaces what matches a pattern; that nothing
// does is a bug of the check.
func replaced(pattern, by string) func(string) string {
	re := regexp.MustCompile(pattern)
	return func(s string) string {
		if !re.MatchString(s) {
			panic(fmt.Sprintf("nothing in %q matches %s", s, pattern))
		}
		return re.ReplaceAllString(s, by)
	}
}

// wrong returns the key with another secret of the same form.
func wrong(key aws.Credentials) *aws.Credentials {
	key.SecretAccessKey = strings.Repeat("x", len(key.SecretAccessKey))
	return &key
}

// withHeaders returns what adds headers to a request that is signed.
func withHeaders(h http.Header) func(*http.Request) {
	return func(r *http.Request) { maps.Copy(r.Header, h) }
}

// path returns the path of a request to the workspace, without its query.
func (w *Workspace) path(below string) string {
	below, _, _ = strings.Cut(below, "?")
	_, rest, _ := strings.Cut(w.endpoint, "://")
	_, root, _ := strings.Cut(rest, "/")
	return "/" + root + below
}
