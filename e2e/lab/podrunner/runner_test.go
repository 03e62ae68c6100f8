package podrunner_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	clienttesting "k8s.io/client-go/testing"
)

func TestReadyOnlyWhenTheProbeIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.status.Store(http.StatusServiceUnavailable)
	r.create(t, r.pod(t, "a"))
	r.accept(t)
	require.Eventually(t, func() bool { return r.probes.Load() >= 3 }, patience, time.Millisecond)
	pod := r.await(t, func(*corev1.Pod) bool { return true })
	require.Equal(t, corev1.ConditionFalse, condition(pod, corev1.PodReady), "it does not answer yet")
	require.Empty(t, pod.Status.ContainerStatuses)

	r.status.Store(http.StatusNoContent)
	pod = r.await(t, ready(0))
	require.Equal(t, "main", pod.Status.ContainerStatuses[0].Name)
	require.Equal(t, "test/image:dev", pod.Status.ContainerStatuses[0].Image)
	require.True(t, *pod.Status.ContainerStatuses[0].Started)
	require.Equal(t, corev1.ConditionTrue, condition(pod, corev1.PodInitialized), "what KWOK wrote stays")
	require.Equal(t, corev1.PodRunning, pod.Status.Phase)
	seen := r.probes.Load()
	require.Positive(t, seen)
}

func TestReadinessProbes(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*corev1.Container){
		"none":           func(c *corev1.Container) { c.ReadinessProbe = nil },
		"no HTTP":        func(c *corev1.Container) { c.ReadinessProbe.HTTPGet = nil },
		"port by number": func(c *corev1.Container) { c.ReadinessProbe.HTTPGet.Port = intstr.FromInt32(c.Ports[1].ContainerPort) },
		"a connection": func(c *corev1.Container) {
			c.ReadinessProbe.ProbeHandler = corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: c.ReadinessProbe.HTTPGet.Port}}
		},
		"path without /": func(c *corev1.Container) { c.ReadinessProbe.HTTPGet.Path = "ready" },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			pod := r.pod(t, "a")
			change(&pod.Spec.Containers[0])
			r.create(t, pod)
			r.await(t, ready(0))
		})
	}
}

func TestRestartAfterExit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.create(t, r.pod(t, "a"))
	first := r.accept(t)
	r.await(t, ready(0))
	r.status.Store(http.StatusServiceUnavailable)
	first.exit(t, 3)
	pod := r.await(t, func(pod *corev1.Pod) bool { return condition(pod, corev1.PodReady) == corev1.ConditionFalse })
	require.False(t, pod.Status.ContainerStatuses[0].Ready)
	require.EqualValues(t, 1, pod.Status.ContainerStatuses[0].RestartCount)

	second := r.accept(t)
	require.Equal(t, first.account, second.account)
	r.status.Store(http.StatusOK)
	r.await(t, ready(1))
	text, err := os.ReadFile(filepath.Join(r.dir, "logs", "pods", "ns_a.log"))
	require.NoError(t, err)
	require.Equal(t, "leaving with 3\n", string(text))
}

// TestIsOver: a Job's pod ends with its container.
func TestIsOver(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy corev1.RestartPolicy
		code   int
		phase  corev1.PodPhase
	}{
		"done":       {corev1.RestartPolicyNever, 0, corev1.PodSucceeded},
		"failed":     {corev1.RestartPolicyNever, 4, corev1.PodFailed},
		"done later": {corev1.RestartPolicyOnFailure, 0, corev1.PodSucceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			pod := r.pod(t, "a")
			pod.Spec.RestartPolicy = tc.policy
			r.create(t, pod)
			process := r.accept(t)
			r.await(t, ready(0))
			process.exit(t, tc.code)
			pod = r.await(t, func(pod *corev1.Pod) bool { return pod.Status.Phase == tc.phase })
			require.Equal(t, corev1.ConditionFalse, condition(pod, corev1.PodReady))
			require.EqualValues(t, tc.code, pod.Status.ContainerStatuses[0].State.Terminated.ExitCode)
		})
	}
}

func TestEndsWithThePod(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, r *rig){
		"deleted": func(t *testing.T, r *rig) {
			require.NoError(t, r.client.CoreV1().Pods("ns").Delete(t.Context(), "a", metav1.DeleteOptions{}))
		},
		"being deleted": func(t *testing.T, r *rig) {
			pod, err := r.client.CoreV1().Pods("ns").Get(t.Context(), "a", metav1.GetOptions{})
			require.NoError(t, err)
			now := metav1.Now()
			pod.DeletionTimestamp, pod.Finalizers = &now, []string{"test/wait"}
			_, err = r.client.CoreV1().Pods("ns").Update(t.Context(), pod, metav1.UpdateOptions{})
			require.NoError(t, err)
		},
		"stopped": func(_ *testing.T, r *rig) { r.runner.Stop() },
	}
	for name, end := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.create(t, r.pod(t, "a"))
			process := r.accept(t)
			r.await(t, ready(0))
			end(t, r)
			process.requireTerminated(t)
		})
	}
}

// TestWaitsForAnAddress: a pod that was not placed on the node yet is not run.
func TestWaitsForAnAddress(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pending := r.pod(t, "a")
	pending.Status = corev1.PodStatus{Phase: corev1.PodPending}
	r.create(t, pending)
	r.create(t, r.pod(t, "b"))
	require.Equal(t, "b", r.accept(t).Env["HOSTNAME"], "b came after a, and a is not run")

	_, err := r.client.CoreV1().Pods("ns").Update(t.Context(), r.pod(t, "a"), metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Equal(t, "a", r.accept(t).Env["HOSTNAME"])
	r.await(t, ready(0))
}

// TestWaitsForWhatIsMissing: a pod whose config map comes later than the pod runs once it is there.
func TestWaitsForWhatIsMissing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	pod := r.pod(t, "a")
	pod.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{
		ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "late"}},
	}}
	r.create(t, pod)
	r.await(t, func(pod *corev1.Pod) bool {
		statuses := pod.Status.ContainerStatuses
		return len(statuses) == 1 && statuses[0].State.Waiting != nil
	})
	late := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "late", Namespace: "ns"}, Data: map[string]string{"CAME": "late"}}
	_, err := r.client.CoreV1().ConfigMaps("ns").Create(t.Context(), late, metav1.CreateOptions{})
	require.NoError(t, err)
	require.Equal(t, "late", r.accept(t).Env["CAME"])
	r.await(t, ready(0))
}

// TestBusyAPIServer: a report that fails is tried again, and the process goes on meanwhile.
func TestBusyAPIServer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var refused atomic.Int32
	r.client.PrependReactor("patch", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return refused.Add(1) <= 3, nil, errors.New("etcd is busy")
	})
	r.create(t, r.pod(t, "a"))
	r.accept(t)
	r.await(t, ready(0))
	require.Greater(t, refused.Load(), int32(3))
}

// TestCannotRun: the pod says why it does not run, in a kubelet's words.
func TestCannotRun(t *testing.T) {
	t.Parallel()
	const config, start = "CreateContainerConfigError", "CreateContainerError"
	main := func(pod *corev1.Pod) *corev1.Container { return &pod.Spec.Containers[0] }
	from := func(source *corev1.EnvVarSource) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			main(pod).Env = append(main(pod).Env, corev1.EnvVar{Name: "X", ValueFrom: source})
		}
	}
	mount := func(source corev1.VolumeSource, more func(*corev1.VolumeMount)) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: source}}
			m := corev1.VolumeMount{Name: "v", MountPath: "/v"}
			if more != nil {
				more(&m)
			}
			main(pod).VolumeMounts = []corev1.VolumeMount{m}
		}
	}
	named := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	present := corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("present")}}
	tests := map[string]struct {
		change func(*corev1.Pod)
		reason string
		want   string
	}{
		"unknown image":   {func(pod *corev1.Pod) { main(pod).Image = "nginx:1" }, config, `no program stands for image "nginx": the lab has [test/image test/missing]`},
		"missing program": {func(pod *corev1.Pod) { main(pod).Image = "test/missing" }, start, "no such file"},
		"a command":       {func(pod *corev1.Pod) { main(pod).Command = []string{"sh"} }, config, "command is not translated"},
		"two containers": {func(pod *corev1.Pod) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "side"})
		}, config, "one container"},
		"an init container":           {func(pod *corev1.Pod) { pod.Spec.InitContainers = []corev1.Container{{Name: "init"}} }, config, "one container"},
		"unknown field":               {from(&corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "spec.hostname"}}), config, "variable X: field spec.hostname is not known here"},
		"unknown source":              {from(&corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{}}), config, "variable X: its source is not known here"},
		"missing secret":              {from(&corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: named("absent"), Key: "k"}}), config, "read secret ns/absent"},
		"missing key of a secret":     {from(&corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: named("present"), Key: "k"}}), config, "variable X: there is no key k"},
		"missing config map":          {from(&corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: named("absent"), Key: "k"}}), config, "read config map ns/absent"},
		"missing key of a config map": {from(&corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: named("present"), Key: "k"}}), config, "variable X: there is no key k"},
		"missing source of variables": {func(pod *corev1.Pod) {
			main(pod).EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: named("absent")}}}
		}, config, "read config map ns/absent"},
		"other volume": {mount(corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, nil), config, "volume v: only config maps and tokens are mounted here"},
		"other projection": {mount(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: "a", Path: "token"}}, {DownwardAPI: &corev1.DownwardAPIProjection{}},
		}}}, nil), config, "volume v: of what can be projected only tokens"},
		"missing volume":        {mount(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("absent")}}, nil), config, "read config map ns/absent"},
		"a part of a volume":    {mount(present, func(m *corev1.VolumeMount) { m.SubPath = "a" }), config, "volume v: a part of a volume"},
		"some keys of a volume": {mount(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("present"), Items: []corev1.KeyToPath{{Key: "a", Path: "b"}}}}, nil), config, "volume v: a part of a config map"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			meta := metav1.ObjectMeta{Name: "present", Namespace: "ns"}
			r := newRig(t, &corev1.Secret{ObjectMeta: meta}, &corev1.ConfigMap{ObjectMeta: meta})
			pod := r.pod(t, "a")
			tc.change(pod)
			r.create(t, pod)
			got := r.await(t, func(pod *corev1.Pod) bool { return len(pod.Status.ContainerStatuses) != 0 })
			require.Equal(t, corev1.ConditionFalse, condition(got, corev1.PodReady))
			require.Len(t, got.Status.ContainerStatuses, len(pod.Spec.Containers))
			for i, status := range got.Status.ContainerStatuses {
				require.Equal(t, pod.Spec.Containers[i].Name, status.Name)
				require.False(t, status.Ready)
				require.False(t, *status.Started)
				require.Nil(t, status.State.Running)
				require.NotNil(t, status.State.Waiting)
				require.Equal(t, tc.reason, status.State.Waiting.Reason)
				require.Contains(t, status.State.Waiting.Message, tc.want)
			}
		})
	}
}
