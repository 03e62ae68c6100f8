package lab

import (
	"context"
	"fmt"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// App renders the recipe's sample application into a namespace. Its traces go to the collector.
func (l *Lab) App(ctx context.Context, namespace string) ([]*unstructured.Unstructured, error) {
	objects, err := manifest.Render(filepath.Join(l.Manifests, "app"), manifest.Options{Namespace: namespace, Images: l.images})
	if err != nil {
		return nil, err
	}
	collector, err := l.Platform.CollectorAddress(ctx)
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		if object.GetKind() != "Deployment" {
			continue
		}
		if err := manifest.SetVariable(object, "OTEL_EXPORTER_OTLP_ENDPOINT", collector); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// Load renders the Job that offers load into a namespace.
func (l *Lab) Load(_ context.Context, namespace string) ([]*unstructured.Unstructured, error) {
	objects, err := manifest.Render(filepath.Join(l.Manifests, "load"), manifest.Options{Namespace: namespace, Images: l.images})
	if err != nil {
		return nil, fmt.Errorf("render the load: %w", err)
	}
	return objects, nil
}
