package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/scenario"
)

// notRunFor are the reasons for which nobody runs a command.
func notRunFor() []string { return []string{"an AWS account"} }

// TestEveryBlock wants to know of each block what sees to it.
func TestEveryBlock(t *testing.T) {
	ci, err := os.ReadFile(filepath.Join(root, ".ci", "run"))
	require.NoError(t, err)
	tests := goTests(t)
	for _, p := range readPages(t) {
		for i, b := range p.blocks {
			t.Run(fmt.Sprintf("%s:%d", p.path, b.line), func(t *testing.T) {
				if b.indented {
					t.Fatal("an indented block: write it with a fence and a language")
				}
				if why, ok := b.marked(notRun); ok {
					require.Contains(t, notRunFor(), why, "the reasons for which nobody runs a command")
					return
				}
				if claim, ok := b.marked(runBy); ok {
					require.NoError(t, judgeClaim(claim, string(ci), tests))
					return
				}
				if path, ok := b.marked(from); ok {
					require.NoError(t, judgeQuote(b.text, path))
					return
				}
				switch b.language {
				case "sh", "console":
				case "text":
					require.NotRegexp(t, typed, b.text, "text is not run: commands belong into a block of sh or console")
				case "yaml", "json", "ini", "go":
					require.NoError(t, judgeFile(p, i))
				default:
					t.Fatalf("language %q: sh, console, text, yaml, json, ini and go are known", b.language)
				}
			})
		}
	}
}

// typed looks like something that a reader is to type.
var typed = regexp.MustCompile(`(?m)^[ \t]*(\$ |sudo |make |go (run|test|build|install|get) |ampersand [a-z]+ |docker |kubectl |curl |aws |export [A-Z_]+=)`)

// goTests are the names of all Go tests.
func goTests(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func (Test\w+|Example\w*)\(`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, found := range declaration.FindAllStringSubmatch(string(content), -1) {
			tests[found[1]] = true
		}
		return err
	})
	require.NoError(t, err)
	return tests
}

// judgeClaim looks for what a block is said to be run by: a target of make that .ci/run runs, with all of the arguments in
// one call, or a Go test.
func judgeClaim(claim, ci string, tests map[string]bool) error {
	by, why, ok := strings.Cut(claim, ": ")
	if !ok || strings.TrimSpace(why) == "" {
		return fmt.Errorf("run-by %q does not say why the block is not run here: TARGET or TEST, a colon, the reason", claim)
	}
	words := strings.Fields(by)
	if len(words) == 0 {
		return fmt.Errorf("run-by %q names neither a target of make nor a test", claim)
	}
	if words[0] != "make" {
		name, _, _ := strings.Cut(words[0], "/")
		if len(words) > 1 || !tests[name] {
			return fmt.Errorf("there is no Go test %s", by)
		}
		return nil
	}
	ci = strings.ReplaceAll(ci, "\\\n", " ")
	for line := range strings.Lines(ci) {
		line, _, _ = strings.Cut(line, " #")
		called := strings.Fields(line)
		at := slices.Index(called, "make")
		if at < 0 || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		called = called[at:]
		if !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(called, w) }) {
			return nil
		}
	}
	return fmt.Errorf(".ci/run does not run `%s`", by)
}

// judgeQuote looks for the block's lines in a file, one after the other, whatever they are indented by.
func judgeQuote(text, path string) error {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return fmt.Errorf("from: %w", err)
	}
	if !strings.Contains(flush(string(content)), flush(text)) {
		return fmt.Errorf("from: %s does not have these lines", path)
	}
	return nil
}

// flush takes blanks off both ends of all lines.
func flush(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// judgeFile wants a file to be used by what is run later on the page, or to be read as what it is said to be.
func judgeFile(p page, i int) error {
	b := p.blocks[i]
	argument, ok := b.marked(file)
	if !ok {
		return fmt.Errorf("a block of %s needs a marker that says what sees to it: file, from or run-by", b.language)
	}
	words := strings.Fields(argument)
	switch {
	case len(words) == 2 && words[1] == "scenario":
		return judgeScenario(b.text, words[0])
	case len(words) != 1:
		return fmt.Errorf("file %q: NAME, or NAME scenario", argument)
	}
	used := slices.ContainsFunc(p.blocks[i+1:], func(later block) bool {
		_, elsewhere := later.marked(runBy)
		_, never := later.marked(notRun)
		typed := later.language == "sh" || later.language == "console"
		return typed && !elsewhere && !never && strings.Contains(later.text, words[0])
	})
	if !used {
		return fmt.Errorf("no command that is run later on the page names the file %s", words[0])
	}
	return nil
}

// judgeScenario reads a scenario as the suites do. The ScaledObject that it names is the recipe's here.
func judgeScenario(text, name string) error {
	dir, err := os.MkdirTemp("", "ampersand-docs-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	scaledObject, err := os.ReadFile(filepath.Join(root, "fixtures", "manifests", "scaling", "base", "scaledobject.yaml"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "scaledobject.yaml"), scaledObject, 0o600); err != nil {
		return err
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	_, err = scenario.Load(path)
	return err
}

// TestJudges sees the judges find fault.
func TestJudges(t *testing.T) {
	ci := "#  make nothing\nstep 'a' make e2e E2E_CLUSTER=kind \\\n  E2E_SIGNING=all\n"
	tests := map[string]bool{"TestThere": true}
	for claim, fault := range map[string]string{
		"make e2e E2E_SIGNING=all: long":    "",
		"make e2e: long":                    "",
		"TestThere/part: it needs a runner": "",
		"make e2e":                          "does not say why",
		"make e2e-aws: long":                "does not run",
		"make nothing: long":                "does not run",
		"make e2e E2E_SIGNING=irsa: long":   "does not run",
		"TestGone: it needs a runner":       "no Go test",
	} {
		err := judgeClaim(claim, ci, tests)
		if fault == "" {
			assert.NoError(t, err, claim)
		} else {
			assert.ErrorContains(t, err, fault, claim)
		}
	}
	require.NoError(t, judgeQuote("package docs\n", "e2e/docs/doc.go"))
	require.Error(t, judgeQuote("package nothing\n", "e2e/docs/doc.go"))
	require.Error(t, judgeScenario("name: mine\n", "mine.yaml"), "a scenario without a load")
	p := parsePage(t, "page.md", []byte("<!-- docs: file used.yaml -->\n```yaml\na: 1\n```\n\n<!-- docs: file unused.yaml -->\n```yaml\na: 1\n```\n\n"+
		"```yaml\na: 1\n```\n\n```sh\ncat used.yaml\n```\n```text\na: 1\n```\n\n    indented\n"))
	require.Len(t, p.blocks, 6)
	require.NoError(t, judgeFile(p, 0))
	require.Error(t, judgeFile(p, 1), "a file that nothing uses")
	require.Error(t, judgeFile(p, 2), "a block without a marker")
	require.Equal(t, 3, p.blocks[4].follows, "output belongs to the block before it")
	require.True(t, p.blocks[5].indented)
}
