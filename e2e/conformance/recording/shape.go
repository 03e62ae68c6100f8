package recording

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/e2e/conformance"
)

// steady turns texts of one run into what they are in every run.
type steady struct {
	// run is the run's id, which is in all that its checks name.
	run      string
	patterns []replacement
}

func newSteady(r *Recording) steady {
	s := steady{run: runOf(r)}
	for _, p := range [][2]string{
		{`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`, "[uuid]"},
		{`\[ws-[a-z0-9]+\]`, "[ws]"}, // which it is may hang on what else there is
		{`\d{4}-\d\d-\d\d[T ]\d\d(?::|%3A)\d\d(?::|%3A)\d\d(\.\d+)?(Z| ?[+-]\d\d:?\d\d)?( [A-Z]{3})?`, "[time]"},
		{`\d{8}T\d{6}Z`, "[time]"},
		{`\b20\d{6}/`, "[day]/"},
		{`(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT`, "[time]"},
		{`\b[0-9a-f]{64}\b`, "[hash]"},
		{`\d\.\d+e\+(0[89]|1[0-9])\b`, "[number]"},
		{`\d{10,}(\.\d+)?`, "[number]"},
		{`https?://[^/\s"]+`, "[host]"},
		{`\b127\.\d+\.\d+\.\d+:\d+`, "[host]"},
		{`(?m)^host:.*$`, "host:[host]"},
	} {
		s.patterns = append(s.patterns, replacement{regexp.MustCompile(p[0]), p[1]})
	}
	return s
}

// runOf finds the id of a recording's run in the alias of the first workspace.
func runOf(r *Recording) string {
	alias := regexp.MustCompile(regexp.QuoteMeta(conformance.AliasPrefix) + `([0-9a-f]{8})-`)
	for _, e := range r.Entries {
		if e.RequestBody == nil {
			continue
		}
		if m := alias.FindStringSubmatch(e.RequestBody.Text); m != nil {
			return m[1]
		}
	}
	return ""
}

func (s steady) text(t string) string {
	if s.run != "" {
		t = strings.ReplaceAll(t, s.run, "[run]")
	}
	for _, p := range s.patterns {
		t = p.pattern.ReplaceAllString(t, p.with)
	}
	return t
}

// shape is what of an answer is compared, by where it is: "status", "header
// Content-Type", "body.data.result[].value[]".
type shape map[string]string

// comparedHeaders are those that clients act upon. Request ids and dates differ
// with every answer, and fronts add their own.
func comparedHeaders() []string {
	return []string{
		"Allow", "Content-Type", "Content-Encoding", "Location", "Retry-After", "Www-Authenticate", "X-Amzn-Errortype",
		"X-Prometheus-Remote-Write-Samples-Written", "X-Prometheus-Remote-Write-Histograms-Written",
		"X-Prometheus-Remote-Write-Exemplars-Written",
	}
}

func (s steady) shape(e Entry) shape {
	out := shape{"status": fmt.Sprint(e.Status)}
	if e.Error != "" {
		out["no answer"] = "yes" // what the system calls it depends on the moment
		return out
	}
	for name, values := range e.Header {
		if canonical := http.CanonicalHeaderKey(name); slices.Contains(comparedHeaders(), canonical) {
			value := s.text(strings.Join(values, ", "))
			if canonical == "X-Amzn-Errortype" {
				value, _, _ = strings.Cut(value, ":") // what follows is no part of the type [M]
			}
			out["header "+canonical] = value
		}
	}
	if e.Body == nil {
		return out
	}
	var v any
	switch {
	case e.Body.Text == "":
		out["body"] = "binary"
	case json.Unmarshal([]byte(e.Body.Text), &v) == nil:
		leaves := make(map[string][]string)
		f := flattener{
			steady: s, own: ownPrefix(e.Check), leaves: leaves,
			common: everybodys(e.Path), crowd: crowd(e.Check, s.text(e.Path)),
		}
		f.add("body", v)
		for path, values := range leaves {
			slices.Sort(values)
			out[path] = clip(strings.Join(slices.Compact(values), ", "))
		}
	default:
		out["body"] = clip(fmt.Sprintf("%q", s.text(e.Body.Text)))
	}
	return out
}

// flattener finds the leaves of a JSON value.
type flattener struct {
	steady
	own    string // begins the names that the check itself gave
	common bool   // the texts are names that all checks gave
	crowd  bool   // the workspaces are those of all checks
	leaves map[string][]string
}

// ownPrefix is what T.Metric begins with, in the form of steady texts.
func ownPrefix(check string) string {
	return "c[run]_" + strings.NewReplacer("-", "_", ".", "_").Replace(check)
}

// everybodys reports whether a path asks for label names or values of all that the
// checks have written so far.
func everybodys(path string) bool {
	return strings.HasPrefix(path, "/workspaces/[ws-shared]/api/v1/label") && !strings.Contains(path, "match")
}

// crowd reports whether a path asks for the workspaces of more than the check: what
// there are depends on which checks run at the moment.
func crowd(check, path string) bool {
	list, query, _ := strings.Cut(path, "?")
	return list == "/workspaces" &&
		!strings.Contains(query, "alias="+conformance.AliasPrefix+"[run]-"+strings.ReplaceAll(check, ".", "-"))
}

// others reports whether a text is a name that another check gave: what they
// write at the same time is no part of the answer to this one.
func (f flattener) others(t string) bool {
	t = strings.ReplaceAll(f.text(t), "-", "_")
	return strings.HasPrefix(t, "c[run]_") && !strings.HasPrefix(t, f.own)
}

// add adds a value's leaves. The elements of a list are taken together: their
// order and number follow from what else there is at the target.
func (f flattener) add(path string, v any) {
	leaf := func(s string) { f.leaves[path] = append(f.leaves[path], s) }
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			leaf("{}")
		}
		for name, member := range v {
			if !f.others(name) {
				f.add(path+"."+f.text(name), member)
			}
		}
	case []any:
		if f.crowd && path == "body.workspaces" {
			leaf("workspaces")
			return
		}
		if len(v) == 0 {
			leaf("[]")
		}
		for _, element := range v {
			if !f.elementOfOthers(element) {
				f.add(path+"[]", element)
			}
		}
	case string:
		leaf(f.leaf(path, v))
	case float64:
		leaf("number")
	case bool:
		leaf(fmt.Sprint(v))
	default:
		leaf("null")
	}
}

func (f flattener) elementOfOthers(v any) bool {
	switch v := v.(type) {
	case string:
		return f.others(v)
	case map[string]any:
		for _, member := range v {
			if t, ok := member.(string); ok && f.others(t) {
				return true
			}
		}
	}
	return false
}

func (f flattener) leaf(path, s string) string {
	switch _, err := model.ParseDuration(s); {
	case opaque(path):
		return "opaque"
	case f.common && strings.HasPrefix(path, "body.data"):
		return "text"
	case err == nil && s != "0":
		return "duration"
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil && strings.HasPrefix(path, "body.data.result") {
		return "value" // whether it is right is for the check to say; it may hang on the time
	}
	return fmt.Sprintf("%q", f.text(s))
}

// opaque reports whether a member's text means nothing to clients.
func opaque(path string) bool {
	for _, member := range []string{".nextToken", ".requestId", ".fingerprint", ".inhibitedBy[]", ".silencedBy[]"} {
		if strings.HasSuffix(path, member) {
			return true
		}
	}
	return false
}

func clip(s string) string {
	const most = 400
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + fmt.Sprintf("... (%d bytes)", len(s))
}
