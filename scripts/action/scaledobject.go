package main

import (
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/scenario"
)

// scenarioName is the name of the scenario that is written around a ScaledObject, and so its file's.
const scenarioName = "scaledobject"

// least reads how few replicas a ScaledObject leaves. Scaling from zero takes a load on another workload, which only a scenario can say.
func (r *reader) least(path string) int {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		r.fault("scaledobject", "%v", err)
		return 0
	}
	var object struct {
		Kind string `json:"kind"`
		Spec struct {
			MinReplicaCount int `json:"minReplicaCount"`
		} `json:"spec"`
	}
	switch err := yaml.Unmarshal(text, &object); {
	case err != nil:
		r.fault("scaledobject", "%s: %v", path, err)
	case object.Kind != "ScaledObject":
		r.fault("scaledobject", "%s: kind is %q, must be ScaledObject (the only object of the file)", path, object.Kind)
	case object.Spec.MinReplicaCount < 1:
		r.fault("scaledobject", "%s: minReplicaCount is 0, which is also KEDA's default: from zero nothing answers a load. "+
			"Say 1, or write a scenario whose target is another workload (docs/scenarios.md)", path)
	default:
		return object.Spec.MinReplicaCount
	}
	return 0
}

// writeScenario writes the scenario that a ScaledObject is played by into a folder, and returns what is to be played.
func (in inputs) writeScenario(dir string) ([]string, error) {
	if in.scaledObject == "" {
		return in.scenarios, nil
	}
	story := map[string]any{
		"name":         scenarioName,
		"description":  fmt.Sprintf("%s: %g requests per second lead to %d replicas, and their end back to %d.", filepath.Base(in.scaledObject), in.load, in.reach, in.least),
		"scaledObject": map[string]any{"file": in.scaledObject},
		// The phases with until end when it has come about. A scale-down window is 5 minutes unless the ScaledObject says less.
		"load": []map[string]any{
			{"name": "quiet", "rate": 0, "for": "3s"},
			{"name": "load", "rate": in.load, "until": "reached", "for": "2m"},
			{"name": "hold", "rate": in.load, "for": "10s"},
			{"name": "quiet again", "rate": 0, "until": "returned", "for": "15m"},
		},
		"expect": map[string]any{
			"start": in.least, "reach": in.reach, "backTo": in.least,
			"replicas": []map[string]any{{"phase": "hold", "min": in.reach, "max": in.reach}},
		},
	}
	text, err := yaml.Marshal(story)
	if err != nil {
		return nil, fmt.Errorf("write the scenario: %w", err)
	}
	path := filepath.Join(dir, scenarioName+".yaml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return nil, fmt.Errorf("write the scenario: %w", err)
	}
	read, err := scenario.Load(path)
	if err == nil {
		_, err = read.Profile(in.profile)
	}
	if err != nil {
		return nil, fmt.Errorf("play the ScaledObject: %w", err)
	}
	return []string{path}, nil
}
