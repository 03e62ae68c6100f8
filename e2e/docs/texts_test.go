package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestQuotedTexts wants each text by which docs/troubleshooting.md is searched to be one that somebody gets to see: it
// stands in the code, or for texts of other programs in a test or fixture that is held against them.
func TestQuotedTexts(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "troubleshooting.md"))
	require.NoError(t, err)
	sources := sourceTexts(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	count := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) < 3 {
			continue
		}
		for _, found := range quoted.FindAllStringSubmatch(cells[0], -1) {
			count++
			if !isPrinted(found[1], sources) {
				t.Errorf("nothing prints %q", found[1])
			}
		}
	}
	require.Greater(t, count, 30, "texts on the page")
	require.False(t, isPrinted("Credential should be scoped to a ... moon", sources), "a text that nothing prints")
}

// isPrinted looks for a source that has all parts of a text, in their order.
func isPrinted(text string, sources []string) bool {
	var parts []string
	for part := range strings.SplitSeq(text, "...") {
		parts = append(parts, regexp.QuoteMeta(part))
	}
	form := regexp.MustCompile(strings.Join(parts, `[^\n]*`))
	return slices.ContainsFunc(sources, form.MatchString)
}

// sourceTexts are the texts in the repository's sources: of Go the string literals, put together where they are added up.
func sourceTexts(t *testing.T) []string {
	t.Helper()
	var texts []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "artifacts", "docs"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		case strings.HasSuffix(path, ".go"):
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				expression, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				text, whole := literal(expression)
				if whole {
					texts = append(texts, text)
				}
				return !whole
			})
		case slices.Contains([]string{".yaml", ".sh"}, filepath.Ext(path)):
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			texts = append(texts, string(content))
		}
		return nil
	})
	require.NoError(t, err)
	return texts
}

// literal is the text of a string, or of strings that are added up; what else is added stands in it as a blank.
func literal(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, l := literal(e.X)
		right, r := literal(e.Y)
		return left + right, l || r
	}
	return "", false
}
