//go:build outside_action

package outside

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// manifest is what a runner reads of action.yml.
type manifest struct {
	Inputs map[string]struct {
		Default  string `yaml:"default"`
		Required bool   `yaml:"required"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Value string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []struct {
			ID    string            `yaml:"id"`
			If    string            `yaml:"if"`
			Uses  string            `yaml:"uses"`
			With  map[string]string `yaml:"with"`
			Run   string            `yaml:"run"`
			Shell string            `yaml:"shell"`
			Env   map[string]string `yaml:"env"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

// use is a step that a runner would have left to another action.
type use struct {
	name string
	with map[string]string
}

// job stands in for a runner: it plays the steps of a composite action in a workspace. Of expressions it knows what action.yml has.
type job struct {
	t          *testing.T
	manifest   manifest
	action     string
	workspace  string
	summaryTo  string
	inputs     map[string]string
	values     map[string]string // of outputs, as steps.ID.outputs.NAME
	uses       []use
	log        bytes.Buffer
	defaultEnv []string
}

func newJob(t *testing.T, action, workspace string, inputs map[string]string) *job {
	t.Helper()
	j := &job{t: t, action: action, workspace: workspace, inputs: map[string]string{}, values: map[string]string{}}
	text, err := os.ReadFile(filepath.Join(action, "action.yml"))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &j.manifest))
	require.Equal(t, "composite", j.manifest.Runs.Using)
	for name, input := range j.manifest.Inputs {
		require.False(t, input.Required, "the action itself says what is missing")
		j.inputs[name] = input.Default
	}
	for name, value := range inputs {
		require.Contains(t, j.manifest.Inputs, name)
		j.inputs[name] = value
	}
	temp := t.TempDir()
	j.summaryTo = filepath.Join(temp, "summary")
	for _, entry := range os.Environ() {
		// make of this test is none of the job's.
		if !regexp.MustCompile(`^(E2E_|INPUT_|GITHUB_|MAKE|MFLAGS)`).MatchString(entry) {
			j.defaultEnv = append(j.defaultEnv, entry)
		}
	}
	j.defaultEnv = append(j.defaultEnv, "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+workspace, "GITHUB_ACTION_PATH="+action,
		"GITHUB_STEP_SUMMARY="+j.summaryTo, "RUNNER_TEMP="+temp, "RUNNER_OS=Linux",
		// What a workflow has set for its own purposes must not reach the suites.
		"E2E_CLUSTER=existing", "E2E_AMP=aws")
	return j
}

// play plays the steps and says whether all passed.
func (j *job) play() bool {
	j.t.Helper()
	passed := true
	for _, s := range j.manifest.Runs.Steps {
		if !j.holds(s.If, passed) {
			continue
		}
		if s.Uses != "" {
			name, commit, _ := strings.Cut(s.Uses, "@")
			require.Regexp(j.t, `^[0-9a-f]{40}$`, commit)
			used := use{name: name, with: map[string]string{}}
			for key, value := range s.With {
				used.with[key] = j.evaluate(value)
			}
			j.uses = append(j.uses, used)
			continue
		}
		require.Equal(j.t, "bash", s.Shell)
		require.NotContains(j.t, s.Run, "${{", "text of an input would be a command")
		environment := map[string]string{}
		for key, value := range s.Env {
			environment[key] = j.evaluate(value)
		}
		passed = j.run(s.ID, s.Run, environment) && passed
	}
	return passed
}

// run runs a step as GitHub's runner does: its text in a file, and bash with the runner's flags.
func (j *job) run(id, text string, environment map[string]string) bool {
	j.t.Helper()
	temp := j.t.TempDir()
	script, outputs := filepath.Join(temp, "step.sh"), filepath.Join(temp, "output")
	require.NoError(j.t, os.WriteFile(script, []byte(text), 0o600))
	require.NoError(j.t, os.WriteFile(outputs, nil, 0o600))
	cmd := exec.CommandContext(j.t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir = j.workspace
	cmd.Env = append(slices.Clone(j.defaultEnv), "GITHUB_OUTPUT="+outputs)
	for key, value := range environment {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	both := io.MultiWriter(&j.log, os.Stdout)
	cmd.Stdout, cmd.Stderr = both, both
	err := cmd.Run()
	told, readErr := os.ReadFile(outputs)
	require.NoError(j.t, readErr)
	for line := range strings.Lines(string(told)) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		require.True(j.t, ok, "%q is no output", line)
		j.values["steps."+id+".outputs."+name] = value
	}
	return err == nil
}

// holds judges a condition: conjunctions of always() and comparisons with nothing.
func (j *job) holds(condition string, passed bool) bool {
	j.t.Helper()
	if condition == "" {
		return passed
	}
	held := passed
	for part := range strings.SplitSeq(condition, " && ") {
		switch value, compared := strings.CutSuffix(part, " != ''"); {
		case part == "always()":
			held = true
		case compared && j.lookup(value) == "":
			return false
		case !compared:
			require.Fail(j.t, "the condition is not understood here", condition)
		}
	}
	return held
}

// evaluate fills in expressions.
func (j *job) evaluate(text string) string {
	j.t.Helper()
	simple := regexp.MustCompile(`\$\{\{ ([a-z0-9_.-]+) \}\}`)
	require.NotContains(j.t, simple.ReplaceAllString(text, ""), "${{", "the expression is not understood here")
	return simple.ReplaceAllStringFunc(text, func(expression string) string {
		return j.lookup(strings.TrimSuffix(strings.TrimPrefix(expression, "${{ "), " }}"))
	})
}

func (j *job) lookup(name string) string {
	j.t.Helper()
	if input, ok := strings.CutPrefix(name, "inputs."); ok {
		require.Contains(j.t, j.manifest.Inputs, input)
		return j.inputs[input]
	}
	switch name {
	case "github.action_path":
		return j.action
	case "runner.os":
		return runtime.GOOS
	}
	require.Regexp(j.t, `^steps\.(inputs|play)\.outputs\.[a-z-]+$`, name, "the expression is not understood here")
	return j.values[name]
}

// outputs are the action's.
func (j *job) outputs() map[string]string {
	j.t.Helper()
	all := map[string]string{}
	for name, output := range j.manifest.Outputs {
		all[name] = j.evaluate(output.Value)
	}
	return all
}

// used are the names of the actions that were left to others, in order.
func (j *job) used() []string {
	var names []string
	for _, u := range j.uses {
		names = append(names, u.name)
	}
	return names
}

func (j *job) summary() string {
	j.t.Helper()
	text, err := os.ReadFile(j.summaryTo)
	require.NoError(j.t, err)
	return string(text)
}
