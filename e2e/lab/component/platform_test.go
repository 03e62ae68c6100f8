package component

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

func TestDeploymentReady(t *testing.T) {
	t.Parallel()
	two := int32(2)
	tests := map[string]struct {
		generation int64
		replicas   *int32
		status     appsv1.DeploymentStatus
		want       string
	}{
		"ready":             {3, &two, appsv1.DeploymentStatus{ObservedGeneration: 3, UpdatedReplicas: 2, ReadyReplicas: 2}, ""},
		"one by default":    {1, nil, appsv1.DeploymentStatus{ObservedGeneration: 1, UpdatedReplicas: 1, ReadyReplicas: 1}, ""},
		"not all ready":     {3, &two, appsv1.DeploymentStatus{ObservedGeneration: 3, UpdatedReplicas: 2, ReadyReplicas: 1}, "has 1 of 2 replicas ready"},
		"too many ready":    {3, &two, appsv1.DeploymentStatus{ObservedGeneration: 3, UpdatedReplicas: 2, ReadyReplicas: 3}, "has 3 of 2 replicas ready"},
		"of an old version": {3, &two, appsv1.DeploymentStatus{ObservedGeneration: 3, UpdatedReplicas: 1, ReadyReplicas: 2}, "replicas ready"},
		"not looked at yet": {3, &two, appsv1.DeploymentStatus{ObservedGeneration: 2, UpdatedReplicas: 2, ReadyReplicas: 2}, "replicas ready"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := fake.NewClientset(&appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "d", Generation: tc.generation},
				Spec:       appsv1.DeploymentSpec{Replicas: tc.replicas}, Status: tc.status,
			})
			err := DeploymentReady(t.Context(), client, "ns", "d")
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "deployment ns/d")
			require.ErrorContains(t, err, tc.want)
		})
	}
	require.ErrorContains(t, DeploymentReady(t.Context(), fake.NewClientset(), "ns", "d"), "look at deployment ns/d")
}

// newPod is a pod that is ready.
func newPod(name string, change func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "keda", Name: name},
		Status: corev1.PodStatus{PodIP: "127.77.0.9", Conditions: []corev1.PodCondition{
			{Type: corev1.ContainersReady, Status: corev1.ConditionFalse}, {Type: corev1.PodReady, Status: corev1.ConditionTrue},
		}},
	}
	if change != nil {
		change(pod)
	}
	return pod
}

func notReady(pod *corev1.Pod) { pod.Status.Conditions[1].Status = corev1.ConditionFalse }

func leaving(pod *corev1.Pod) {
	now := metav1.Now()
	pod.DeletionTimestamp, pod.Finalizers = &now, []string{"test/wait"}
}

func TestPodReady(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"ready":        {nil, true},
		"not ready":    {notReady, false},
		"leaving":      {leaving, false},
		"no address":   {func(pod *corev1.Pod) { pod.Status.PodIP = "" }, false},
		"no condition": {func(pod *corev1.Pod) { pod.Status.Conditions = nil }, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, PodReady(newPod("a", tc.change)))
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	of := func(namespace, app string, change func(*corev1.Pod)) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Namespace, pod.Labels = namespace, map[string]string{"app": app}
			if change != nil {
				change(pod)
			}
		}
	}
	others := []runtime.Object{
		newPod("1", of("keda", "keda-operator", nil)), newPod("2", of("keda", "keda-sigv4", notReady)), newPod("3", of("keda", "keda-sigv4", leaving)),
		newPod("4", of("ho11y", "frontend", nil)), newPod("5", of("ho11y", "adot", notReady)), newPod("6", of("elsewhere", "adot", nil)),
	}
	p := &Platform{client: fake.NewClientset(others...)}
	_, err := p.ProxyAddress(t.Context())
	require.EqualError(t, err, "find the pod of keda-sigv4: none is ready")
	_, err = p.CollectorAddress(t.Context())
	require.EqualError(t, err, "find the pod of adot: none is ready")

	p.client = fake.NewClientset(append(others, newPod("7", of("keda", "keda-sigv4", nil)), newPod("8", of("ho11y", "adot", nil)))...)
	address, err := p.ProxyAddress(t.Context())
	require.NoError(t, err)
	require.Equal(t, "127.77.0.9:8080", address)
	address, err = p.CollectorAddress(t.Context())
	require.NoError(t, err)
	require.Equal(t, "127.77.0.9:4317", address)
}
