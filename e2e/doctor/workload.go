package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

// subject is a ScaledObject under examination with what belongs to it.
type subject struct {
	object          *unstructured.Unstructured
	namespace, name string
	triggers        []check.Trigger

	kind, target string
	targetErr    error
	wanted       int64 // replicas in the target's spec
	running      []corev1.Pod
	services     []corev1.Service
	hpa          *autoscalingv2.HorizontalPodAutoscaler
}

func newSubject(o *unstructured.Unstructured) *subject {
	s := &subject{object: o, namespace: o.GetNamespace(), name: o.GetName(), kind: "Deployment"}
	content, err := json.Marshal(o.Object)
	if err == nil { // it came as JSON
		s.triggers = check.Triggers(content)
	}
	s.target, _, _ = unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "name")
	if kind, _, _ := unstructured.NestedString(o.Object, "spec", "scaleTargetRef", "kind"); kind != "" {
		s.kind = kind
	}
	return s
}

// target finds the workload and its pods.
func (e *examiner) target(ctx context.Context, s *subject) {
	gvr := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: strings.ToLower(s.kind) + "s"}
	if group, _, _ := unstructured.NestedString(s.object.Object, "status", "scaleTargetGVKR", "group"); group != "" {
		gvr.Group = group
		gvr.Version, _, _ = unstructured.NestedString(s.object.Object, "status", "scaleTargetGVKR", "version")
		gvr.Resource, _, _ = unstructured.NestedString(s.object.Object, "status", "scaleTargetGVKR", "resource")
	}
	o, err := e.dynamic.Resource(gvr).Namespace(s.namespace).Get(ctx, s.target, metav1.GetOptions{})
	if err != nil {
		s.targetErr = err
		return
	}
	s.wanted = 1 // the default of the API
	if n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas"); found {
		s.wanted = n
	}
	raw, _, _ := unstructured.NestedMap(o.Object, "spec", "selector")
	var selector metav1.LabelSelector
	data, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(data, &selector)
	}
	if err != nil {
		s.targetErr = fmt.Errorf("read its selector: %w", err)
		return
	}
	pods, err := e.core.CoreV1().Pods(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(&selector)})
	if err != nil {
		s.targetErr = err
		return
	}
	s.running = pods.Items
	if services, err := e.core.CoreV1().Services(s.namespace).List(ctx, metav1.ListOptions{}); err == nil {
		s.services = services.Items
	}
}

// pods judges the workload's pods: ready, and said to be scraped.
func (s *subject) pods() Hop {
	if apierrors.IsNotFound(s.targetErr) {
		return broken(HopPods, "Correct scaleTargetRef, or deploy the workload.", "there is no %s %s", s.kind, s.target)
	}
	if s.targetErr != nil {
		return unknown(HopPods, "cannot read %s %s: %s", s.kind, s.target, s.targetErr)
	}
	if s.wanted == 0 {
		return ok(HopPods, "%s %s is scaled to 0", s.kind, s.target)
	}
	ready, scraped, why := 0, 0, ""
	for _, p := range s.running {
		switch is, reason := podReady(&p); {
		case is:
			ready++
		case why == "":
			why = fmt.Sprintf("; %s is not ready: %s", p.Name, reason)
		}
		if s.annotated(&p) {
			scraped++
		}
	}
	if ready == 0 {
		return broken(HopPods, "Look at the pods' events and logs.", "none of %d pods of %s %s is ready%s", len(s.running), s.kind, s.target, why)
	}
	return ok(HopPods, "%d of %d pods are ready, %d are annotated to be scraped (the collector may choose by other means)%s", ready, len(s.running), scraped, why)
}

// annotated reports whether a pod, or a Service in front of it, asks to be scraped.
func (s *subject) annotated(p *corev1.Pod) bool {
	const scrape = "prometheus.io/scrape"
	if p.Annotations[scrape] == "true" {
		return true
	}
	for _, service := range s.services {
		if service.Annotations[scrape] == "true" && len(service.Spec.Selector) > 0 && labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(p.Labels)) {
			return true
		}
	}
	return false
}

// podReady reports whether a pod is ready, and why not.
func podReady(p *corev1.Pod) (is bool, why string) {
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil {
			return false, strings.Trim(w.Reason+": "+w.Message, ": ")
		}
	}
	for _, c := range p.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue:
			return true, ""
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse, c.Type == corev1.PodReady && why == "":
			why = strings.Trim(c.Reason+": "+c.Message, ": ")
		}
	}
	if why == "" {
		why = string(p.Status.Phase)
	}
	return false, why
}

// hpa looks at the HPA that KEDA made.
func (e *examiner) hpa(ctx context.Context, s *subject) Hop {
	name, _, _ := unstructured.NestedString(s.object.Object, "status", "hpaName")
	if name == "" {
		name = "keda-hpa-" + s.name
	}
	h, err := e.core.AutoscalingV2().HorizontalPodAutoscalers(s.namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return broken(HopHPA, "Look at the log of KEDA's operator.", "there is no HPA %s", name)
	case err != nil:
		return unknown(HopHPA, "cannot read the HPA %s: %s", name, err)
	}
	s.hpa = h
	for _, c := range h.Status.Conditions {
		// At 0 replicas the HPA is off on purpose, and KEDA starts the first pod.
		if c.Type == autoscalingv2.ScalingLimited || c.Status != corev1.ConditionFalse || c.Reason == "ScalingDisabled" {
			continue
		}
		return broken(HopHPA, "The message says what the HPA lacks; a metric that cannot be read is the hop before.", "%s is False: %s: %s", c.Type, c.Reason, c.Message)
	}
	var values []string
	for _, m := range h.Status.CurrentMetrics {
		if m.External == nil {
			continue
		}
		switch current := m.External.Current; {
		case current.AverageValue != nil:
			values = append(values, fmt.Sprintf("%s is %s per replica", m.External.Metric.Name, current.AverageValue))
		case current.Value != nil:
			values = append(values, fmt.Sprintf("%s is %s", m.External.Metric.Name, current.Value))
		}
	}
	if len(values) == 0 {
		return unknown(HopHPA, "%s has not read its metrics yet", name)
	}
	return ok(HopHPA, "%s reads %s and desires %d replicas", name, strings.Join(values, ", "), h.Status.DesiredReplicas)
}

// replicas compares what the HPA wants with what there is.
func (e *examiner) replicas(s *subject) Hop {
	if s.hpa == nil || s.targetErr != nil {
		return unknown(HopReplicas, "HPA or workload could not be read")
	}
	ready := 0
	for _, p := range s.running {
		if is, _ := podReady(&p); is {
			ready++
		}
	}
	desired, most := int64(s.hpa.Status.DesiredReplicas), int64(s.hpa.Spec.MaxReplicas)
	text := fmt.Sprintf("%d desired, %d in the workload's spec, %d ready, at most %d", desired, s.wanted, ready, most)
	last := s.hpa.Status.LastScaleTime
	settled := last == nil || e.Now().Sub(last.Time) > time.Minute
	switch {
	case settled && desired > 0 && s.wanted != desired:
		return broken(HopReplicas, "Find out who else sets the workload's replicas: a second HPA, a deployment tool.", "%s", text)
	case settled && int64(ready) < s.wanted:
		return broken(HopReplicas, "Look at the pods that are not ready: nodes, quotas, images, probes.", "%s", text)
	}
	for _, c := range s.hpa.Status.Conditions {
		if c.Type == autoscalingv2.ScalingLimited && c.Status == corev1.ConditionTrue && desired >= most {
			return ok(HopReplicas, "%s: it is at its maximum and would go further", text)
		}
	}
	return ok(HopReplicas, "%s", text)
}

// events finds recent warnings about the chain's objects. They explain; they break nothing by themselves.
func (e *examiner) events(ctx context.Context, s *subject) Hop {
	list, err := e.core.CoreV1().Events(s.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return unknown(HopEvents, "cannot read the events: %s", err)
	}
	names := map[string]bool{s.name: true, s.target: true}
	if s.hpa != nil {
		names[s.hpa.Name] = true
	}
	var texts []string
	for _, event := range list.Items {
		seen := event.LastTimestamp.Time
		if seen.IsZero() {
			seen = event.EventTime.Time
		}
		if event.Type == corev1.EventTypeWarning && names[event.InvolvedObject.Name] && e.Now().Sub(seen) < 10*time.Minute {
			texts = append(texts, fmt.Sprintf("%s %s: %s: %s", event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Reason, event.Message))
		}
	}
	if len(texts) == 0 {
		return ok(HopEvents, "no warnings in the last 10 minutes")
	}
	return ok(HopEvents, "%s", strings.Join(texts[max(0, len(texts)-3):], "; "))
}
