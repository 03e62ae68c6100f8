package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// files are what is checked.
func files() []string {
	return []string{".github/workflows/ci.yml", ".github/workflows/e2e.yml", "action.yml", "Makefile", ".ci/run"}
}

// copied is a copy of what is checked, with one change.
func copied(t *testing.T, file, before, after string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files() {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		require.NoError(t, err)
		changed := string(text)
		if name == file {
			changed = strings.Replace(changed, before, after, 1)
			require.NotEqual(t, string(text), changed, "%s does not hold %q", file, before)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(changed), 0o644))
	}
	return dir
}

// What is in the repository passes, and there is something in it.
func TestRepository(t *testing.T) {
	t.Parallel()
	r, err := read(filepath.Join("..", ".."))
	require.NoError(t, err)
	require.Empty(t, r.check(pinned()))
	require.GreaterOrEqual(t, len(r.workflows), 2)
	require.Greater(t, r.runs, 8)
	require.Greater(t, r.uses, 8)
}

// Each check has been seen to fail.
func TestBroken(t *testing.T) {
	t.Parallel()
	const ci, e2e = ".github/workflows/ci.yml", ".github/workflows/e2e.yml"
	tests := map[string]struct{ file, before, after, want string }{
		"a command of its own":           {ci, "run: make lint", "run: golangci-lint run", "is not `make TARGET"},
		"a second command":               {ci, "run: make lint", "run: make lint && curl example.org", "is not `make TARGET"},
		"a second line":                  {ci, "run: make lint", "run: |\n          make lint\n          make test", "is not `make TARGET"},
		"an expression":                  {e2e, "run: make e2e\n", "run: make e2e E2E_CLUSTER=${{ matrix.cluster }}\n", "without expressions"},
		"a target that is none":          {ci, "run: make lint", "run: make lnit", "no target lnit"},
		"a target that CI does not run":  {ci, "run: make lint", "run: make bench", ".ci/run does not run make bench"},
		"CI without a target":            {".ci/run", " make lint", " true", ".ci/run does not run make lint"},
		"CI with a target in a comment":  {".ci/run", "step 'lint'", "# step 'lint'", ".ci/run does not run make lint"},
		"a tag":                          {ci, "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "not pinned by a commit"},
		"a short commit":                 {"action.yml", "@55cc8345863c7cc4c66a329aec7e433d2d1c52a9", "@55cc8345", "not pinned by a commit"},
		"no version":                     {ci, " # v7.0.1", "", "does not say its version"},
		"two commits of an action":       {"action.yml", "@b7ad1dad31e06c5925ef5d2fc7ad053ef454303e", "@c7ad1dad31e06c5925ef5d2fc7ad053ef454303e", "elsewhere at another commit"},
		"a token that stays":             {ci, "persist-credentials: false", "persist-credentials: true", "leaves its token"},
		"all permissions":                {ci, "permissions:\n  contents: read", "permissions: write-all", "contents: read at most"},
		"no permissions, so the default": {e2e, "permissions:\n  contents: read\n", "", "contents: read at most"},
		"one more permission":            {ci, "  contents: read\n", "  contents: read\n  packages: write\n", "contents: read at most"},
		"a job with more":                {ci, "  kwok:\n", "  kwok:\n    permissions: {contents: write}\n", "job kwok may do more"},
		"no timeout":                     {ci, "    timeout-minutes: 45\n", "", "job test has no timeout"},
		"no concurrency":                 {ci, "concurrency:\n  group: ci-${{ github.ref }}\n  cancel-in-progress: true\n", "", "no concurrency"},
		"artifacts only on success":      {ci, "if: always()", "if: success()", "job test does not keep"},
		"a pull request's token":         {ci, "  pull_request:\n", "  pull_request_target:\n", "pull_request_target"},
		"a secret":                       {ci, "run: make lint\n", "run: make lint\n        env: {TOKEN: \"${{ secrets.TOKEN }}\"}\n", "secrets."},
		"a minor less":                   {e2e, `kubernetes: ["1.36", "1.35", "1.34"]`, `kubernetes: ["1.36", "1.35"]`, "job all: kubernetes"},
		"a minor that is none":           {e2e, `keda: ["2.21", "2.20"]`, `keda: ["2.21", "2.19"]`, "job all: keda"},
		"a way of signing less":          {e2e, "signing: [proxy, native, irsa]", "signing: [proxy, native]", "job all: signing"},
		"no kind":                        {e2e, "cluster: [kwok, kind]", "cluster: [kwok]", "job all: cluster"},
		"roles on no pull request":       {e2e, "{cluster: kind, signing: irsa,", "{cluster: kind, signing: proxy,", "kind never meets signing irsa"},
		"a minor on no pull request":     {e2e, `signing: irsa, kubernetes: "1.34"`, `signing: irsa, kubernetes: "1.36"`, "kwok never meets Kubernetes 1.34"},
		"a row of something else":        {e2e, `kubernetes: "1.36", keda: "2.20"`, `kubernetes: "1.30", keda: "2.20"`, `kubernetes "1.30" is none of`},
		"an input in a command":          {"action.yml", `action-inputs`, `action-inputs SCENARIO=${{ inputs.scenario }}`, "inputs go through the environment"},
		"a step without a shell":         {"action.yml", "      shell: bash\n", "", "needs its shell"},
		"an input under another name":    {"action.yml", "INPUT_LOAD: ${{ inputs.load }}", "INPUT_LOAD: ${{ inputs.reach }}", "is not the input of that name"},
		"an input that is not told":      {"action.yml", "        INPUT_KEDA: ${{ inputs.keda }}\n", "", "told different inputs"},
		"an input that nobody reads":     {"action.yml", "inputs:\n", "inputs:\n  colour: {description: x}\n", "input colour is not used"},
		"an action that CI does not try": {".ci/run", "make test-action", "true", "does not run make test-action"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := read(copied(t, tt.file, tt.before, tt.after))
			require.NoError(t, err)
			require.Contains(t, strings.Join(r.check(pinned()), "\n"), tt.want)
		})
	}
}

func TestNothingToCheck(t *testing.T) {
	t.Parallel()
	_, err := read(t.TempDir())
	require.ErrorContains(t, err, "there is no workflow")
	dir := copied(t, "", "", "")
	require.NoError(t, os.Remove(filepath.Join(dir, ".github/workflows/e2e.yml")))
	r, err := read(dir)
	require.NoError(t, err)
	require.Contains(t, strings.Join(r.check(pinned()), "\n"), "e2e.yml:1: is missing")
	require.NoError(t, os.Remove(filepath.Join(dir, "action.yml")))
	_, err = read(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
