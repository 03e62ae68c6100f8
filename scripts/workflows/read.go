package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// repository is what is compared with each other.
type repository struct {
	workflows []workflow
	action    action
	// targets are those of the Makefile, inCI those that .ci/run makes.
	targets, inCI map[string]bool
	// runs and uses count what was looked at.
	runs, uses int
}

// workflow is a file of .github/workflows, as far as it is checked. Nodes have the line and the comment of a value.
type workflow struct {
	path        string
	text        string
	On          yaml.Node      `yaml:"on"`
	Permissions yaml.Node      `yaml:"permissions"`
	Concurrency yaml.Node      `yaml:"concurrency"`
	Jobs        map[string]job `yaml:"jobs"`
}

type job struct {
	Timeout     int       `yaml:"timeout-minutes"`
	Permissions yaml.Node `yaml:"permissions"`
	Uses        yaml.Node `yaml:"uses"`
	Strategy    struct {
		Matrix matrix `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []step `yaml:"steps"`
}

// matrix is one of the two forms that are used here: a list of combinations, or all of some values.
type matrix struct {
	Include    []combination `yaml:"include"`
	Cluster    []string      `yaml:"cluster"`
	Signing    []string      `yaml:"signing"`
	Kubernetes []string      `yaml:"kubernetes"`
	KEDA       []string      `yaml:"keda"`
}

type combination struct {
	Cluster    string `yaml:"cluster"`
	Signing    string `yaml:"signing"`
	Kubernetes string `yaml:"kubernetes"`
	KEDA       string `yaml:"keda"`
}

type step struct {
	Uses  yaml.Node            `yaml:"uses"`
	Run   yaml.Node            `yaml:"run"`
	If    string               `yaml:"if"`
	Shell string               `yaml:"shell"`
	Env   map[string]string    `yaml:"env"`
	With  map[string]yaml.Node `yaml:"with"`
}

// action is action.yml.
type action struct {
	path   string
	text   string
	Inputs map[string]yaml.Node `yaml:"inputs"`
	Runs   struct {
		Using string `yaml:"using"`
		Steps []step `yaml:"steps"`
	} `yaml:"runs"`
}

func read(dir string) (*repository, error) {
	r := &repository{action: action{path: "action.yml"}}
	files, err := filepath.Glob(filepath.Join(dir, ".github", "workflows", "*.y*ml"))
	if err != nil {
		return nil, fmt.Errorf("list the workflows: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("there is no workflow: nothing was checked")
	}
	for _, file := range files {
		w := workflow{path: filepath.Join(".github", "workflows", filepath.Base(file))}
		if w.text, err = decode(file, &w); err != nil {
			return nil, err
		}
		r.workflows = append(r.workflows, w)
	}
	if r.action.text, err = decode(filepath.Join(dir, r.action.path), &r.action); err != nil {
		return nil, err
	}
	if r.targets, err = find(filepath.Join(dir, "Makefile"), `^([a-z0-9-]+):.*## `); err != nil {
		return nil, err
	}
	if r.inCI, err = find(filepath.Join(dir, ".ci", "run"), `\bmake ([a-z][a-z0-9-]*)`); err != nil {
		return nil, err
	}
	return r, nil
}

func decode(file string, into any) (string, error) {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return string(text), nil
}

// find returns what an expression finds in the lines of a file that are no comments.
func find(file, expression string) (map[string]bool, error) {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	found := map[string]bool{}
	wanted := regexp.MustCompile(expression)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, match := range wanted.FindAllStringSubmatch(line, -1) {
			found[match[1]] = true
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no target was found", file)
	}
	return found, nil
}
