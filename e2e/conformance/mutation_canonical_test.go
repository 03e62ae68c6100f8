package conformance_test

import (
	"regexp"
	"strings"
	"time"
)

// canonicalMutations are fronts that canonicalize another way than AWS: what has
// a certain form does not verify.
func canonicalMutations() []mutation {
	raw := func(pattern string) func(*exchange) bool {
		re := regexp.MustCompile(pattern)
		return func(x *exchange) bool { return re.MatchString(x.request.URL.RawQuery) }
	}
	sent := func(pattern string) func(*exchange) bool {
		re := regexp.MustCompile(pattern)
		return func(x *exchange) bool { return re.MatchString(x.path) }
	}
	head := func(name, pattern string) func(*exchange) bool {
		re := regexp.MustCompile(pattern)
		return func(x *exchange) bool { return re.MatchString(strings.Join(x.request.Header.Values(name), ",")) }
	}
	var out []mutation
	add := func(name string, what func(func(*exchange)) layer, is func(*exchange) bool, kills string) {
		out = append(out, mutation{
			name:  "the signature fails over " + name,
			layer: func() layer { return where(is, what(mismatched)) },
			in:    []string{"authentication.encoding", "authentication.path", "authentication.header-values"}, also: controlAreas(), kills: []string{kills},
		})
	}
	for _, f := range []struct {
		name  string
		is    func(*exchange) bool
		kills string
	}{
		{"a plus in the query", raw(`\+`), "authentication.encoding.blank-as-plus"},
		{"a blank in the query", raw(`%20`), "authentication.encoding.blank-as-percent"},
		{"an escaped plus", raw(`%2[Bb]`), "authentication.encoding.plus"},
		{"an escaped ampersand", raw(`%26`), "authentication.encoding.ampersand"},
		{"an escaped percent", raw(`%25`), "authentication.encoding.percent"},
		{"an escaped escape", raw(`%25[0-9A-F]{2}`), "authentication.encoding.escape"},
		{"an escaped slash", raw(`%2F`), "authentication.encoding.slashes"},
		{"an escaped number sign", raw(`%23`), "authentication.encoding.hash"},
		{"an escaped semicolon", raw(`%3[Bb]`), "authentication.encoding.semicolon"},
		{"an escaped backslash", raw(`%5[Cc]`), "authentication.encoding.backslash"},
		{"an escaped quote", raw(`%27`), "authentication.encoding.quotes"},
		{"an escaped angle", raw(`%3[Cc]`), "authentication.encoding.angles"},
		{"a control character", raw(`%0[9A]`), "authentication.encoding.control"},
		{"two bytes", raw(`%C3%`), "authentication.encoding.latin"},
		{"three bytes", raw(`%E[0-9A-F]%`), "authentication.encoding.cjk"},
		{"four bytes", raw(`%F0%`), "authentication.encoding.emoji"},
		{"small hex", raw(`%[0-9][a-f]`), "authentication.encoding.lower-case-hex"},
		{"needless escapes", raw(`%(6[1-9A-F]|7[0-9A])`), "authentication.encoding.needless-escapes"},
		{"bare braces", raw(`[{}]`), "authentication.encoding.braces-unescaped"},
		{"a second equal sign", raw(`=[^&]*=`), "authentication.encoding.equal-unescaped"},
		{"a long query", raw(`.{1000}.{1000}.{1000}`), "authentication.encoding.long"},
		{"a tilde", raw(`~`), "authentication.encoding.unreserved"},
		{"an escaped star", raw(`%2[Aa]`), "authentication.encoding.regular-expression"},
		{"characters that may stay", raw(`[!*'@:]`), "authentication.encoding.unescaped"},
		{"parameters out of order", raw(`^timeout.*query`), "authentication.encoding.parameters-unsorted"},
		{"empty parameters", raw(`=(&|$)`), "authentication.encoding.parameter-empty"},
		{"parameters without =", raw(`(^|&)[a-zA-Z]+(&|$)`), "authentication.encoding.parameter-without-equal"},
		{"repeated parameters", raw(`&x=.*&x=`), "authentication.encoding.parameter-repeated"},
		{"nothing between ampersands", raw(`&&`), "authentication.encoding.pairs-empty"},
		{"brackets in names", raw(`%5B%5D=`), "authentication.encoding.parameter-order-encoded"},
		{"escapes in names", raw(`%71uery`), "authentication.encoding.parameter-names-escaped"},
		{"a header of retries", head("Amz-Sdk-Request", ";"), "authentication.header-values.sdk-retry"},
	} {
		add(f.name, accepted, f.is, f.kills)
	}
	// Of some of these paths the target knows nothing once they are verified.
	for _, f := range []struct {
		name  string
		is    func(*exchange) bool
		kills string
	}{
		{"an ARN in the path", sent(`(?i)^/tags/.*%3A`), "authentication.path.arn-encoded"},
		{"a bare ARN in the path", sent(`^/tags/.*:`), "authentication.path.arn-in-clear"},
		{"dots in the path", sent(`/\.\.?/`), "authentication.path.dots"},
		{"two slashes", sent(`//`), "authentication.path.two-slashes"},
		{"needless escapes in the path", sent(`%5F`), "authentication.path.needless-escapes"},
	} {
		add(f.name, change, f.is, f.kills)
	}
	return out
}

// headerMutations are fronts for which what has certain headers does not verify.
func headerMutations() []mutation {
	var out []mutation
	for _, f := range []struct {
		name  string
		layer layer
		kills []string
	}{
		{"headers with blanks", anyHeader(func(v string) bool { return v != strings.TrimSpace(v) || strings.Contains(v, "  ") }), []string{"authentication.header-values.blanks"}},
		{"headers with UTF-8", anyHeader(func(v string) bool { return strings.ContainsFunc(v, func(r rune) bool { return r > 127 }) }), []string{"authentication.header-values.utf8"}},
		{"headers that come twice", where(func(x *exchange) bool {
			for _, values := range x.request.Header {
				if len(values) > 1 {
					return true
				}
			}
			return false
		}, accepted(mismatched)), []string{"authentication.header-values.several"}},
		{"parameters without blanks", anyHeader(func(v string) bool {
			return strings.HasPrefix(v, "AWS4") && !strings.Contains(v, ", ")
		}), []string{"authentication.header-values.no-blank-between-parameters"}},
		{"few signed headers of writes", where(func(x *exchange) bool {
			signature := x.request.Header.Get("Authorization")
			return x.request.Header.Get("Content-Encoding") != "" && signature != "" && !strings.Contains(signature, "content-encoding")
		}, accepted(mismatched)), []string{"authentication.accepted.few-headers"}},
		{"the Date header", where(func(x *exchange) bool { return x.request.Header.Get("X-Amz-Date") == "" }, accepted(mismatched)), []string{"authentication.accepted.date-header"}},
		{"clocks off by four minutes", where(skewed, accepted(mismatched)), []string{"authentication.clock.ahead-4m30s.*", "authentication.clock.behind-4m30s.*"}},
		{"sessions", where(func(x *exchange) bool { return x.request.Header.Get("X-Amz-Security-Token") != "" }, accepted(mismatched)), []string{"authentication.accepted.session"}},
		{"presigned requests", where(func(x *exchange) bool { return strings.Contains(x.request.URL.RawQuery, "X-Amz-Signature") }, accepted(mismatched)), []string{"authentication.presigned.accepted"}},
		{"headers added on the way", where(func(x *exchange) bool {
			return !strings.Contains(x.request.Header.Get("Authorization"), "x-") || x.request.Header.Get("Via") != "" || x.request.Header.Get("X-Forwarded-For") != ""
		}, accepted(mismatched)), []string{"authentication.changed.unsigned-header"}},
	} {
		out = append(out, mutation{
			name: "the signature fails over " + f.name, layer: func() layer { return f.layer },
			in: []string{"authentication.accepted", "authentication.header-values", "authentication.clock", "authentication.presigned"}, also: controlAreas(), kills: f.kills,
		})
	}
	return out
}

// skewed reports whether a request is signed by a clock that is off.
func skewed(x *exchange) bool {
	at, dated := signedAt(x.request)
	off := time.Since(at).Abs()
	return dated && off > 4*time.Minute && off < 5*time.Minute
}

// anyHeader refuses requests one of whose headers has a value that is so.
func anyHeader(is func(string) bool) layer {
	return where(func(x *exchange) bool {
		for _, values := range x.request.Header {
			for _, v := range values {
				if is(v) {
					return true
				}
			}
		}
		return false
	}, accepted(mismatched))
}

// mismatched refuses as a wrong signature.
func mismatched(x *exchange) {
	x.answer(403, `{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."}`)
	x.header.Set("X-Amzn-Errortype", "InvalidSignatureException")
}
