package lab

import (
	"errors"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// pausedAnnotation holds a workload at a count [D keda.sh].
const pausedAnnotation = "autoscaling.keda.sh/paused-replicas"

// signingFields are what a trigger's metadata says of addresses and signing: the lab's, whoever wrote the rest.
var signingFields = []string{"serverAddress", "awsRegion", "authModes", "unsafeSsl", "customHeaders"}

// settle writes the settings into a rendered ScaledObject.
func (s Scaling) settle(object *unstructured.Unstructured, address string) error {
	triggers, err := triggersOf(object)
	if err != nil {
		return err
	}
	if len(triggers) != 1 {
		return fmt.Errorf("it has %d triggers, not one", len(triggers))
	}
	trigger := triggers[0]
	metadata, _ := trigger["metadata"].(map[string]any)
	metadata["serverAddress"] = address
	metadata["query"], metadata["threshold"] = s.Query, s.Threshold
	if s.ActivationThreshold != "" {
		metadata["activationThreshold"] = s.ActivationThreshold
	}
	further := make([]any, 0, len(s.Triggers))
	for _, t := range s.Triggers {
		more := maps.Clone(trigger)
		fields := maps.Clone(metadata)
		delete(fields, "activationThreshold")
		fields["query"], fields["threshold"] = t.Query, t.Threshold
		if t.ActivationThreshold != "" {
			fields["activationThreshold"] = t.ActivationThreshold
		}
		overlay(fields, t.Metadata)
		more["metadata"] = fields
		further = append(further, more)
	}
	overlay(metadata, s.Metadata)
	if err := s.settleSpec(object); err != nil {
		return err
	}
	return unstructured.SetNestedSlice(object.Object, append([]any{trigger}, further...), "spec", "triggers")
}

// adopt returns somebody's own ScaledObject, at home in the lab: what the recipe's one says of target, address and signing takes
// the place of what was said there.
func (s Scaling) adopt(recipe *unstructured.Unstructured, address string) (*unstructured.Unstructured, error) {
	object := s.Manifest.DeepCopy()
	ours, err := triggersOf(recipe)
	if err != nil {
		return nil, err
	}
	theirs, err := triggersOf(object)
	if err != nil {
		return nil, err
	}
	if len(theirs) == 0 {
		return nil, errors.New("it has no trigger")
	}
	signing, _ := ours[0]["metadata"].(map[string]any)
	list := make([]any, 0, len(theirs))
	for i, trigger := range theirs {
		metadata, _ := trigger["metadata"].(map[string]any)
		if trigger["type"] != "prometheus" || metadata == nil {
			return nil, fmt.Errorf("its trigger %d is of type %v: the lab has no other than prometheus", i+1, trigger["type"])
		}
		for _, field := range signingFields {
			delete(metadata, field)
			if value, found := signing[field]; found {
				metadata[field] = value
			}
		}
		metadata["serverAddress"] = address
		delete(trigger, "authenticationRef")
		if ref, found := ours[0]["authenticationRef"]; found {
			trigger["authenticationRef"] = ref
		}
		if i == 0 && s.Query != "" {
			metadata["query"] = s.Query
		}
		if i == 0 {
			overlay(metadata, s.Metadata)
		}
		list = append(list, trigger)
	}
	target, _, err := unstructured.NestedMap(recipe.Object, "spec", "scaleTargetRef")
	if err != nil {
		return nil, err
	}
	object.SetName(recipe.GetName())
	object.SetNamespace(recipe.GetNamespace())
	object.SetResourceVersion("")
	object.SetOwnerReferences(nil)
	unstructured.RemoveNestedField(object.Object, "status")
	if err := errors.Join(
		unstructured.SetNestedMap(object.Object, target, "spec", "scaleTargetRef"),
		unstructured.SetNestedSlice(object.Object, list, "spec", "triggers"),
	); err != nil {
		return nil, err
	}
	return object, s.settleSpec(object)
}

// settleSpec writes what is said of the whole and not of a trigger.
func (s Scaling) settleSpec(object *unstructured.Unstructured) error {
	set := func(value any, path ...string) error {
		return unstructured.SetNestedField(object.Object, value, append([]string{"spec"}, path...)...)
	}
	var errs []error
	for path, value := range map[string]int64{"pollingInterval": s.PollingSeconds, "cooldownPeriod": s.CooldownSeconds} {
		if value != 0 {
			errs = append(errs, set(value, path))
		}
	}
	for path, value := range map[string]*int{"minReplicaCount": s.MinReplicas, "maxReplicaCount": s.MaxReplicas} {
		if value != nil {
			errs = append(errs, set(int64(*value), path))
		}
	}
	if s.NoFallback {
		unstructured.RemoveNestedField(object.Object, "spec", "fallback")
	}
	if s.Fallback != nil {
		errs = append(errs, set(s.Fallback, "fallback"))
	}
	if len(s.Behavior) != 0 {
		errs = append(errs, set(s.Behavior, "advanced", "horizontalPodAutoscalerConfig", "behavior"))
	}
	if s.Paused != nil {
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[pausedAnnotation] = fmt.Sprint(*s.Paused)
		object.SetAnnotations(annotations)
	}
	return errors.Join(errs...)
}

// triggersOf returns copies of a ScaledObject's triggers.
func triggersOf(object *unstructured.Unstructured) ([]map[string]any, error) {
	list, _, err := unstructured.NestedSlice(object.Object, "spec", "triggers")
	if err != nil {
		return nil, err
	}
	triggers := make([]map[string]any, 0, len(list))
	for i, element := range list {
		trigger, ok := element.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("its trigger %d is %T", i+1, element)
		}
		triggers = append(triggers, trigger)
	}
	return triggers, nil
}

// overlay writes fields over others; one without a value is taken out.
func overlay(metadata map[string]any, fields map[string]string) {
	for name, value := range fields {
		if value == "" {
			delete(metadata, name)
			continue
		}
		metadata[name] = value
	}
}
