// Package podrunner stands in for the kubelet's container runtime on a KWOK node: for every pod that has an address it
// runs the containers as real processes on that address, and reports the pod ready when its readiness probe succeeds.
//
// It knows what the recipe's pods use - arguments, environment, config maps and secrets, HTTP readiness probes, a
// service account's tokens - and refuses what it does not know rather than ignoring it. It isolates nothing: use kind
// for that.
package podrunner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// restartDelay is the pause before a container that ended is started again. A kubelet doubles its pause up to five
// minutes; nobody waits that long here.
const restartDelay = time.Second

// podGrace is how long a pod's process may take to end after SIGTERM.
const podGrace = 5 * time.Second

// Config says what to run pods with.
type Config struct {
	Client kubernetes.Interface
	// Programs maps a container image, without its tag, to the program that the image would hold.
	Programs map[string]string
	// Dir is a folder for what would be the pods' volumes; Logs for a log file a container.
	Dir, Logs string
	// Processes starts the children.
	Processes *process.Group
	// Kubeconfig writes a kubeconfig with the token of a service account to path.
	Kubeconfig func(ctx context.Context, path, namespace, serviceAccount string) error
	Logger     *slog.Logger
}

// Runner runs the processes of pods.
type Runner struct {
	config Config
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu   sync.Mutex
	pods map[types.UID]context.CancelFunc

	tokens sync.Mutex
}

// Start follows the pods of the cluster until Stop.
func Start(ctx context.Context, config Config) (*Runner, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Runner{config: config, stop: stop, pods: map[types.UID]context.CancelFunc{}}
	factory := informers.NewSharedInformerFactory(config.Client, 0)
	informer := factory.Core().V1().Pods().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { r.changed(ctx, object) },
		UpdateFunc: func(_, object any) { r.changed(ctx, object) },
		DeleteFunc: r.deleted,
	})
	if err != nil {
		stop()
		return nil, fmt.Errorf("follow the pods: %w", err)
	}
	factory.Start(ctx.Done())
	r.work.Go(func() {
		<-ctx.Done()
		factory.Shutdown()
	})
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		stop()
		return nil, errors.New("follow the pods: the first list did not arrive")
	}
	return r, nil
}

// Stop ends the processes of all pods and waits for them.
func (r *Runner) Stop() {
	r.stop()
	r.work.Wait()
}

func (r *Runner) changed(ctx context.Context, object any) {
	pod := object.(*corev1.Pod)
	if pod.DeletionTimestamp != nil {
		r.end(pod.UID)
		return
	}
	if pod.Status.PodIP == "" || pod.Status.Phase != corev1.PodRunning {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.pods[pod.UID]; known || ctx.Err() != nil {
		return
	}
	podCtx, cancel := context.WithCancel(ctx)
	r.pods[pod.UID] = cancel
	r.work.Go(func() {
		defer cancel()
		r.keepRunning(podCtx, pod.DeepCopy())
	})
}

// keepRunning runs the pod until ctx ends. What keeps it from running is reported and tried again, as a kubelet does:
// what is missing may come, and an API server that is busy answers later.
func (r *Runner) keepRunning(ctx context.Context, pod *corev1.Pod) {
	said := ""
	for {
		err := r.run(ctx, pod)
		if err == nil || ctx.Err() != nil {
			return
		}
		if err.Error() != said {
			said = err.Error()
			r.config.Logger.Error("pod cannot be run", "pod", pod.Namespace+"/"+pod.Name, "error", err)
		}
		if err := r.reportWaiting(ctx, pod, err); err != nil && ctx.Err() == nil {
			r.config.Logger.Error("nor can that be reported", "pod", pod.Namespace+"/"+pod.Name, "error", err)
		}
		select {
		case <-time.After(restartDelay):
		case <-ctx.Done():
			return
		}
	}
}

func (r *Runner) deleted(object any) {
	if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	if pod, ok := object.(*corev1.Pod); ok {
		r.end(pod.UID)
		r.mu.Lock()
		delete(r.pods, pod.UID)
		r.mu.Unlock()
	}
}

func (r *Runner) end(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel, known := r.pods[uid]; known {
		cancel()
	}
}

// run keeps the pod's container running until ctx ends.
func (r *Runner) run(ctx context.Context, pod *corev1.Pod) error {
	if len(pod.Spec.Containers) != 1 || len(pod.Spec.InitContainers) != 0 {
		return &startError{reasonConfig, errors.New("pods of one container are all that the lab runs as processes")}
	}
	// What serves the container's volumes ends with it.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	container := &pod.Spec.Containers[0]
	spec, err := r.command(ctx, pod, container)
	if err != nil {
		return &startError{reasonConfig, err}
	}
	for restarts := int32(0); ; restarts++ {
		p, err := r.config.Processes.Start(spec)
		if err != nil {
			return &startError{reasonStart, err}
		}
		if err := r.serve(ctx, pod, container, p, restarts); err != nil || ctx.Err() != nil {
			// The process has to end although ctx has: a context of its own, bounded by the process's grace period.
			return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
		if code := exitCode(p); ends(pod, code) {
			return r.reportEnded(ctx, pod, container, code, restarts)
		}
		r.config.Logger.Warn("container ended and is started again", "pod", pod.Namespace+"/"+pod.Name, "error", p.Failure())
		if err := r.reportRunning(ctx, pod, container, false, restarts+1); err != nil {
			return err
		}
		select {
		case <-time.After(restartDelay):
		case <-ctx.Done():
			return nil
		}
	}
}

// ends tells whether a pod is over when its container has ended with that code.
func ends(pod *corev1.Pod, code int32) bool {
	policy := pod.Spec.RestartPolicy
	return policy == corev1.RestartPolicyNever || policy == corev1.RestartPolicyOnFailure && code == 0
}

// killedCode is what a process that a signal ended is said to have returned, as shells do for SIGKILL.
const killedCode = 137

func exitCode(p *process.Process) int32 {
	var exit *exec.ExitError
	switch {
	case p.Err() == nil:
		return 0
	case errors.As(p.Err(), &exit) && exit.ExitCode() >= 0:
		return int32(exit.ExitCode())
	}
	return killedCode
}

// serve reports the pod ready once its probe succeeds, and returns when the process or ctx has ended.
func (r *Runner) serve(ctx context.Context, pod *corev1.Pod, container *corev1.Container, p *process.Process, restarts int32) error {
	probing, cancel := context.WithCancel(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	following.Go(func() {
		select {
		case <-p.Exited():
			cancel()
		case <-probing.Done():
		}
	})
	if !awaitReady(probing, pod.Status.PodIP, container) {
		return nil
	}
	if err := r.reportRunning(ctx, pod, container, true, restarts); err != nil {
		return err
	}
	<-probing.Done()
	return nil
}

func (r *Runner) logPath(pod *corev1.Pod) string {
	return filepath.Join(r.config.Logs, "pods", pod.Namespace+"_"+pod.Name+".log")
}
