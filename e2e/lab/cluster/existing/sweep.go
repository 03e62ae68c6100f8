package existing

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
)

// definitions are the custom resource definitions.
func definitions() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
}

// stages are the kinds of what a run puts into a cluster, in the order in which they go: what others need goes after them. The
// application's namespaces go while KEDA still works, which has to let go of its ScaledObjects; the metrics API goes before the pods
// that serve it, as a cluster whose APIs do not all answer removes no namespace.
func stages() [][]schema.GroupVersionResource {
	core := func(resource string) schema.GroupVersionResource {
		return schema.GroupVersionResource{Version: "v1", Resource: resource}
	}
	rbac := func(resource string) schema.GroupVersionResource {
		return schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: resource}
	}
	return [][]schema.GroupVersionResource{
		{core("namespaces")}, // all but KEDA's
		{{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
			{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}},
		// What lies in a namespace that stays, because KEDA was there.
		{{Group: "apps", Version: "v1", Resource: "deployments"}, core("services"), core("configmaps"), core("serviceaccounts")},
		{core("namespaces"), rbac("rolebindings"), rbac("roles"), rbac("clusterrolebindings"), rbac("clusterroles")},
		{definitions()},
	}
}

// Sweep removes what a run has put into the cluster, or all runs when run is empty, waits until it is gone, and returns what it was.
func (c *Cluster) Sweep(ctx context.Context, run string) ([]string, error) {
	selector := Label
	if run != "" {
		selector += "=" + run
	}
	var removed []string
	var errs []error
	for i, stage := range stages() {
		for _, resource := range stage {
			list, err := c.dynamic.Resource(resource).List(ctx, metav1.ListOptions{LabelSelector: selector})
			if err != nil {
				errs = append(errs, fmt.Errorf("list the %s of the run: %w", resource.Resource, err))
				continue
			}
			for _, object := range list.Items {
				if i == 0 && object.GetName() == KEDANamespace {
					continue
				}
				what := resource.Resource + " " + object.GetName()
				if err := c.remove(ctx, resource, &object); err != nil {
					errs = append(errs, fmt.Errorf("remove %s: %w", what, err))
					continue
				}
				removed = append(removed, what)
			}
			for _, object := range list.Items {
				if i == 0 && object.GetName() == KEDANamespace {
					continue
				}
				errs = append(errs, c.awaitGone(ctx, resource, &object))
			}
		}
	}
	return removed, errors.Join(errs...)
}

// Namespaces are the names of those that a run has made.
func (c *Cluster) Namespaces(ctx context.Context, run string) ([]string, error) {
	list, err := c.client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{LabelSelector: Label + "=" + run})
	if err != nil {
		return nil, fmt.Errorf("list the namespaces of the run: %w", err)
	}
	var names []string
	for _, namespace := range list.Items {
		names = append(names, namespace.Name)
	}
	return names, nil
}

// remove deletes an object, if it still is the one that was listed.
func (c *Cluster) remove(ctx context.Context, resource schema.GroupVersionResource, object *unstructured.Unstructured) error {
	uid, policy := object.GetUID(), metav1.DeletePropagationBackground
	err := c.dynamic.Resource(resource).Namespace(object.GetNamespace()).Delete(ctx, object.GetName(), metav1.DeleteOptions{
		PropagationPolicy: &policy, Preconditions: &metav1.Preconditions{UID: &uid},
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// goneInterval is how often the cluster is asked whether something has gone.
const goneInterval = 200 * time.Millisecond

func (c *Cluster) awaitGone(ctx context.Context, resource schema.GroupVersionResource, object *unstructured.Unstructured) error {
	err := wait.PollUntilContextCancel(ctx, goneInterval, true, func(ctx context.Context) (bool, error) {
		got, err := c.dynamic.Resource(resource).Namespace(object.GetNamespace()).Get(ctx, object.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return err == nil && got.GetUID() != object.GetUID(), nil
	})
	if err != nil {
		return fmt.Errorf("wait until %s %s is gone: %w", resource.Resource, object.GetName(), err)
	}
	return nil
}
