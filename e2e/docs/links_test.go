package docs

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestLinks follows every link that stays within the repository, to the heading if it names one.
func TestLinks(t *testing.T) {
	pages := readPages(t)
	anchors := map[string]map[string]bool{}
	for _, p := range pages {
		anchors[p.path] = anchorsOf(p.headings)
	}
	for _, p := range pages {
		for _, l := range p.links {
			u, err := url.Parse(l.target)
			if !assert.NoError(t, err, "%s:%d", p.path, l.line) || u.Scheme != "" || u.Host != "" {
				continue
			}
			target := p.path
			if u.Path != "" {
				target = path.Join(path.Dir(p.path), u.Path)
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s:%d: the link %s leads nowhere", p.path, l.line, l.target)
				continue
			}
			if u.Fragment != "" {
				assert.True(t, anchors[target][u.Fragment], "%s:%d: %s has no heading #%s", p.path, l.line, target, u.Fragment)
			}
		}
	}
}

// TestAnchors holds the names of headings against what GitHub makes of them.
func TestAnchors(t *testing.T) {
	require.Equal(t, map[string]bool{
		"ampersand-check-and-ampersand-doctor": true, "time-and-cost": true, "whats-left-1---10": true, "time-and-cost-1": true,
	}, anchorsOf([]string{"ampersand check and ampersand doctor", "Time and cost", "What's left: 1 -> 10", "Time and cost"}))
}

// anchorsOf names headings as GitHub does: in lower case, without punctuation, blanks as dashes, repeated ones numbered.
func anchorsOf(headings []string) map[string]bool {
	anchors := map[string]bool{}
	for _, heading := range headings {
		var b strings.Builder
		for _, r := range strings.ToLower(heading) {
			switch {
			case r == ' ':
				b.WriteByte('-')
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				b.WriteRune(r)
			}
		}
		name := b.String()
		for n := 1; anchors[name]; n++ {
			name = b.String() + "-" + string(rune('0'+n))
		}
		anchors[name] = true
	}
	return anchors
}
