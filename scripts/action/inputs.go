package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// inputs are those of action.yml, checked, with absolute paths.
type inputs struct {
	// scenarios are names of ours and paths of the user's; scaledObject takes their place.
	scenarios    []string
	scaledObject string
	load         float64
	reach, least int

	cluster, images, signing, profile string
	release                           components.Release
	artifacts                         string
}

// The words that the suites know. A test compares them with the lab's.
func clusters() []string { return []string{"kwok", "kind"} }
func signings() []string { return []string{"proxy", "native", "irsa"} }
func sources() []string  { return []string{"auto", "published", "built"} }

// readInputs reads and checks all inputs, and tells of all mistakes at once.
func readInputs(getenv func(string) string) (inputs, error) {
	r := reader{getenv: getenv}
	newest := components.DefaultRelease()
	in := inputs{
		cluster: r.choice("cluster", "kwok", clusters()),
		images:  r.choice("images", "auto", sources()),
		signing: r.choice("signing", "proxy", signings()),
		profile: cmp.Or(r.text("profile"), "fast"),
		release: components.Release{
			Kubernetes: r.choice("kubernetes", newest.Kubernetes, components.KubernetesMinors()),
			KEDA:       r.choice("keda", newest.KEDA, components.KEDAMinors()),
		},
	}
	if in.cluster == "kind" && in.signing == "irsa" && in.images == "published" {
		r.fault("signing", "irsa takes images that are built: the public signing proxy cannot be led to another STS than AWS's (images: built)")
	}
	in.artifacts = r.path("artifacts", cmp.Or(r.text("artifacts"), "ampersand"))
	named, object := r.text("scenario"), r.text("scaledobject")
	switch {
	case named == "" && object == "":
		r.fault("scenario", "is missing: name a scenario file of yours, one of ours (%s), or a manifest with scaledobject", strings.Join(scenario.Names(), ", "))
	case named != "" && object != "":
		r.fault("scenario", "and scaledobject exclude each other: a scenario names its ScaledObject itself (scaledObject.file)")
	case named != "":
		in.scenarios = r.scenarios(named, in.profile)
		for _, name := range []string{"load", "reach"} {
			if r.text(name) != "" {
				r.fault(name, "goes with scaledobject only: a scenario says it itself")
			}
		}
	default:
		in.scaledObject = r.path("scaledobject", object)
		in.load = r.number("load", "requests per second that are offered")
		in.reach = int(r.number("reach", "replicas that must be ready under the load"))
		in.least = r.least(in.scaledObject)
		if in.least > 0 && in.reach > 0 && in.reach <= in.least {
			r.fault("reach", "is %d and minReplicaCount %d: a load that scales nothing proves nothing", in.reach, in.least)
		}
	}
	return in, errors.Join(r.faults...)
}

// reader reads inputs and collects what is wrong with them.
type reader struct {
	getenv func(string) string
	faults []error
}

func (r *reader) fault(name, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("input %s %s", name, fmt.Sprintf(format, args...)))
}

// text reads an input. None has more than a line: what is told to the runner has none either.
func (r *reader) text(name string) string {
	value := strings.TrimSpace(r.getenv("INPUT_" + strings.ToUpper(name)))
	if strings.ContainsFunc(value, unicode.IsControl) {
		r.fault(name, "is %q: it must be one line of plain text", value)
		return ""
	}
	return value
}

func (r *reader) choice(name, preset string, values []string) string {
	value := cmp.Or(r.text(name), preset)
	if !slices.Contains(values, value) {
		hint := ""
		if _, err := strconv.ParseFloat(value, 64); err == nil {
			hint = "; write it in quotes, as YAML makes 2.2 of 2.20"
		}
		r.fault(name, "is %q, must be one of %s%s", value, strings.Join(values, ", "), hint)
	}
	return value
}

// number reads a number above zero; reach is a whole one.
func (r *reader) number(name, meaning string) float64 {
	text := r.text(name)
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		r.fault(name, "is missing: with scaledobject it says how many %s", meaning)
	case err != nil || !(value > 0) || value > 100_000 || name == "reach" && value != float64(int(value)):
		r.fault(name, "is %q, must be a number above 0: the %s", text, meaning)
		value = 0
	}
	return value
}

// path makes a path of the workspace absolute: what the action runs stands in its own folder.
func (r *reader) path(name, value string) string {
	if filepath.IsAbs(value) {
		return filepath.Clean(value)
	}
	workspace := r.getenv("GITHUB_WORKSPACE")
	if workspace == "" {
		r.fault(name, "is %q, which is relative to GITHUB_WORKSPACE, and that is not set", value)
	}
	return filepath.Join(workspace, value)
}

// scenarios resolves and reads scenarios, so that mistakes are told before anything is built.
func (r *reader) scenarios(list, profile string) []string {
	var resolved []string
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		read := scenario.Named
		if strings.ContainsAny(name, "/.") {
			name, read = r.path("scenario", name), scenario.Load
		}
		s, err := read(name)
		if err == nil {
			_, err = s.Profile(profile)
		}
		if err != nil {
			r.fault("scenario", "%q: %v", name, err)
		}
		if strings.Contains(name, ",") {
			r.fault("scenario", "%q has a comma in its path, which separates scenarios", name)
		}
		resolved = append(resolved, name)
	}
	return resolved
}

// vacant refuses a folder for the artifacts that holds something: results of two runs would be taken for those of one.
func (in inputs) vacant() error {
	entries, err := os.ReadDir(in.artifacts)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("input artifacts is %q: %w", in.artifacts, err)
	case len(entries) > 0:
		return fmt.Errorf("input artifacts is %q, which holds something already: name a folder of its own for each use of the action", in.artifacts)
	}
	return nil
}

// environment is how the suites are told.
func (in inputs) environment(scenarios []string) []string {
	return []string{
		"E2E_SCENARIO=" + strings.Join(scenarios, ","), "E2E_CLUSTER=" + in.cluster, "E2E_IMAGES=" + in.images, "E2E_SIGNING=" + in.signing,
		"E2E_PROFILE=" + in.profile, "E2E_KUBERNETES=" + in.release.Kubernetes, "E2E_KEDA=" + in.release.KEDA, "E2E_ARTIFACTS=" + in.artifacts,
	}
}

// subject names what is played.
func (in inputs) subject() string {
	if in.scaledObject != "" {
		return in.scaledObject
	}
	return strings.Join(in.scenarios, ", ")
}

// String says what will be played.
func (in inputs) String() string {
	return fmt.Sprintf("%s on %s, signing %s, %s", in.subject(), in.cluster, in.signing, in.release)
}
