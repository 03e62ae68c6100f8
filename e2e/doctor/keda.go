package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// cluster asks the API server for its version.
func (e *examiner) cluster() Hop {
	version, err := e.core.Discovery().ServerVersion()
	if err != nil {
		return broken(HopCluster, "Look at the kubeconfig, its context and the network.", "the API server does not answer: %s", err)
	}
	return ok(HopCluster, "Kubernetes %s answers", version.GitVersion)
}

// kedaAPI looks at the registration of the external metrics API, through which the HPA reads KEDA.
func (e *examiner) kedaAPI(ctx context.Context) Hop {
	const name = "v1beta1.external.metrics.k8s.io"
	gvr := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	o, err := e.dynamic.Resource(gvr).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return broken(HopKEDA, "Install KEDA with its metrics server.", "there is no APIService %s", name)
	case err != nil:
		return unknown(HopKEDA, "cannot read the APIService %s: %s", name, err)
	}
	service, _, _ := unstructured.NestedString(o.Object, "spec", "service", "name")
	namespace, _, _ := unstructured.NestedString(o.Object, "spec", "service", "namespace")
	at := namespace + "/" + service
	status, reason := condition(o, "Available")
	if status != "True" {
		return broken(HopKEDA, "Look at the pods of KEDA's metrics server, and at the network from the API server to them.",
			"the APIService of %s is not available: %s", at, reason)
	}
	if !strings.Contains(at, "keda") {
		return unknown(HopKEDA, "the external metrics API is served by %s, which may not be KEDA; there can be only one", at)
	}
	return ok(HopKEDA, "the APIService of %s is available", at)
}

// condition returns status and "reason: message" of a condition, "" when there is none.
func condition(o *unstructured.Unstructured, kind string) (status, reason string) {
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range all {
		c, _ := one.(map[string]any)
		if c["type"] == kind {
			status, _ = c["status"].(string)
			return status, strings.Trim(fmt.Sprint(c["reason"])+": "+fmt.Sprint(c["message"]), ": ")
		}
	}
	return "", "no condition " + kind + " is reported"
}

func scaledObjects() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}
}

func (e *examiner) scaledObjects(ctx context.Context) ([]unstructured.Unstructured, error) {
	client := e.dynamic.Resource(scaledObjects()).Namespace(e.Namespace)
	if e.ScaledObject != "" {
		o, err := client.Get(ctx, e.ScaledObject, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("find the ScaledObject %s in namespace %s: %w", e.ScaledObject, e.Namespace, err)
		}
		return []unstructured.Unstructured{*o}, nil
	}
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the ScaledObjects: %w", err)
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("there is no ScaledObject in %s%s", place(e.Namespace), e.elsewhere(ctx))
	}
	return list.Items, nil
}

// elsewhere says where there are ScaledObjects, as far as that may be seen.
func (e *examiner) elsewhere(ctx context.Context) string {
	if e.Namespace == "" {
		return ""
	}
	list, err := e.dynamic.Resource(scaledObjects()).List(ctx, metav1.ListOptions{Limit: 100})
	if err != nil || len(list.Items) == 0 {
		return ""
	}
	var namespaces []string
	for _, o := range list.Items {
		namespaces = append(namespaces, o.GetNamespace())
	}
	slices.Sort(namespaces)
	return "; there are some in " + strings.Join(slices.Compact(namespaces), ", ")
}

func place(namespace string) string {
	if namespace == "" {
		return "any namespace"
	}
	return "namespace " + namespace
}

// conditions looks at what KEDA says of the ScaledObject.
func (s *subject) conditions() Hop {
	ready, why := condition(s.object, "Ready")
	fallback, _ := condition(s.object, "Fallback")
	active, _ := condition(s.object, "Active")
	paused, pausedWhy := condition(s.object, "Paused")
	switch {
	case ready == "":
		return broken(HopScaledObject, "Look at the pods and logs of KEDA's operator.", "KEDA has not looked at it: %s", why)
	case ready != "True":
		return broken(HopScaledObject, "Correct what the message names; KEDA's operator logs more.", "Ready is %s: %s", ready, why)
	case paused == "True":
		return broken(HopScaledObject, "Remove the annotation autoscaling.keda.sh/paused*.", "it is paused: %s", pausedWhy)
	case fallback == "True":
		return broken(HopScaledObject, "Mend the query: KEDA serves the fallback's count instead of the metric.", "the fallback is in force%s", s.health())
	}
	return ok(HopScaledObject, "Ready is True, Active is %s", active)
}

// health says how often the triggers failed.
func (s *subject) health() string {
	all, _, _ := unstructured.NestedMap(s.object.Object, "status", "health")
	var text string
	for name, value := range all {
		h, _ := value.(map[string]any)
		text += fmt.Sprintf("; %s is %v after %v failures", name, h["status"], h["numberOfFailures"])
	}
	return text
}

// metric asks for the external metrics as the HPA does.
func (e *examiner) metric(ctx context.Context, s *subject) Hop {
	names := s.metricNames()
	if len(names) == 0 {
		return unknown(HopMetric, "the ScaledObject's status names no external metric")
	}
	var texts []string
	for _, name := range names {
		path := fmt.Sprintf("/apis/external.metrics.k8s.io/v1beta1/namespaces/%s/%s", s.namespace, url.PathEscape(name))
		body, err := e.core.Discovery().RESTClient().Get().AbsPath(path).
			Param("labelSelector", "scaledobject.keda.sh/name="+s.name).DoRaw(ctx)
		if apierrors.IsForbidden(err) {
			return unknown(HopMetric, "may not read %s: %s", name, err)
		}
		if err != nil {
			return broken(HopMetric, "Look at the log of KEDA's operator; the hops before this one show what it asks.", "KEDA does not serve %s: %s", name, err)
		}
		var list struct {
			Items []struct {
				Value resource.Quantity `json:"value"`
			} `json:"items"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return broken(HopMetric, "Look at who serves the external metrics API.", "the answer for %s cannot be read: %s", name, err)
		}
		if len(list.Items) == 0 {
			return broken(HopMetric, "Look at the log of KEDA's operator.", "KEDA serves no value of %s", name)
		}
		texts = append(texts, name+" is "+list.Items[0].Value.String())
	}
	return ok(HopMetric, "%s", strings.Join(texts, ", "))
}

// metricNames are those of the HPA.
func (s *subject) metricNames() []string {
	names, _, _ := unstructured.NestedStringSlice(s.object.Object, "status", "externalMetricNames")
	return names
}
