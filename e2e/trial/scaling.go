package trial

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// Adapt makes the ScaledObject of a scenario one of a trial's: queries are filled in, and what a user's own file says of periods
// and bounds becomes what the run is predicted from.
func (c *Config) Adapt(object scenario.ScaledObject, signing lab.Signing) error {
	s := lab.Scaling{
		Signing: signing, Threshold: number(c.Periods.Threshold), Metadata: object.Metadata,
		MinReplicas: object.MinReplicas, MaxReplicas: object.MaxReplicas, Paused: object.Paused,
	}
	if object.ActivationThreshold != 0 {
		s.ActivationThreshold = number(object.ActivationThreshold)
	}
	if f := object.Fallback; f != nil {
		s.NoFallback = true
		if !f.Off {
			s.Fallback = map[string]any{"failureThreshold": int64(f.FailureThreshold), "replicas": int64(f.Replicas)}
			if f.Behavior != "" {
				s.Fallback["behavior"] = f.Behavior
			}
		}
	}
	var errs []error
	fill := func(query string) string {
		text, err := c.fill(query)
		errs = append(errs, err)
		return text
	}
	for _, t := range object.Triggers {
		more := lab.ScalingTrigger{Query: fill(t.Query), Threshold: number(t.Threshold), Metadata: t.Metadata}
		if t.ActivationThreshold != 0 {
			more.ActivationThreshold = number(t.ActivationThreshold)
		}
		s.Triggers = append(s.Triggers, more)
	}
	maximum := 10 // the recipe's
	if object.Manifest() != nil {
		errs = append(errs, c.own(object.Manifest(), &s, &maximum))
	} else if object.Query == "" {
		s.Query = SumQuery(c.Namespace, c.Periods.RateWindow)
	}
	if object.Query != "" {
		s.Query = fill(object.Query)
	}
	if object.MaxReplicas != nil {
		maximum = *object.MaxReplicas
	}
	if c.Expect.NeverAbove == 0 {
		c.Expect.NeverAbove = maximum
	}
	c.Scaling = s
	return errors.Join(errs...)
}

// own reads a user's own ScaledObject.
func (c *Config) own(text []byte, s *lab.Scaling, maximum *int) error {
	s.Manifest = &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &s.Manifest.Object); err != nil {
		return fmt.Errorf("read the ScaledObject: %w", err)
	}
	integers(s.Manifest.Object)
	var read struct {
		Spec struct {
			PollingInterval *int64 `json:"pollingInterval"`
			CooldownPeriod  *int64 `json:"cooldownPeriod"`
			MaxReplicaCount *int   `json:"maxReplicaCount"`
			Advanced        struct {
				HPA struct {
					Behavior timeline.Behavior `json:"behavior"`
				} `json:"horizontalPodAutoscalerConfig"`
			} `json:"advanced"`
			Triggers []struct {
				Metadata map[string]string `json:"metadata"`
			} `json:"triggers"`
		} `json:"spec"`
	}
	encoded, err := json.Marshal(s.Manifest.Object)
	if err == nil {
		err = json.Unmarshal(encoded, &read)
	}
	if err != nil {
		return fmt.Errorf("read the ScaledObject: %w", err)
	}
	if len(read.Spec.Triggers) == 0 {
		return errors.New("read the ScaledObject: it has no trigger")
	}
	// KEDA's own defaults [D keda.sh].
	*maximum = 100
	if read.Spec.MaxReplicaCount != nil {
		*maximum = *read.Spec.MaxReplicaCount
	}
	seconds := func(given *int64, preset int64) timeline.Duration {
		if given != nil {
			preset = *given
		}
		return timeline.Duration(time.Duration(preset) * time.Second)
	}
	c.Periods.PollingInterval = seconds(read.Spec.PollingInterval, 30)
	c.Periods.Cooldown = seconds(read.Spec.CooldownPeriod, 300)
	c.Periods.Behavior = read.Spec.Advanced.HPA.Behavior
	first := read.Spec.Triggers[0].Metadata
	if c.Periods.Threshold, err = strconv.ParseFloat(first["threshold"], 64); err != nil || c.Periods.Threshold <= 0 {
		return fmt.Errorf("read the ScaledObject: the first trigger's threshold %q is no number above 0", first["threshold"])
	}
	s.Threshold = first["threshold"]
	if s.Query, err = c.fill(first["query"]); err != nil {
		return err
	}
	return c.fillAll(s.Manifest)
}

// fillAll fills in the queries of every trigger of a ScaledObject.
func (c *Config) fillAll(object *unstructured.Unstructured) error {
	triggers, _, err := unstructured.NestedSlice(object.Object, "spec", "triggers")
	if err != nil {
		return fmt.Errorf("read the triggers: %w", err)
	}
	for _, trigger := range triggers {
		fields, _ := trigger.(map[string]any)
		query, found, err := unstructured.NestedString(fields, "metadata", "query")
		if err != nil {
			return fmt.Errorf("read a trigger's query: %w", err)
		}
		if !found {
			continue
		}
		if query, err = c.fill(query); err != nil {
			return err
		}
		if err := unstructured.SetNestedField(fields, query, "metadata", "query"); err != nil {
			return err
		}
	}
	return unstructured.SetNestedSlice(object.Object, triggers, "spec", "triggers")
}

// emptyIsError says whether KEDA fails on an empty result of a trigger: without load there is no metric then.
func emptyIsError(s lab.Scaling) bool {
	if s.Metadata["ignoreNullValues"] == "false" {
		return true
	}
	if s.Manifest == nil {
		return false
	}
	triggers, _, _ := unstructured.NestedSlice(s.Manifest.Object, "spec", "triggers")
	return slices.ContainsFunc(triggers, func(trigger any) bool {
		fields, _ := trigger.(map[string]any)
		value, _, _ := unstructured.NestedString(fields, "metadata", "ignoreNullValues")
		return value == "false"
	})
}

// paused says whether KEDA is told not to scale.
func paused(s lab.Scaling) bool {
	if s.Manifest == nil {
		return s.Paused != nil
	}
	for name := range s.Manifest.GetAnnotations() {
		if strings.HasPrefix(name, "autoscaling.keda.sh/paused") {
			return true
		}
	}
	return s.Paused != nil
}

// fill fills in what a query names by a template.
func (c *Config) fill(query string) (string, error) {
	t, err := template.New("query").Option("missingkey=error").Parse(query)
	if err != nil {
		return "", fmt.Errorf("read the query's template: %w", err)
	}
	var text bytes.Buffer
	err = t.Execute(&text, map[string]string{
		"Namespace": c.Namespace, "Workload": workload, "RateWindow": promDuration(c.Periods.RateWindow),
	})
	if err != nil {
		return "", fmt.Errorf("fill in the query: %w", err)
	}
	return strings.TrimSpace(text.String()), nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
