//go:build outside_action

package outside

import (
	"encoding/xml"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The project of somebody who uses the action: a ScaledObject of its own, and a scenario that wants more of it than it does.
const (
	ownScaledObject = `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop, namespace: production}
spec:
  scaleTargetRef: {name: shop}
  pollingInterval: 1
  minReplicaCount: 1
  maxReplicaCount: 8
  advanced:
    horizontalPodAutoscalerConfig:
      behavior:
        scaleDown: {stabilizationWindowSeconds: 12, policies: [{type: Percent, value: 100, periodSeconds: 1}]}
  triggers:
    - type: prometheus
      metadata:
        serverAddress: http://prometheus.production
        query: sum(rate(ho11y_total{k8s_namespace="{{.Namespace}}",k8s_pod=~"{{.Workload}}-.*"}[{{.RateWindow}}]))
        threshold: "20"
`
	ownScenario = `name: greedy
description: Seven replicas for the load of four.
scaledObject: {file: ../deploy/scaledobject.yaml}
load:
  - {name: quiet, rate: 0, for: 1s}
  - {name: load, rate: 70, until: reached, for: 15s}
expect: {reach: 7}
`
)

// newWorkspace writes that project into a folder of its own, which is no clone of anything.
func newWorkspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"deploy/scaledobject.yaml": ownScaledObject, "ci/greedy.yaml": ownScenario, "used/notes.txt": "mine",
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// unpacked is the action's folder as a runner has it: the files, and no git.
func unpacked(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	// New files too, so that it can be tried before it is committed.
	copying := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c",
		`git -C ../.. ls-files -z --cached --others --exclude-standard | (cd ../.. && tar --create --null --files-from=- --ignore-failed-read) | tar --extract --directory="$TO"`)
	copying.Env = append(os.Environ(), "TO="+dir)
	out, err := copying.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return dir
}

// junit is what is read of junit.xml.
type junit struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
}

func readJUnit(t *testing.T, path string) (report junit) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(text, &report))
	return report
}

// TestActionPasses plays the action for a ScaledObject: it scales as it should, and the workflow is told so.
func TestActionPasses(t *testing.T) {
	project := newWorkspace(t)
	job := newJob(t, unpacked(t), project, map[string]string{"scaledobject": "deploy/scaledobject.yaml", "load": "77", "reach": "4"})
	require.True(t, job.play(), "the step must pass")

	folder := filepath.Join(project, "ampersand")
	require.Equal(t, map[string]string{
		"result": "passed", "artifacts": folder,
		"report": filepath.Join(folder, "report.html"), "junit": filepath.Join(folder, "junit.xml"),
	}, job.outputs())
	for _, name := range []string{"report.html", "report.md", "report.svg", "timeline.json", "timeline.csv", "scaledobject.yaml", "logs"} {
		_, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
	}
	report := readJUnit(t, filepath.Join(folder, "junit.xml"))
	require.Positive(t, report.Tests)
	require.Zero(t, report.Failures)
	require.Contains(t, job.summary(), "PASS")
	require.Contains(t, job.summary(), "77 requests per second lead to 4 replicas")

	// What the runner's own actions are asked for.
	require.Equal(t, []string{"actions/setup-go", "actions/cache", "actions/upload-artifact"}, job.used())
	require.FileExists(t, job.uses[0].with["go-version-file"])
	require.DirExists(t, job.uses[1].with["path"], "built programs are kept")
	require.True(t, strings.HasPrefix(job.uses[1].with["key"], job.uses[1].with["restore-keys"]))
	require.Equal(t, map[string]string{"name": "ampersand", "path": folder, "if-no-files-found": "ignore"}, job.uses[2].with)
}

// TestActionFails plays a scenario of the project's that does not come about: the step fails, and everything that explains it is kept.
func TestActionFails(t *testing.T) {
	project := newWorkspace(t)
	job := newJob(t, unpacked(t), project, map[string]string{
		"scenario": "ci/greedy.yaml", "signing": "native", "artifacts": "out/scaling", "artifact-name": "scaling",
	})
	require.False(t, job.play(), "the step must fail")
	folder := filepath.Join(project, "out", "scaling")
	require.Equal(t, map[string]string{
		"result": "failed", "artifacts": folder,
		"report": filepath.Join(folder, "report.html"), "junit": filepath.Join(folder, "junit.xml"),
	}, job.outputs())
	require.Positive(t, readJUnit(t, filepath.Join(folder, "junit.xml")).Failures)
	require.Contains(t, job.summary(), "FAIL")
	require.Contains(t, job.summary(), "not held")
	require.Contains(t, job.log.String(), "::error title=Ampersand::")
	require.Equal(t, []string{"actions/setup-go", "actions/cache", "actions/upload-artifact"}, job.used(), "what explains it is uploaded all the same")
	require.Equal(t, "scaling", job.uses[2].with["name"])
}

// TestActionRefuses gives the action inputs that cannot be: it says so before anything is built, and does nothing that they say.
func TestActionRefuses(t *testing.T) {
	good := map[string]string{"scenario": "ci/greedy.yaml"}
	tests := map[string]struct {
		inputs map[string]string
		want   string
	}{
		"nothing to play":      {map[string]string{"scenario": ""}, "input scenario is missing"},
		"no such file":         {map[string]string{"scenario": "ci/other.yaml"}, "no such file"},
		"an unknown minor":     {map[string]string{"kubernetes": "1.12"}, "input kubernetes is"},
		"a folder that is not": {map[string]string{"artifacts": "used"}, "holds something already"},
		"shell in a scenario":  {map[string]string{"scenario": `ci/x.yaml"; touch pwned; echo "`}, "no such file"},
		"shell in a word":      {map[string]string{"cluster": "$(touch pwned)"}, "input cluster is"},
		"make in a word":       {map[string]string{"signing": "$$(shell touch pwned)"}, "input signing is"},
		"an output in a word":  {map[string]string{"artifacts": "x\nresult=passed"}, "one line of plain text"},
	}
	action := unpacked(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			project := newWorkspace(t)
			inputs := maps.Clone(good)
			maps.Copy(inputs, tt.inputs)
			job := newJob(t, action, project, inputs)
			require.False(t, job.play())
			require.Contains(t, job.log.String(), "::error title=Ampersand::")
			require.Contains(t, job.log.String(), tt.want)
			require.Equal(t, map[string]string{"result": "", "report": "", "junit": "", "artifacts": ""}, job.outputs())
			require.Equal(t, []string{"actions/setup-go"}, job.used(), "nothing is restored, played or uploaded")
			entries, err := os.ReadDir(project)
			require.NoError(t, err)
			require.Len(t, entries, 3, "nothing is made")
			require.NoFileExists(t, filepath.Join(action, "pwned"))
		})
	}
}
