// Package keysearch finds AWS access keys where none should be: in the objects of a cluster and in what processes were
// started with. It tells where, and never what.
package keysearch

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Search is what is looked for: the names by which keys are handed on, whatever looks like the id of a key, and Known.
type Search struct {
	// Known are texts that must be nowhere: ids and secrets of keys that exist.
	Known []string
}

// carriers are the objects that can hand a key to a program. Of a workload its pods are enough, but those are there only
// while it runs.
func carriers() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Version: "v1", Resource: "secrets"},
		{Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "pods"},
		{Version: "v1", Resource: "serviceaccounts"},
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "apps", Version: "v1", Resource: "daemonsets"},
		{Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Group: "batch", Version: "v1", Resource: "jobs"},
		{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"},
		{Group: "keda.sh", Version: "v1alpha1", Resource: "triggerauthentications"},
		{Group: "keda.sh", Version: "v1alpha1", Resource: "clustertriggerauthentications"},
	}
}

var (
	// The names of the SDKs' variables and of KEDA's parameters, which differ in case and underscores.
	keyName = regexp.MustCompile(`(?i)aws_?(access_?key_?id|secret_?access_?key|session_?token)`)
	// The id of a long-lived key or of a session's.
	keyID = regexp.MustCompile(`\bA[KS]IA[A-Z0-9]{16}\b`)
)

// Cluster searches all namespaces. The findings say which object holds what kind of thing.
func (s Search) Cluster(ctx context.Context, client dynamic.Interface) ([]string, error) {
	var findings []string
	for _, resource := range carriers() {
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("search %s for keys: %w", resource.Resource, err)
		}
		for i := range list.Items {
			object := &list.Items[i]
			// Who set a field is no content of it.
			unstructured.RemoveNestedField(object.Object, "metadata", "managedFields")
			var texts []string
			if err := collect(object.Object, object.GetKind() == "Secret", &texts); err != nil {
				return nil, fmt.Errorf("search %s %s/%s for keys: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
			}
			for _, what := range s.Texts(texts...) {
				findings = append(findings, fmt.Sprintf("%s %s/%s holds %s", object.GetKind(), object.GetNamespace(), object.GetName(), what))
			}
		}
	}
	return findings, nil
}

// Texts says what is found in texts, each kind of thing once.
func (s Search) Texts(texts ...string) []string {
	var found []string
	add := func(what string) {
		if !slices.Contains(found, what) {
			found = append(found, what)
		}
	}
	for _, text := range texts {
		if name := keyName.FindString(text); name != "" {
			add("the name " + name)
		}
		if keyID.MatchString(text) {
			add("what looks like the id of a key")
		}
		for _, known := range s.Known {
			if known != "" && strings.Contains(text, known) {
				add("a key of the account")
			}
		}
	}
	return found
}

// collect gathers all names and texts of a value. A Secret's data is decoded: encoded, nothing would be found in it.
func collect(value any, secret bool, into *[]string) error {
	switch v := value.(type) {
	case string:
		*into = append(*into, v)
	case []any:
		for _, element := range v {
			if err := collect(element, false, into); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, element := range v {
			*into = append(*into, name)
			if secret && name == "data" {
				if err := collectData(element, into); err != nil {
					return err
				}
				continue
			}
			if err := collect(element, false, into); err != nil {
				return err
			}
		}
	}
	return nil
}

func collectData(value any, into *[]string) error {
	data, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("its data is %T", value)
	}
	for name, element := range data {
		encoded, ok := element.(string)
		if !ok {
			return fmt.Errorf("its data %s is %T", name, element)
		}
		text, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return errors.New("its data " + name + " is not in base64") // the error would show a piece of it
		}
		*into = append(*into, name, string(text))
	}
	return nil
}
