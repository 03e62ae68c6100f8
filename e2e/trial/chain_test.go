package trial

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

func TestSumQuery(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration]string{
		time.Minute:             `sum(rate(ho11y_total{k8s_namespace="trial-1",k8s_pod=~"downstream0-.*"}[60000ms]))`,
		3 * time.Second:         `sum(rate(ho11y_total{k8s_namespace="trial-1",k8s_pod=~"downstream0-.*"}[3000ms]))`,
		2500 * time.Millisecond: `sum(rate(ho11y_total{k8s_namespace="trial-1",k8s_pod=~"downstream0-.*"}[2500ms]))`,
	} {
		query := SumQuery("trial-1", timeline.Duration(window))
		require.Equal(t, want, query)
		_, err := parser.NewParser(parser.Options{}).ParseExpr(query)
		require.NoError(t, err, "Prometheus reads it")
	}
}

func TestBehaviorMap(t *testing.T) {
	t.Parallel()
	seconds := int32(30)
	got, err := behaviorMap(timeline.Behavior{ScaleUp: &timeline.ScalingRules{
		StabilizationWindowSeconds: &seconds, Tolerance: "0.01", Policies: []timeline.Policy{{Type: "Pods", Value: 4, PeriodSeconds: 15}},
	}})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"scaleUp": map[string]any{
		"stabilizationWindowSeconds": int64(30), "tolerance": "0.01",
		"policies": []any{map[string]any{"type": "Pods", "value": int64(4), "periodSeconds": int64(15)}},
	}}, got)
	object := &unstructured.Unstructured{Object: map[string]any{}}
	require.NoError(t, unstructured.SetNestedMap(object.Object, got, "spec", "behavior"))
	require.NotPanics(t, func() { object.DeepCopy() })

	got, err = behaviorMap(timeline.Behavior{})
	require.NoError(t, err)
	require.Empty(t, got, "nothing set is Kubernetes' defaults")
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]any{
		"whole": int64(3), "part": 0.5, "text": "3", "none": nil, "yes": true, "list": []any{int64(1), map[string]any{"deep": int64(-2)}},
	}, integers(map[string]any{
		"whole": 3.0, "part": 0.5, "text": "3", "none": nil, "yes": true, "list": []any{1.0, map[string]any{"deep": -2.0}},
	}))
}

func TestURLs(t *testing.T) {
	t.Parallel()
	pod := func(ip string, ready corev1.ConditionStatus, leaving bool) *corev1.Pod {
		p := &corev1.Pod{Status: corev1.PodStatus{PodIP: ip, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}}}
		if leaving {
			now := metav1.Now()
			p.DeletionTimestamp = &now
		}
		return p
	}
	require.Empty(t, urls(nil))
	require.Equal(t, []string{"http://127.77.0.1:8765/", "http://127.77.0.4:8765/"}, urls([]*corev1.Pod{
		pod("127.77.0.1", corev1.ConditionTrue, false),
		pod("127.77.0.2", corev1.ConditionFalse, false),
		pod("127.77.0.3", corev1.ConditionTrue, true),
		pod("127.77.0.4", corev1.ConditionTrue, false),
		pod("", corev1.ConditionTrue, false),
	}), "load goes to pods that are ready and stay")
}

func TestConditions(t *testing.T) {
	t.Parallel()
	hpa := &autoscalingv2.HorizontalPodAutoscaler{}
	require.Equal(t, "no conditions", Conditions(hpa))
	hpa.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{
		{Type: autoscalingv2.ScalingActive, Status: corev1.ConditionFalse, Reason: "FailedGetExternalMetric", Message: "no value"},
	}
	require.Contains(t, Conditions(hpa), "ScalingActive=False (FailedGetExternalMetric: no value)")
}
