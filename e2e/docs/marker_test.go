package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/yuin/goldmark/ast"
)

// marker says what becomes of the block behind it.
type marker struct{ verb, argument string }

// The verbs of markers; doc.go tells what they mean.
const (
	runBy      = "run-by"
	notRun     = "not-run"
	background = "background"
	file       = "file"
	from       = "from"
	fails      = "fails"
	before     = "before"
)

// marked returns the block's marker of that verb.
func (b block) marked(verb string) (string, bool) {
	for _, m := range b.markers {
		if m.verb == verb {
			return m.argument, true
		}
	}
	return "", false
}

// markersBefore reads the markers between a block and what comes before it.
func markersBefore(t *testing.T, path string, n ast.Node, source []byte) []marker {
	t.Helper()
	var markers []marker
	for n = n.PreviousSibling(); n != nil; n = n.PreviousSibling() {
		html, ok := n.(*ast.HTMLBlock)
		if !ok {
			break
		}
		if m, ok := parseMarker(comment(html, source)); ok {
			assert.Contains(t, []string{runBy, notRun, background, file, from, fails, before}, m.verb, "%s: a marker's verb", path)
			markers = append(markers, m)
		}
	}
	slices.Reverse(markers)
	return markers
}

// comment is the source of an HTML block.
func comment(n *ast.HTMLBlock, source []byte) string {
	text := string(n.Lines().Value(source))
	if n.HasClosure() {
		text += string(n.ClosureLine.Value(source))
	}
	return strings.TrimSpace(text)
}

var (
	markerForm = regexp.MustCompile(`(?s)^<!-- docs:\s*(\S+)(.*?)-->$`)
	// exampleForm names a test file and the function whose body the block is (TestPagesShowTheExamples writes it).
	exampleForm = regexp.MustCompile(`^<!-- (\S+_test\.go) \w+ -->$`)
)

func parseMarker(comment string) (marker, bool) {
	if parts := exampleForm.FindStringSubmatch(comment); parts != nil {
		return marker{from, parts[1]}, true
	}
	parts := markerForm.FindStringSubmatch(comment)
	if parts == nil {
		return marker{}, false
	}
	return marker{parts[1], strings.TrimSpace(parts[2])}, true
}

// checkMarkerPlace complains of markers that mark nothing, which would be believed to do something.
func checkMarkerPlace(t *testing.T, path string, line int, n *ast.HTMLBlock, source []byte) {
	t.Helper()
	text := comment(n, source)
	if inside, ok := strings.CutPrefix(text, "<!--"); !ok || !strings.HasPrefix(strings.TrimSpace(inside), "docs") {
		return
	}
	_, ok := parseMarker(text)
	assert.True(t, ok, "%s:%d: %q is no marker of the form <!-- docs: VERB ... -->", path, line, text)
	next := n.NextSibling()
	for next != nil {
		if _, ok := next.(*ast.HTMLBlock); !ok {
			break
		}
		next = next.NextSibling()
	}
	_, ok = next.(*ast.FencedCodeBlock)
	assert.True(t, ok, "%s:%d: the marker %q is not before a block", path, line, text)
}
