package awsquery

import (
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Form holds the parameters of one request, and what was found wrong with them.
type Form struct {
	// Values are the parameters by name.
	Values url.Values

	failed []string // in the order in which it was found
	said   *Error   // instead of failed, where the service has words of its own
}

// Read reads the parameters of the form in the body and those of the URL, as old clients
// send them [R amp-api.md 6.3]. Of a parameter in both places the body's counts, of a
// repeated one the first [I]. The error is an *Error.
func Read(r *http.Request, body []byte) (*Form, error) {
	inURL, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, malformed("the query of the URL", err)
	}
	if r.Method != http.MethodPost || !IsForm(r.Header.Get("Content-Type")) {
		return &Form{Values: inURL}, nil
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, malformed("the body", err)
	}
	for name, given := range inURL {
		values[name] = append(values[name], given...)
	}
	return &Form{Values: values}, nil
}

func malformed(where string, cause error) error { // [D common errors of the query protocol]
	return &Error{
		Status: http.StatusNotFound, Code: CodeMalformedQueryString, Message: "The query string contains a syntax error.",
		Reason: where + " is not a form: a percent sign without two hex digits, or a semicolon", Cause: cause,
	}
}

// IsForm reports whether a body of this content type holds parameters. A client that
// names no type is believed to send a form [I].
func IsForm(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// Action returns the action that is asked for. The error, an *Error, says that there is
// none, or none of the service: it has the actions that known tells, in one version.
func (f *Form) Action(version string, known func(action string) bool) (string, error) {
	name := f.Values.Get("Action")
	if name == "" { // [D common errors]
		return "", &Error{
			Status: http.StatusBadRequest, Code: CodeMissingAction, Message: "The request is missing an action or a required parameter.",
			Reason: "neither the form in the body nor the URL has the parameter Action",
		}
	}
	given := f.Values.Get("Version")
	if given == "" {
		given = "NO_VERSION_SPECIFIED" // [R]
	}
	if given != version || !known(name) { // [O]
		return "", &Error{
			Status: http.StatusBadRequest, Code: CodeInvalidAction,
			Message: "Could not find operation " + name + " for version " + given,
		}
	}
	return name, nil
}

// List returns the members of a list in the order of their numbers: of Tags.member.1.Key
// name is Tags and a part Key; a list of plain values has the part "". Parts that a
// member lacks are empty, so that the parts of a member stay side by side.
func (f *Form) List(name string, parts ...string) [][]string {
	byNumber := map[int][]string{}
	for key, given := range f.Values {
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
