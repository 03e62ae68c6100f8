package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// findings are what is wrong, each with its place.
type findings struct {
	list []string
	// hashes are the commits that actions were seen at.
	hashes map[string]string
}

func (f *findings) add(path string, at int, format string, args ...any) {
	f.list = append(f.list, fmt.Sprintf("%s:%d: %s", path, at, fmt.Sprintf(format, args...)))
}

// check compares everything with everything else and with what is pinned.
func (r *repository) check(want versions) []string {
	f := &findings{hashes: map[string]string{}}
	for _, w := range r.workflows {
		r.checkWorkflow(f, w)
		if strings.HasSuffix(w.path, "e2e.yml") {
			checkMatrix(f, w, want)
		}
	}
	if !slices.ContainsFunc(r.workflows, func(w workflow) bool { return strings.HasSuffix(w.path, "e2e.yml") }) {
		f.add(".github/workflows/e2e.yml", 1, "is missing: the matrix is in no workflow")
	}
	r.checkAction(f)
	return f.list
}

func (r *repository) checkWorkflow(f *findings, w workflow) {
	if !onlyReads(&w.Permissions) {
		f.add(w.path, max(1, w.Permissions.Line), "permissions must be there and be contents: read at most")
	}
	if w.Concurrency.IsZero() {
		f.add(w.path, 1, "no concurrency: pushes in a row run side by side")
	}
	for _, never := range []string{"pull_request_target", "secrets.", "github.event.pull_request", "github.head_ref"} {
		if at := strings.Index(w.text, never); at >= 0 {
			f.add(w.path, 1+strings.Count(w.text[:at], "\n"), "%s: no text of a pull request and no secret is needed here", never)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		j := w.Jobs[name]
		if j.Timeout <= 0 {
			f.add(w.path, 1, "job %s has no timeout-minutes", name)
		}
		if !j.Permissions.IsZero() && !onlyReads(&j.Permissions) {
			f.add(w.path, j.Permissions.Line, "job %s may do more than read", name)
		}
		if !j.Uses.IsZero() {
			f.add(w.path, j.Uses.Line, "job %s calls another workflow, which is not checked here", name)
		}
		keeps := false
		for _, s := range j.Steps {
			r.checkUse(f, w.path, s)
			r.checkRun(f, w.path, s)
			keeps = keeps || strings.HasPrefix(s.Uses.Value, "actions/upload-artifact@") && s.If == "always()" || s.Uses.Value == "./"
		}
		if !keeps {
			f.add(w.path, 1, "job %s does not keep what it leaves (actions/upload-artifact with if: always())", name)
		}
	}
}

// onlyReads says whether permissions are contents: read or nothing.
func onlyReads(permissions *yaml.Node) bool {
	if permissions.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(permissions.Content); i += 2 {
		key, value := permissions.Content[i].Value, permissions.Content[i+1].Value
		if value != "none" && (key != "contents" || value != "read") {
			return false
		}
	}
	return true
}

// checkUse wants an action pinned by a commit, with its version beside it, and at one commit everywhere.
func (r *repository) checkUse(f *findings, path string, s step) {
	if s.Uses.IsZero() {
		return
	}
	r.uses++
	uses, line := s.Uses.Value, s.Uses.Line
	if uses == "./" {
		return // action.yml, which is checked
	}
	name, commit, _ := strings.Cut(uses, "@")
	switch {
	case !regexp.MustCompile(`^[0-9a-f]{40}$`).MatchString(commit):
		f.add(path, line, "%s is not pinned by a commit of 40 digits", uses)
	case !regexp.MustCompile(`^# v\d+\.\d+\.\d+$`).MatchString(s.Uses.LineComment):
		f.add(path, line, "%s does not say its version beside it (# v1.2.3)", uses)
	case f.hashes[name] != "" && f.hashes[name] != commit+s.Uses.LineComment:
		f.add(path, line, "%s is elsewhere at another commit or version", uses)
	default:
		f.hashes[name] = commit + s.Uses.LineComment
	}
	if kept := s.With["persist-credentials"]; name == "actions/checkout" && kept.Value != "false" {
		f.add(path, line, "checkout leaves its token behind: persist-credentials: false")
	}
}

// checkRun wants a line that runs something to be a make target that .ci/run makes as well, and free of expressions.
func (r *repository) checkRun(f *findings, path string, s step) {
	if s.Run.IsZero() {
		return
	}
	r.runs++
	match := regexp.MustCompile(`^make ([a-z][a-z0-9-]*)( [A-Z][A-Z0-9_]*=[A-Za-z0-9._/-]+)*$`).FindStringSubmatch(s.Run.Value)
	switch {
	case match == nil:
		f.add(path, s.Run.Line, "%q is not `make TARGET VARIABLE=value...` on one line, without expressions", s.Run.Value)
	case !r.targets[match[1]]:
		f.add(path, s.Run.Line, "the Makefile has no target %s", match[1])
	case !r.inCI[match[1]]:
		f.add(path, s.Run.Line, ".ci/run does not run make %s", match[1])
	}
}

// checkAction wants the same of action.yml, whose make runs elsewhere and is played by make test-action.
func (r *repository) checkAction(f *findings) {
	a := r.action
	if a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		f.add(a.path, 1, "is no composite action with steps")
	}
	if !r.inCI["test-action"] {
		f.add(".ci/run", 1, "does not run make test-action, which plays %s", a.path)
	}
	var told map[string]string
	for _, s := range a.Runs.Steps {
		r.checkUse(f, a.path, s)
		if s.Run.IsZero() {
			continue
		}
		r.runs++
		match := regexp.MustCompile(`^make -C "\$GITHUB_ACTION_PATH" ([a-z][a-z0-9-]*)$`).FindStringSubmatch(s.Run.Value)
		switch {
		case match == nil:
			f.add(a.path, s.Run.Line, "%q is not `make -C \"$GITHUB_ACTION_PATH\" TARGET`: inputs go through the environment", s.Run.Value)
		case !r.targets[match[1]]:
			f.add(a.path, s.Run.Line, "the Makefile has no target %s", match[1])
		case s.Shell != "bash":
			f.add(a.path, s.Run.Line, "a step of an action needs its shell: bash")
		}
		if told != nil && !maps.Equal(told, s.Env) {
			f.add(a.path, s.Run.Line, "the steps are told different inputs")
		}
		told = s.Env
		for name, value := range s.Env {
			input := strings.ToLower(strings.TrimPrefix(name, "INPUT_"))
			if _, ok := a.Inputs[input]; !ok || value != "${{ inputs."+input+" }}" {
				f.add(a.path, s.Run.Line, "%s: %s is not the input of that name", name, value)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Inputs)) {
		if !regexp.MustCompile(`\binputs\.` + regexp.QuoteMeta(name) + `( |\b[^-])`).MatchString(a.text) {
			f.add(a.path, 1, "input %s is not used", name)
		}
	}
}
