package manifest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// fieldManager owns what the lab applies.
const fieldManager = "ampersand"

// kindTimeout bounds the wait for a kind that a custom resource definition has only just defined.
const kindTimeout = 30 * time.Second

// Applier applies objects to one cluster.
type Applier struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

// NewApplier returns an Applier for the cluster of config.
func NewApplier(config *rest.Config) (*Applier, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a dynamic client: %w", err)
	}
	kinds, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a discovery client: %w", err)
	}
	return &Applier{dynamic: client, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kinds))}, nil
}

// Apply applies objects server-side, those that others need first: namespaces, definitions, service accounts.
func (a *Applier) Apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(x, y *unstructured.Unstructured) int { return rank(x) - rank(y) })
	for _, object := range ordered {
		resource, err := a.resource(ctx, object)
		if err != nil {
			return err
		}
		_, err = resource.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: fieldManager, Force: true})
		if err != nil {
			return fmt.Errorf("apply %s: %w", describe(object), err)
		}
	}
	return nil
}

// Delete deletes objects in the reverse order of Apply and waits until they are gone. Absent ones are no error.
func (a *Applier) Delete(ctx context.Context, objects []*unstructured.Unstructured) error {
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(x, y *unstructured.Unstructured) int { return rank(y) - rank(x) })
	policy := metav1.DeletePropagationBackground
	var errs []error
	for _, object := range ordered {
		resource, err := a.resource(ctx, object)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		err = resource.Delete(ctx, object.GetName(), metav1.DeleteOptions{PropagationPolicy: &policy})
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("delete %s: %w", describe(object), err))
			continue
		}
		err = wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			_, err := resource.Get(ctx, object.GetName(), metav1.GetOptions{})
			return apierrors.IsNotFound(err), nil
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("wait for %s to be gone: %w", describe(object), err))
		}
	}
	return errors.Join(errs...)
}

func (a *Applier) resource(ctx context.Context, object *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	var mapping *meta.RESTMapping
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, kindTimeout, true, func(context.Context) (bool, error) {
		mapping, last = a.mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(last) {
			a.mapper.Reset()
			return false, nil
		}
		return last == nil, last
	})
	if err != nil {
		return nil, fmt.Errorf("find the kind of %s: %w", describe(object), errors.Join(err, last))
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return a.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace()), nil
	}
	return a.dynamic.Resource(mapping.Resource), nil
}

// rank orders kinds by what needs what.
func rank(object *unstructured.Unstructured) int {
	switch object.GetKind() {
	case "Namespace":
		return 0
	case "CustomResourceDefinition":
		return 1
	case "ServiceAccount", "Secret", "ConfigMap":
		return 2
	case "ClusterRole", "Role":
		return 3
	case "ClusterRoleBinding", "RoleBinding":
		return 4
	case "Deployment", "APIService":
		return 6
	case "TriggerAuthentication":
		return 7
	case "ScaledObject":
		return 8
	default:
		return 5
	}
}

func describe(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return object.GetKind() + " " + object.GetName()
	}
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}
