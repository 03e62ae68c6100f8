package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/load"
)

// The Job that offers the load (fixtures/manifests/load): its name, also its pod's label app, and the port of its control API.
const (
	loadName = "load"
	loadPort = 8080
)

// completeTimeout bounds the wait for the Job to be complete once its load was stopped.
const completeTimeout = 30 * time.Second

// maxShortfall is the part of a load that may be missing, for the load to be called what was asked for.
const maxShortfall = 0.01

// awaitLoad waits until the pod of the load's Job is ready, and returns what talks to it.
func (t *Trial) awaitLoad(ctx context.Context) (*load.Remote, error) {
	var ready *corev1.Pod
	err := t.await(ctx, "the load", func(ctx context.Context) error {
		pods, err := t.loadPods(ctx)
		if err != nil {
			return err
		}
		for i := range pods {
			if component.PodReady(&pods[i]) {
				ready = &pods[i]
				return nil
			}
		}
		return errors.Join(append([]error{fmt.Errorf("none of its %d pods is ready", len(pods))}, complaints(pods)...)...)
	})
	if err != nil {
		return nil, err
	}
	client, base := t.config.Lab.Pod(t.config.Namespace, ready.Name, ready.Status.PodIP, loadPort)
	return load.NewRemote(client, base), nil
}

func (t *Trial) loadPods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := t.client.CoreV1().Pods(t.config.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + loadName})
	if err != nil {
		return nil, fmt.Errorf("look for the load's pod: %w", err)
	}
	return list.Items, nil
}

// complaints are what pods say of containers that do not run.
func complaints(pods []corev1.Pod) []error {
	var errs []error
	for _, pod := range pods {
		for _, status := range pod.Status.ContainerStatuses {
			switch {
			case status.State.Waiting != nil:
				errs = append(errs, fmt.Errorf("pod %s waits: %s: %s", pod.Name, status.State.Waiting.Reason, status.State.Waiting.Message))
			case status.State.Terminated != nil:
				ended := status.State.Terminated
				errs = append(errs, fmt.Errorf("pod %s ended with code %d: %s", pod.Name, ended.ExitCode, cmp.Or(ended.Message, ended.Reason, "no reason given")))
			}
		}
	}
	return errs
}

// endLoad stops the load and waits until its Job is complete. A load that came to grief on the way fails here.
func (t *Trial) endLoad(ctx context.Context) error {
	if t.load == nil {
		return nil
	}
	// When only the answer got lost, the Job completes all the same; otherwise this is why it does not.
	stopped := t.load.Stop(ctx)
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, completeTimeout, true, func(ctx context.Context) (bool, error) {
		job, err := t.client.BatchV1().Jobs(t.config.Namespace).Get(ctx, loadName, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		return complete(job)
	})
	if err == nil {
		return nil
	}
	pods, listed := t.loadPods(ctx)
	return fmt.Errorf("wait for the load's Job to be complete: %w", errors.Join(append([]error{err, stopped, listed}, complaints(pods)...)...))
}

// complete tells whether a Job has done its work; that it failed is an error.
func complete(job *batchv1.Job) (bool, error) {
	for _, condition := range job.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		switch condition.Type {
		case batchv1.JobComplete:
			return true, nil
		case batchv1.JobFailed:
			return false, fmt.Errorf("it failed: %s: %s", condition.Reason, condition.Message)
		}
	}
	return false, nil
}

// shortfall is an error when too much of what was due between two counts was never sent. Whatever a chain does under such a load
// says nothing about the load that was asked for.
func shortfall(before, after load.Stats) error {
	offered := after.Offered - before.Offered
	dropped, skipped, unsent := after.Dropped-before.Dropped, after.Skipped-before.Skipped, after.Unsent-before.Unsent
	if float64(dropped+skipped+unsent) <= maxShortfall*float64(offered) {
		return nil
	}
	return fmt.Errorf("the load was not offered as asked: of %d requests, %d were dropped (too many under way), %d skipped (the load fell behind) "+
		"and %d had no target", offered, dropped, skipped, unsent)
}

// aim tells the load where to go, for pods that come and go: always the newest list, however many changes it took.
type aim struct {
	// list returns the targets of now, set sends them.
	list func() []string
	set  func(ctx context.Context, urls []string) error

	changed chan struct{} // holds one
	sent    []string
}

func newAim(list func() []string, set func(ctx context.Context, urls []string) error) *aim {
	return &aim{list: list, set: set, changed: make(chan struct{}, 1)}
}

// look says that the list may have changed. It does not wait.
func (a *aim) look() {
	select {
	case a.changed <- struct{}{}:
	default:
	}
}

// send sends the list of now, unless it is what was sent last.
func (a *aim) send(ctx context.Context) error {
	list := a.list()
	slices.Sort(list)
	if slices.Equal(list, a.sent) {
		return nil
	}
	if err := a.set(ctx, list); err != nil {
		return err
	}
	a.sent = list
	return nil
}

// follow sends the list whenever it has changed, until ctx ends. What fails is tried again: the load's counts show what it cost.
func (a *aim) follow(ctx context.Context) {
	for {
		select {
		case <-a.changed:
		case <-ctx.Done():
			return
		}
		if a.send(ctx) != nil {
			time.AfterFunc(pollInterval, a.look)
		}
	}
}

// tally reads the load's counts once for all who ask at about the same time, and says when that was.
type tally struct {
	read func(ctx context.Context) (load.Stats, error)
	now  func() time.Time
	// fresh is how long a reading serves.
	fresh time.Duration
	// saw is told of each reading, unless nil.
	saw func(at time.Time, stats load.Stats)

	mu    sync.Mutex
	at    time.Time
	stats load.Stats
	err   error
}

// count returns what pick takes from the counts.
func (t *tally) count(pick func(load.Stats) uint64) func(ctx context.Context) (uint64, error) {
	return func(ctx context.Context) (uint64, error) {
		stats, _, err := t.get(ctx)
		return pick(stats), err
	}
}

// get returns the counts and when they were read.
func (t *tally) get(ctx context.Context) (load.Stats, time.Time, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at.IsZero() || t.now().Sub(t.at) >= t.fresh {
		t.stats, t.err = t.read(ctx)
		t.at = t.now()
		if t.err == nil && t.saw != nil {
			t.saw(t.at, t.stats)
		}
	}
	return t.stats, t.at, t.err
}

// readAt is when the counts were read.
func (t *tally) readAt() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}
