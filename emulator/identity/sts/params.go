package sts

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// params are the parameters of one request in the AWS query protocol.
type params struct {
	values url.Values
	failed []string // what validation found, in order
}

// parseParams reads the parameters of the form in the body and those of the URL, as
// old clients send them [R amp-api.md 6.3]. Of a parameter in both places the body's
// counts, of a repeated one the first [I].
func parseParams(r *http.Request, body []byte) (*params, error) {
	malformed := func(where string) error {
		// [D common errors of the query protocol]
		return &Error{
			Status: http.StatusNotFound, Code: CodeMalformedQueryString, Message: "The query string contains a syntax error.",
			Reason: where + " is not a form: a percent sign without two hex digits, or a semicolon",
		}
	}
	inURL, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("the query of the URL")
	}
	if r.Method != http.MethodPost || !isForm(r.Header.Get("Content-Type")) {
		return &params{values: inURL}, nil
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed("the body")
	}
	for name, given := range inURL {
		values[name] = append(values[name], given...)
	}
	return &params{values: values}, nil
}

// isForm reports whether a body of this content type holds parameters. A client that
// names no type is believed to send a form [I].
func isForm(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// members are the numbered members of a list in the order of their numbers: name is
// "Tags" for Tags.member.1.Key, part is "Key", or empty for a list of plain values.
// Members that lack the part are present as empty strings, so that two parts of a
// list stay side by side.
func (p *params) members(name string, parts ...string) [][]string {
	byNumber := map[int][]string{}
	for key, given := range p.values {
		rest, ok := strings.CutPrefix(key, name+".member.")
		if !ok {
			continue
		}
		digits, part, _ := strings.Cut(rest, ".")
		number, err := strconv.Atoi(digits)
		at := slices.Index(parts, part)
		if err != nil || number < 1 || at < 0 {
			continue
		}
		if byNumber[number] == nil {
			byNumber[number] = make([]string, len(parts))
		}
		byNumber[number][at] = given[0]
	}
	numbers := make([]int, 0, len(byNumber))
	for number := range byNumber {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	list := make([][]string, len(numbers))
	for i, number := range numbers {
		list[i] = byNumber[number]
	}
	return list
}

// constraint is what the API model asks of a string [D].
type constraint struct {
	min, max  int
	pattern   *regexp.Regexp // matched against the whole value
	shown     string         // the pattern as AWS prints it
	sensitive bool           // its value is not shown, as AWS does with what its models call sensitive [R]
}

// optional returns a parameter, or "" if it was not given, and notes what is wrong
// with it.
func (p *params) optional(name string, c constraint) string {
	if !p.values.Has(name) {
		return ""
	}
	value := p.values.Get(name)
	p.check(member(name), value, c)
	return value
}

// required is optional for a parameter that must be there.
func (p *params) required(name string, c constraint) string {
	if !p.values.Has(name) {
		p.fail("Value null", member(name), "Member must not be null")
		return ""
	}
	return p.optional(name, c)
}

// check notes what is wrong with a value, in the words of the service frameworks of
// AWS [O].
func (p *params) check(at, value string, c constraint) {
	subject := "Value '" + value + "'"
	if c.sensitive {
		subject = "Value"
	}
	if c.pattern != nil && !c.pattern.MatchString(value) {
		p.fail(subject, at, "Member must satisfy regular expression pattern: "+c.shown)
	}
	switch n := utf8.RuneCountInString(value); {
	case n < c.min:
		p.fail(subject, at, "Member must have length greater than or equal to "+strconv.Itoa(c.min))
	case c.max > 0 && n > c.max:
		p.fail(subject, at, "Member must have length less than or equal to "+strconv.Itoa(c.max))
	}
}

// seconds returns the parameter DurationSeconds, or 0 if it was not given.
func (p *params) seconds(least, most int) int {
	const name = "DurationSeconds"
	if !p.values.Has(name) {
		return 0
	}
	text := p.values.Get(name)
	n, err := strconv.ParseInt(text, 10, 32)
	subject, at := "Value '"+text+"'", member(name)
	switch {
	case err != nil:
		p.fail(subject, at, "Member must be an integer") // [I]
	case n < int64(least):
		p.fail(subject, at, "Member must have value greater than or equal to "+strconv.Itoa(least))
	case n > int64(most):
		p.fail(subject, at, "Member must have value less than or equal to "+strconv.Itoa(most))
	}
	return int(n)
}

// member is the name of a parameter as messages spell it: with a small first letter.
func member(name string) string { return strings.ToLower(name[:1]) + name[1:] }

func (p *params) fail(subject, at, constraint string) {
	p.failed = append(p.failed, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", subject, at, constraint))
}

// err is what all checks found together [O], or nil.
func (p *params) err() error {
	switch len(p.failed) {
	case 0:
		return nil
	case 1:
		return validation("1 validation error detected: " + p.failed[0])
	}
	return validation(fmt.Sprintf("%d validation errors detected: %s", len(p.failed), strings.Join(p.failed, "; ")))
}
