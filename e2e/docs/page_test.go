package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// root is the repository's folder, seen from this package.
const root = "../.."

// page is a Markdown file, taken apart.
type page struct {
	path     string // from the repository's root
	blocks   []block
	links    []link
	headings []string
}

// block is a piece of code.
type block struct {
	line     int
	language string // empty: indented, or a fence without
	indented bool
	text     string
	markers  []marker
	// follows is the place of the block right before this one, with nothing between them, or -1.
	follows int
}

// link is where a page sends its reader.
type link struct {
	line   int
	target string
}

// readPages reads every page of the repository.
func readPages(t *testing.T) []page {
	t.Helper()
	var pages []page
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "artifacts", "testdata", "node_modules"}, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p := parsePage(t, filepath.ToSlash(name), content)
		pages = append(pages, p)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	return pages
}

// parsePage takes a page apart.
func parsePage(t *testing.T, path string, source []byte) page {
	t.Helper()
	p := page{path: path}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	lineOf := func(offset int) int { return 1 + bytes.Count(source[:offset], []byte("\n")) }
	byNode := map[ast.Node]int{} // the block's place in p.blocks
	line := 1
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			line = lineOf(n.Lines().At(0).Start)
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.headings = append(p.headings, plain(n, source))
		case *ast.Link:
			p.links = append(p.links, link{line, string(n.Destination)})
		case *ast.Image:
			p.links = append(p.links, link{line, string(n.Destination)})
		case *ast.CodeBlock:
			p.blocks = append(p.blocks, block{line: line, indented: true, text: string(n.Lines().Value(source)), follows: -1})
		case *ast.FencedCodeBlock:
			b := block{line: line, language: string(n.Language(source)), text: string(n.Lines().Value(source)), follows: -1}
			b.markers = markersBefore(t, p.path, n, source)
			if i, ok := byNode[n.PreviousSibling()]; ok {
				b.follows = i
			}
			byNode[n] = len(p.blocks)
			p.blocks = append(p.blocks, b)
		case *ast.HTMLBlock:
			checkMarkerPlace(t, p.path, line, n, source)
		}
		return ast.WalkContinue, nil
	})
	require.NoError(t, err)
	return p
}

// plain is the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the function below returns no error
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
