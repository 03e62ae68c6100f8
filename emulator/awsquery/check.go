package awsquery

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Constraint is what an API model asks of a text [D].
type Constraint struct {
	// Min and Max bound its length in characters; no Max is none.
	Min, Max int
	// Pattern is matched against the whole of it, if there is one; Shown is the pattern as
	// AWS prints it.
	Pattern *regexp.Regexp
	Shown   string
	// Words is what the service says instead where the pattern alone does not match, if it
	// does.
	Words string
	// Sensitive values are not shown, as AWS does with what its models call sensitive [R].
	Sensitive bool
}

// Optional returns a parameter, or "" if it was not given, and notes what is wrong with
// it.
func (f *Form) Optional(name string, c Constraint) string {
	if !f.Values.Has(name) {
		return ""
	}
	value := f.Values.Get(name)
	f.Check(Member(name), value, c)
	return value
}

// Required is Optional for a parameter that must be there.
func (f *Form) Required(name string, c Constraint) string {
	if !f.Values.Has(name) {
		f.Fail("Value null", Member(name), "Member must not be null")
		return ""
	}
	return f.Optional(name, c)
}

// Texts are the members of a list of plain values, each checked.
func (f *Form) Texts(name string, c Constraint) []string {
	var out []string
	for i, one := range f.List(name, "") {
		f.Check(fmt.Sprintf("%s.%d.member", Member(name), i+1), one[0], c)
		out = append(out, one[0])
	}
	return out
}

// Number returns a whole number within bounds, or what it is by default.
func (f *Form) Number(name string, least, most, otherwise int) int {
	if !f.Values.Has(name) {
		return otherwise
	}
	text := f.Values.Get(name)
	n, err := strconv.ParseInt(text, 10, 32)
	subject, at := "Value '"+text+"'", Member(name)
	switch {
	case err != nil:
		f.Fail(subject, at, "Member must be an integer") // [I]
	case n < int64(least):
		f.Fail(subject, at, "Member must have value greater than or equal to "+strconv.Itoa(least))
	case n > int64(most):
		f.Fail(subject, at, "Member must have value less than or equal to "+strconv.Itoa(most))
	}
	return int(n)
}

// Check notes what is wrong with a value, in the words of the service frameworks of
// AWS [O].
func (f *Form) Check(at, value string, c Constraint) {
	subject := "Value '" + value + "'"
	if c.Sensitive {
		subject = "Value"
	}
	if c.Pattern != nil && !c.Pattern.MatchString(value) {
		if c.Words != "" && f.said == nil {
			f.said = Validation("The specified value for " + at + " is invalid. " + c.Words)
		}
		f.Fail(subject, at, "Member must satisfy regular expression pattern: "+c.Shown)
	}
	switch n := utf8.RuneCountInString(value); {
	case n < c.Min:
		f.Fail(subject, at, "Member must have length greater than or equal to "+strconv.Itoa(c.Min))
	case c.Max > 0 && n > c.Max:
		f.Fail(subject, at, "Member must have length less than or equal to "+strconv.Itoa(c.Max))
	}
}

// Member is the name of a parameter as messages spell it: with a small first letter.
func Member(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// Fail notes that what is at a member does not satisfy a constraint. The subject is the
// value as messages show it.
func (f *Form) Fail(subject, at, constraint string) {
	f.failed = append(f.failed, fmt.Sprintf("%s at '%s' failed to satisfy constraint: %s", subject, at, constraint))
}

// Say notes a mistake for which the service has an error of its own, which is what Err
// returns if it stays the only one.
func (f *Form) Say(e *Error) {
	f.failed = append(f.failed, e.Message)
	f.said = e
}

// Err is what all checks found together [O], an *Error, or nil.
func (f *Form) Err() error {
	switch {
	case len(f.failed) == 0:
		return nil
	case len(f.failed) == 1 && f.said != nil:
		return f.said
	case len(f.failed) == 1:
		return Validation("1 validation error detected: " + f.failed[0])
	}
	return Validation(fmt.Sprintf("%d validation errors detected: %s", len(f.failed), strings.Join(f.failed, "; ")))
}
