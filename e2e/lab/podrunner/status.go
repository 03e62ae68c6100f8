package podrunner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// Reasons of a container that waits, in a kubelet's words.
const (
	// reasonConfig: what the container is to be cannot be made of its pod.
	reasonConfig = "CreateContainerConfigError"
	// reasonStart: it can, but its program does not start.
	reasonStart = "CreateContainerError"
)

// startError is why a container does not run.
type startError struct {
	reason string
	err    error
}

func (e *startError) Error() string { return e.err.Error() }

// Unwrap implements the errors package's interface.
func (e *startError) Unwrap() error { return e.err }

// reportEvery and reportTimeout are how often and how long a report is tried: the API server may be busy.
const (
	reportEvery   = 100 * time.Millisecond
	reportTimeout = 10 * time.Second
)

// reportRunning writes into the pod's status that its process was started and whether it is ready, as a kubelet does.
func (r *Runner) reportRunning(ctx context.Context, pod *corev1.Pod, container *corev1.Container, ready bool, restarts int32) error {
	started := true
	return r.report(ctx, pod, "", ready, []corev1.ContainerStatus{{
		Name: container.Name, Image: container.Image, Ready: ready, Started: &started, RestartCount: restarts,
		State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
	}})
}

// reportEnded writes into the pod's status that it is over and with which code its container ended.
func (r *Runner) reportEnded(ctx context.Context, pod *corev1.Pod, container *corev1.Container, code, restarts int32) error {
	phase, reason := corev1.PodSucceeded, "Completed"
	if code != 0 {
		phase, reason = corev1.PodFailed, "Error"
	}
	started := false
	return r.report(ctx, pod, phase, false, []corev1.ContainerStatus{{
		Name: container.Name, Image: container.Image, Started: &started, RestartCount: restarts,
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: metav1.Now()}},
	}})
}

// reportWaiting writes into the pod's status why its containers do not run: where a person looks first.
func (r *Runner) reportWaiting(ctx context.Context, pod *corev1.Pod, why error) error {
	waiting := &corev1.ContainerStateWaiting{Reason: reasonStart, Message: why.Error()}
	var start *startError
	if errors.As(why, &start) {
		waiting.Reason = start.reason
	}
	started := false
	var statuses []corev1.ContainerStatus
	for _, container := range pod.Spec.Containers {
		statuses = append(statuses, corev1.ContainerStatus{
			Name: container.Name, Image: container.Image, Started: &started, State: corev1.ContainerState{Waiting: waiting},
		})
	}
	return r.report(ctx, pod, "", false, statuses)
}

// report writes the phase, unless it stays as it was, readiness, and the containers' statuses, which replace the former
// ones. A pod that is gone needs none.
func (r *Runner) report(ctx context.Context, pod *corev1.Pod, phase corev1.PodPhase, ready bool, statuses []corev1.ContainerStatus) error {
	status, now := corev1.ConditionFalse, metav1.Now()
	if ready {
		status = corev1.ConditionTrue
	}
	patch, err := json.Marshal(map[string]any{"status": corev1.PodStatus{
		Phase: phase,
		Conditions: []corev1.PodCondition{
			{Type: corev1.ContainersReady, Status: status, LastTransitionTime: now},
			{Type: corev1.PodReady, Status: status, LastTransitionTime: now},
		},
		ContainerStatuses: statuses,
	}})
	if err != nil {
		return fmt.Errorf("encode the pod's status: %w", err)
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, reportEvery, reportTimeout, true, func(ctx context.Context) (bool, error) {
		_, last = r.config.Client.CoreV1().Pods(pod.Namespace).
			Patch(ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		return last == nil || apierrors.IsNotFound(last), nil
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("report the pod's status: %w", errors.Join(err, last))
	}
	return nil
}
