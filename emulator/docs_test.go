package emulator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goBlock is Go code in a page, with the comment before it that names the
// function whose body it is.
var goBlock = regexp.MustCompile("(?s)<!-- ([^ \n]+) ([^ \n]+) -->\n```go\n(.*?)```")

// TestPagesShowTheExamples: the code of a page is that of the examples, which
// are compiled and run. AMPERSAND_UPDATE=1 writes it into the page.
func TestPagesShowTheExamples(t *testing.T) {
	for _, page := range []string{"docs/go-test.md", "emulator/ampcontainer/README.md"} {
		t.Run(page, func(t *testing.T) {
			file := filepath.Join("..", page)
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			blocks := goBlock.FindAllString(string(raw), -1)
			require.NotEmpty(t, blocks)
			require.Len(t, blocks, strings.Count(string(raw), "```go\n"), "a block of Go does not say where it is from")
			want := goBlock.ReplaceAllStringFunc(string(raw), func(block string) string {
				part := goBlock.FindStringSubmatch(block)
				return "<!-- " + part[1] + " " + part[2] + " -->\n```go\n" + body(t, filepath.Join("..", part[1]), part[2]) + "```"
			})
			if os.Getenv("AMPERSAND_UPDATE") == "1" {
				require.NoError(t, os.WriteFile(file, []byte(want), 0o644)) //nolint:gosec // a page
				return
			}
			require.Equal(t, want, string(raw), "repeat with AMPERSAND_UPDATE=1 to have the page follow the examples")
		})
	}
}

// body is the text of a function's body, without its indentation.
func body(t *testing.T, file, name string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, file, raw, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, decl := range parsed.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != name {
			continue
		}
		text := string(raw[files.Position(f.Body.Lbrace).Offset+1 : files.Position(f.Body.Rbrace).Offset])
		return strings.ReplaceAll(strings.TrimPrefix(text, "\n"), "\n\t", "\n")[1:]
	}
	require.Fail(t, "no such function", "%s has no %s", file, name)
	return ""
}
