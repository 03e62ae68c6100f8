package podrunner_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ampersand-amp/ampersand/e2e/lab/podrunner"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// envLifeline is the address that the process of a pod calls: this test binary, started again as what an image holds.
const envLifeline = "AMPERSAND_TEST_LIFELINE"

// patience bounds every wait. It is met only when something is broken.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if address := os.Getenv(envLifeline); address != "" {
		os.Exit(beImage(address))
	}
	os.Exit(m.Run())
}

// account is what the process of a pod says of itself.
type account struct {
	Args  []string
	Env   map[string]string
	Files map[string]string
}

// beImage tells the test what it was started with and then does as told. It ends when the test does.
func beImage(address string) int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	line, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", address)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	a := account{Args: os.Args[1:], Env: map[string]string{}, Files: map[string]string{}}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		a.Env[name] = value
	}
	for _, arg := range a.Args {
		if _, path, found := strings.Cut(arg, "="); found {
			if text, err := os.ReadFile(path); err == nil {
				a.Files[path] = string(text)
			}
		}
	}
	if err := json.NewEncoder(line).Encode(a); err != nil {
		return 1
	}
	exit := make(chan int)
	go func() {
		word, _ := bufio.NewReader(line).ReadString('\n')
		code, _ := strconv.Atoi(strings.TrimSpace(word))
		exit <- code
	}()
	select {
	case code := <-exit:
		fmt.Println("leaving with", code)
		return code
	case <-terminated:
		_, _ = fmt.Fprintln(line, "terminated")
		return 0
	}
}

// rig is a runner on a cluster that is only an object tracker.
type rig struct {
	client   *fake.Clientset
	listener net.Listener
	runner   *podrunner.Runner
	dir      string
	// probe answers readiness probes with status; probes counts them.
	probe  *httptest.Server
	status atomic.Int32
	probes atomic.Int32
}

// newRig starts a runner.
func newRig(t *testing.T, objects ...runtime.Object) *rig {
	t.Helper()
	r := &rig{client: fake.NewClientset(objects...), dir: t.TempDir()}
	var err error
	r.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r.status.Store(http.StatusOK)
	r.probe = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.probes.Add(1)
		if req.URL.Path != "/ready" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(int(r.status.Load()))
	}))
	// The tracker does not replay what was made between a list and its watch: the test goes on when the watch is there.
	watching := make(chan struct{}, 1)
	r.client.PrependWatchReactor("pods", func(action clienttesting.Action) (bool, watch.Interface, error) {
		w, err := r.client.Tracker().Watch(action.GetResource(), action.GetNamespace())
		select {
		case watching <- struct{}{}:
		default:
		}
		return true, w, err
	})
	self, err := os.Executable()
	require.NoError(t, err)
	processes := process.NewGroup()
	r.runner, err = podrunner.Start(t.Context(), podrunner.Config{
		Client: r.client, Dir: filepath.Join(r.dir, "volumes"), Logs: filepath.Join(r.dir, "logs"), Processes: processes,
		Programs: map[string]string{"test/image": self, "test/missing": filepath.Join(r.dir, "none")},
		Kubeconfig: func(_ context.Context, path, namespace, account string) error {
			return os.WriteFile(path, []byte(namespace+"/"+account), 0o600)
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		r.runner.Stop()
		processes.Close()
		r.probe.Close()
		_ = r.listener.Close()
	})
	select {
	case <-watching:
	case <-time.After(patience):
		t.Fatal("nobody watches pods")
	}
	return r
}

// pod is a pod that KWOK has just called running: one container of the test's image, probed where the rig answers.
func (r *rig) pod(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	_, port, err := net.SplitHostPort(r.probe.Listener.Addr().String())
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	no := false
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", UID: types.UID("uid-of-" + name)},
		Spec: corev1.PodSpec{
			NodeName: "kwok-0", ServiceAccountName: "default", AutomountServiceAccountToken: &no,
			Containers: []corev1.Container{{
				Name: "main", Image: "test/image:dev",
				Env:   []corev1.EnvVar{{Name: envLifeline, Value: r.listener.Addr().String()}},
				Ports: []corev1.ContainerPort{{Name: "other", ContainerPort: 1}, {Name: "http", ContainerPort: int32(number)}},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("http")},
				}},
			}},
		},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "127.0.0.1",
			Conditions: []corev1.PodCondition{{Type: corev1.PodInitialized, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionFalse}},
		},
	}
}

func (r *rig) create(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	_, err := r.client.CoreV1().Pods(pod.Namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	require.NoError(t, err)
}

// await waits until the newest state of the pod called a is as wanted.
func (r *rig) await(t *testing.T, wanted func(*corev1.Pod) bool) *corev1.Pod {
	t.Helper()
	var pod *corev1.Pod
	require.Eventually(t, func() bool {
		var err error
		pod, err = r.client.CoreV1().Pods("ns").Get(t.Context(), "a", metav1.GetOptions{})
		return err == nil && wanted(pod)
	}, patience, 5*time.Millisecond)
	return pod
}

// ready wants the pod ready after so many restarts.
func ready(restarts int32) func(*corev1.Pod) bool {
	return func(pod *corev1.Pod) bool {
		statuses := pod.Status.ContainerStatuses
		return condition(pod, corev1.PodReady) == corev1.ConditionTrue && condition(pod, corev1.ContainersReady) == corev1.ConditionTrue &&
			len(statuses) == 1 && statuses[0].Ready && statuses[0].RestartCount == restarts && statuses[0].State.Running != nil
	}
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) corev1.ConditionStatus {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c.Status
		}
	}
	return ""
}

// running is the process of a pod, seen from the test.
type running struct {
	account
	conn  net.Conn
	lines *bufio.Reader
}

// accept waits for the process of a pod.
func (r *rig) accept(t *testing.T) *running {
	t.Helper()
	require.NoError(t, r.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	conn, err := r.listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	p := &running{conn: conn, lines: bufio.NewReader(conn)}
	text, err := p.lines.ReadBytes('\n')
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &p.account))
	return p
}

// exit has the process end by itself.
func (p *running) exit(t *testing.T, code int) {
	t.Helper()
	_, err := fmt.Fprintln(p.conn, code)
	require.NoError(t, err)
}

// requireTerminated waits until the process was asked to end and is gone.
func (p *running) requireTerminated(t *testing.T) {
	t.Helper()
	said, err := p.lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "terminated\n", said)
	_, err = p.lines.ReadString('\n')
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is still running")
}
