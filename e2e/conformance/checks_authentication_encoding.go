package conformance

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// encodingChecks send texts that mean something in a URL, and read them back: the
// query's result carries the text as the server understood it.
func encodingChecks() []Check {
	plus := url.QueryEscape
	percent := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	lower := func(s string) string {
		return strings.NewReplacer("%2F", "%2f", "%3D", "%3d", "%2C", "%2c").Replace(percent(s))
	}
	// What a person types into curl: only what would break the URL is encoded.
	lazy := strings.NewReplacer("%", "%25", " ", "%20", "&", "%26", "+", "%2B", "#", "%23", ";", "%3B", "\"", "%22", "{", "{", "\n", "%0A").Replace
	all := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			b.WriteString("%" + strings.ToUpper(hexByte(c)))
		}
		return b.String()
	}
	var out []Check
	for _, row := range []struct {
		name, words, value string
		escape             func(string) string
	}{
		{"blank-as-plus", "blanks written as +", "a b  c", plus},
		{"blank-as-percent", "blanks written as %20", "a b  c", percent},
		{"plus", "plus signs", "1+1 a++b", percent},
		{"percent", "percent signs that escape nothing", "100% %zz %2 %", percent},
		{"escape", "a text that looks escaped itself", "a%20b%2Fc%25", percent},
		{"lower-case-hex", "escapes in small letters", "a/b=c,d", lower},
		{"needless-escapes", "escapes of letters that need none", "abc-XYZ_0.9~", all},
		{"unreserved", "the letters that stay as they are", "~-._", percent},
		{"slashes", "slashes and question marks", "/api/v1/query?//", percent},
		{"unescaped", "characters that need not be escaped in a query", "/?:@!$'()*,", lazy},
		{"braces-unescaped", "braces and brackets left as they are", "{a}[b]", lazy},
		{"ampersand", "ampersands and equal signs", "a&b=c&d==e", percent},
		{"equal-unescaped", "equal signs left as they are", "a=b==c", lazy},
		{"semicolon", "semicolons", "a;b;", percent},
		{"hash", "number signs", "#fragment", percent},
		{"quotes", "quotes of all kinds", "it's \"x\" `y`", percent},
		{"backslash", "backslashes", `\d+\.\d`, percent},
		{"regular-expression", "a regular expression's characters", "a.*(b|c)+?[d-f]^", percent},
		{"angles", "angle brackets, which JSON encoders like to escape", "<a>&<b>", percent},
		{"control", "tabs and line breaks", "a\tb\nc\r\nd", percent},
		{"latin", "letters of two bytes", "Grüße", percent},
		{"cjk", "letters of three bytes", "日本語", percent},
		{"emoji", "letters of four bytes", "😀🏳️‍🌈", percent},
		{"long", "four thousand characters", strings.Repeat("ab cd/ef=", 450), percent},
	} {
		expr := `label_replace(vector(1), "v", ` + quoted(strings.ReplaceAll(row.value, "$", "$$")) + `, "", "")`
		out = append(out, Check{
			ID: "authentication.encoding." + row.name, Level: Must, Area: Authentication,
			Description: "A query with " + row.words + " is understood as it was meant, by the signature's check and by PromQL.",
			Source:      "IAM guide, Signature Version 4, canonical query [D]; amp-api.md 5.1 [M]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get("/api/v1/query?query="+row.escape(expr))).ExpectStatus(200).
					ExpectJSON("data.result.0.metric.v", row.value)
			},
		})
	}
	for _, row := range []struct{ name, words, query, value string }{
		{"parameters-unsorted", "parameters out of order", "timeout=30s&query=vector(2)&stats=&dedup=true", "2"},
		{"parameter-empty", "a parameter without a value", "query=vector(3)&x=", "3"},
		{"parameter-without-equal", "a parameter without an equal sign", "query=vector(4)&x", "4"},
		{"parameter-repeated", "one name several times, the values out of order", "query=vector(5)&x=b&x=a%2Fb&x=a-b&x=B", "5"},
		{"parameter-order-encoded", "names and values that sort otherwise once encoded", "query=vector(6)&x%5B%5D=1&x1=2&x-=3&x=4&x=~&x=%7E%7E&x=%C3%BC", "6"},
		{"parameter-names-escaped", "the name of a parameter escaped", "%71uery=vector(7)", "7"},
		{"pairs-empty", "ampersands with nothing between them", "&query=vector(8)&&x=1&", "8"},
	} {
		out = append(out, Check{
			ID: "authentication.encoding." + row.name, Level: Must, Area: Authentication,
			Description: "A query with " + row.words + " is accepted and answered.",
			Source:      "IAM guide, Signature Version 4, canonical query [D]; amp-api.md 5.1 [M]",
			Run: func(_ context.Context, t *T) {
				t.Workspace().Do(Get("/api/v1/query?"+row.query)).ExpectStatus(200).ExpectJSON("data.result.0.value.1", row.value)
			},
		})
	}
	return append(out, Check{
		ID: "authentication.encoding.twice", Level: Must, Area: Authentication,
		Description: "A signature over a query whose escapes were escaped once more is refused as a mismatch.",
		Source:      "amp-api.md 5.4: a bug of awscurl [M; AWS I]; IAM guide, canonical query [D]",
		Run: func(_ context.Context, t *T) {
			ws := t.Workspace()
			sent := func(canonical string) Answer {
				r := Get("/api/v1/query?query=sum%28up%29")
				r.Unsigned = true
				r.BeforeSign = func(req *http.Request) {
					date := t.Now().UTC().Format(basicDate)
					req.Header.Set("X-Amz-Date", date)
					t.signedByHand(req, t.Credentials(), date, "GET\n"+ws.path(probe)+"\n"+canonical, "host", "x-amz-date")
				}
				return ws.Do(r)
			}
			sent("query=sum%28up%29").ExpectStatus(200)
			sent("query=sum%2528up%2529").ExpectMismatch()
		},
	}, Check{
		ID: "authentication.encoding.form", Level: Must, Area: Authentication,
		Description: "The text of a posted form is signed as it is sent and understood as it was meant.",
		Source:      "IAM guide, Signature Version 4, payload [D]",
		Run: func(_ context.Context, t *T) {
			const value = "a+b c&d=e%20/ü"
			t.Workspace().Do(PostForm("/api/v1/query", url.Values{
				"query": {`label_replace(vector(1), "v", "` + value + `", "", "")`}, "time": {seconds(t.Now().Add(-time.Minute))},
			})).ExpectStatus(200).ExpectJSON("data.result.0.metric.v", value)
		},
	})
}

// quoted is a PromQL string, raw wherever that can be, so that every character is
// sent as it is.
func quoted(s string) string {
	if !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func hexByte(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}
