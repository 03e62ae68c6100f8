package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

// collected are the objects that explain a failure.
func collected() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"},
		{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Version: "v1", Resource: "pods"},
		{Version: "v1", Resource: "events"},
	}
}

// CollectArtifacts writes into dir what helps to find out why something failed: objects of all namespaces as YAML and
// the last requests to the emulator with their verdicts. Logs are below the artifacts' folder anyway.
func (l *Lab) CollectArtifacts(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the artifacts' folder: %w", err)
	}
	client, err := dynamic.NewForConfig(l.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	var errs []error
	for _, resource := range collected() {
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", resource.Resource, err))
			continue
		}
		text, err := yaml.Marshal(list.UnstructuredContent())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, resource.Resource+".yaml"), text, 0o644)
		}
		errs = append(errs, err)
	}
	requests, err := l.Emulator.Requests(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	text, err := json.MarshalIndent(requests, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "requests.json"), text, 0o644)
	}
	return errors.Join(append(errs, err)...)
}
