package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// SetVariable gives an environment variable of a workload's containers another value. That none of them has it is an
// error: the manifest and whoever sets the variable would have drifted apart.
func SetVariable(workload *unstructured.Unstructured, name, value string) error {
	path := []string{"spec", "template", "spec", "containers"}
	containers, _, err := unstructured.NestedSlice(workload.Object, path...)
	if err != nil {
		return fmt.Errorf("read the containers of %s: %w", describe(workload), err)
	}
	found := false
	for _, element := range containers {
		container, _ := element.(map[string]any)
		env, _, err := unstructured.NestedSlice(container, "env")
		if err != nil {
			return fmt.Errorf("read the variables of %s: %w", describe(workload), err)
		}
		for _, element := range env {
			if variable, _ := element.(map[string]any); variable["name"] == name {
				variable["value"], found = value, true
			}
		}
		container["env"] = env
	}
	if !found {
		return fmt.Errorf("%s has no variable %s", describe(workload), name)
	}
	return unstructured.SetNestedSlice(workload.Object, containers, path...)
}
