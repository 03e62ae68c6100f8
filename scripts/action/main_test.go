package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab"
)

const scaledObject = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: mine}
spec:
  scaleTargetRef: {name: mine}
  minReplicaCount: 1
  maxReplicaCount: 6
  triggers:
    - type: prometheus
      metadata: {serverAddress: http://prometheus, query: 'sum(rate(x[1m]))', threshold: "20"}
`

// rig is a workspace with files, and the environment of a step in it.
type rig struct {
	workspace string
	env       map[string]string
}

func newRig(t *testing.T, inputs map[string]string) rig {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"mine.yaml":        "name: mine\ndescription: x\nload:\n  - {name: load, rate: 77, for: 5s}\nexpect: {neverAbove: 5}\n",
		"wrong.yaml":       "name: wrong\ndescription: x\nload:\n  - {name: load, rate: -1, for: 5s}\nexpect: {}\n",
		"object.yaml":      scaledObject,
		"from-zero.yaml":   strings.Replace(scaledObject, "  minReplicaCount: 1\n", "", 1),
		"cron.yaml":        strings.Replace(scaledObject, "type: prometheus", "type: cron", 1),
		"deployment.yaml":  "kind: Deployment\n",
		"used/report.html": "old",
	}
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	r := rig{workspace: dir, env: map[string]string{
		"GITHUB_WORKSPACE": dir, "GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"),
	}}
	for name, value := range inputs {
		r.env["INPUT_"+strings.ToUpper(name)] = value
	}
	return r
}

func (r rig) getenv(name string) string { return r.env[name] }

func (r rig) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.workspace, name))
	require.NoError(t, err)
	return string(text)
}

func TestInputs(t *testing.T) {
	t.Parallel()
	object := func(more map[string]string) map[string]string {
		all := map[string]string{"scaledobject": "object.yaml", "load": "77", "reach": "4"}
		for name, value := range more {
			all[name] = value
		}
		return all
	}
	tests := map[string]struct {
		inputs map[string]string
		// refused are parts of what is said; none: the inputs are good.
		refused []string
	}{
		"a file":                       {inputs: map[string]string{"scenario": "mine.yaml"}},
		"a name and a file":            {inputs: map[string]string{"scenario": "step, ./mine.yaml"}},
		"all words":                    {inputs: map[string]string{"scenario": "step", "cluster": "kind", "images": "built", "signing": "irsa", "kubernetes": "1.34", "keda": "2.20"}},
		"a ScaledObject":               {inputs: object(nil)},
		"nothing":                      {inputs: nil, refused: []string{"input scenario is missing", "autoscaling"}},
		"both":                         {inputs: object(map[string]string{"scenario": "step"}), refused: []string{"exclude each other"}},
		"no such file":                 {inputs: map[string]string{"scenario": "other.yaml"}, refused: []string{"other.yaml", "no such file"}},
		"no such name":                 {inputs: map[string]string{"scenario": "stepp"}, refused: []string{`"stepp"`, "there are: "}},
		"a mistake in the scenario":    {inputs: map[string]string{"scenario": "wrong.yaml"}, refused: []string{"wrong.yaml:4"}},
		"a profile that it lacks":      {inputs: map[string]string{"scenario": "mine.yaml", "profile": "real"}, refused: []string{`has no profile "real"`}},
		"a load for a scenario":        {inputs: map[string]string{"scenario": "step", "load": "3"}, refused: []string{"input load goes with scaledobject only"}},
		"no load":                      {inputs: object(map[string]string{"load": ""}), refused: []string{"input load is missing"}},
		"a load of nothing":            {inputs: object(map[string]string{"load": "NaN"}), refused: []string{`input load is "NaN"`}},
		"half a replica":               {inputs: object(map[string]string{"reach": "2.5"}), refused: []string{`input reach is "2.5"`}},
		"nothing to reach":             {inputs: object(map[string]string{"reach": "1"}), refused: []string{"proves nothing"}},
		"from zero":                    {inputs: object(map[string]string{"scaledobject": "from-zero.yaml"}), refused: []string{"minReplicaCount is 0", "scenario"}},
		"another trigger":              {inputs: object(map[string]string{"scaledobject": "cron.yaml"}), refused: []string{"prometheus"}},
		"another object":               {inputs: object(map[string]string{"scaledobject": "deployment.yaml"}), refused: []string{`kind is "Deployment"`}},
		"several mistakes at once":     {inputs: map[string]string{"scenario": "step", "cluster": "gke", "signing": "all", "kubernetes": "1.2"}, refused: []string{`cluster is "gke"`, "kwok, kind", `signing is "all"`, "1.34"}},
		"roles with published images":  {inputs: map[string]string{"scenario": "step", "cluster": "kind", "images": "published", "signing": "irsa"}, refused: []string{"images: built"}},
		"a used folder":                {inputs: map[string]string{"scenario": "step", "artifacts": "used"}, refused: []string{"holds something already"}},
		"a second output in an input":  {inputs: map[string]string{"scenario": "step", "artifacts": "a\nresult=passed"}, refused: []string{"one line"}},
		"a command of the runner":      {inputs: map[string]string{"scenario": "step", "signing": "x\r::stop-commands::y"}, refused: []string{"one line"}},
		"the workspace as a whole":     {inputs: map[string]string{"scenario": "step", "artifacts": "."}, refused: []string{"holds something already"}},
		"what a shell would have done": {inputs: map[string]string{"scenario": "$(touch pwned);.yaml"}, refused: []string{"no such file"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tt.inputs)
			err := run(t.Context(), []string{"inputs"}, r.getenv, &bytes.Buffer{})
			require.NoFileExists(t, filepath.Join(r.workspace, "pwned"))
			if len(tt.refused) == 0 {
				require.NoError(t, err)
				require.Regexp(t, `(?m)^artifacts=/.*/ampersand\ncache=/.*\ncache-key=ampersand-\S+-[0-9a-f]{16}\ncache-restore-key=ampersand-\S+-\n$`, r.read(t, "output"))
				return
			}
			for _, part := range tt.refused {
				require.ErrorContains(t, err, part)
			}
			require.NoFileExists(t, filepath.Join(r.workspace, "output"))
			var said bytes.Buffer
			annotate(&said, err)
			for line := range strings.Lines(said.String()) {
				require.True(t, strings.HasPrefix(line, "::error title=Ampersand::"), "%q is no annotation", line)
			}
		})
	}
}

// TestMain moves to where make runs, and the pins are.
func TestMain(m *testing.M) {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func TestPlay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		suite   string
		output  string
		refused string
		summary string
	}{
		"passed": {
			suite:  `[ "$E2E_CLUSTER$E2E_SIGNING$E2E_KEDA$E2E_KEEP" = kwokproxy2.21 ] && grep -q 'reach: 4' "$E2E_SCENARIO" && touch "$E2E_ARTIFACTS"/{report.html,junit.xml}`,
			output: "result=passed\nreport=ARTIFACTS/report.html\njunit=ARTIFACTS/junit.xml\n",
		},
		"failed": {
			suite:   `touch "$E2E_ARTIFACTS"/{report.html,junit.xml}; exit 1`,
			output:  "result=failed\nreport=ARTIFACTS/report.html\njunit=ARTIFACTS/junit.xml\n",
			refused: "exit status 1",
		},
		"did not come to stand": {
			suite: `exit 2`, output: "result=failed\n", refused: "exit status 2", summary: "Nothing was played",
		},
		"passed without a report": {
			suite: `true`, output: "result=failed\n", refused: "nothing was proved", summary: "Nothing was played",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, map[string]string{"scaledobject": "object.yaml", "load": "77", "reach": "4"})
			err := run(t.Context(), []string{"play", "bash", "-c", tt.suite}, r.getenv, os.Stderr)
			if tt.refused == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.refused)
				require.ErrorContains(t, err, "object.yaml", "it says what was played")
			}
			require.Equal(t, strings.ReplaceAll(tt.output, "ARTIFACTS", filepath.Join(r.workspace, "ampersand")), r.read(t, "output"))
			if tt.summary == "" {
				require.NoFileExists(t, filepath.Join(r.workspace, "summary"))
			} else {
				require.Contains(t, r.read(t, "summary"), tt.summary)
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), []string{"play"}, os.Getenv, &bytes.Buffer{}), "wanted is action inputs")
}

// The words of the inputs are those of the suites.
func TestWordsAreTheLabs(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{string(lab.SigningProxy), string(lab.SigningNative), string(lab.SigningIRSA)}, signings())
	require.Equal(t, []string{string(lab.ClusterKWOK), string(lab.ClusterKind)}, clusters())
	require.Equal(t, []string{string(lab.ImagesAuto), string(lab.ImagesPublished), string(lab.ImagesBuilt)}, sources())
}
