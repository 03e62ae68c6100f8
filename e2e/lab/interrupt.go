package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/ampersand-amp/ampersand/e2e/lab/component"
)

// Interruptible is a program of the chain that can be away for a while.
type Interruptible interface {
	// Interrupt ends it without leave.
	Interrupt(ctx context.Context) error
	// Resume starts it again, where its clients knew it. It need not wait.
	Resume(ctx context.Context) error
	// Ready returns nil once it works.
	Ready(ctx context.Context) error
}

// ErrNotInterruptible says that a program cannot be interrupted on this kind of cluster.
var ErrNotInterruptible = errors.New("cannot be interrupted here")

// Interruptible returns a program of the chain by its name in scenarios: emulator, collector, proxy, keda. The error wraps
// ErrNotInterruptible where the lab cannot take it away and give it back: a pod of the emulator would lose what it has stored, and
// without a service network a new pod of the proxy is elsewhere.
func (l *Lab) Interruptible(name string) (Interruptible, error) {
	client, err := kubernetes.NewForConfig(l.REST)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	kwok := l.Cluster() == ClusterKWOK
	switch {
	case l.foreign != nil:
	case name == "collector":
		return component.Deployments{Client: client, Namespace: "ho11y", Names: []string{"adot"}}, nil
	case name == "proxy" && !kwok:
		return component.Deployments{Client: client, Namespace: "keda", Names: []string{"keda-sigv4"}}, nil
	case name == "keda" && !kwok:
		return component.Deployments{Client: client, Namespace: "keda", Names: []string{"keda-operator", "keda-metrics-apiserver"}}, nil
	case kwok && (name == "keda" || name == "emulator"):
		for _, c := range l.installed {
			if i, ok := c.(Interruptible); ok && (name == "keda") == (c.Name() == "KEDA") {
				return i, nil
			}
		}
	}
	return nil, fmt.Errorf("the %s %w (cluster %s)", name, ErrNotInterruptible, l.Cluster())
}

// AwaitReady waits until a program that was resumed works.
func (l *Lab) AwaitReady(ctx context.Context, i Interruptible) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, readyTimeout, true, func(ctx context.Context) (bool, error) {
		last = i.Ready(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w; last: %w", err, last)
	}
	return nil
}
