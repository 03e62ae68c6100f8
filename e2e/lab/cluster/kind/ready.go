package kind

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// readyTimeout bounds the wait for the node, and that for what runs on it. A cold start on two busy cores takes 40 s.
const readyTimeout = 3 * time.Minute

// checkVersion compares what runs with what was asked for: a node image can be tagged wrongly.
func (c *Cluster) checkVersion(ctx context.Context) error {
	if c.config.Version == "" {
		return nil
	}
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	var version string
	return poll(ctx, "the API server to tell its version", func(context.Context) error {
		info, err := client.Discovery().ServerVersion()
		if err != nil {
			return err
		}
		if version = info.GitVersion; version != c.config.Version {
			return fatal{fmt.Errorf("the node image %s holds Kubernetes %s, not %s", c.config.Image, version, c.config.Version)}
		}
		return nil
	})
}

// waitNodes waits until all nodes are ready.
func waitNodes(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return poll(ctx, "the node to be ready", func(ctx context.Context) error {
		nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if len(nodes.Items) == 0 {
			return errors.New("there is no node")
		}
		for _, node := range nodes.Items {
			if err := nodeReady(&node); err != nil {
				return err
			}
		}
		return nil
	})
}

func nodeReady(node *corev1.Node) error {
	for _, condition := range node.Status.Conditions {
		if condition.Type != corev1.NodeReady {
			continue
		}
		if condition.Status == corev1.ConditionTrue {
			return nil
		}
		return fmt.Errorf("the node %s is not ready: %s: %s", node.Name, condition.Reason, condition.Message)
	}
	return fmt.Errorf("the node %s has not said yet whether it is ready", node.Name)
}

// waitAddons waits until DNS and service network work.
func waitAddons(ctx context.Context, config *rest.Config) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	apps := client.AppsV1()
	return poll(ctx, "DNS and service network", func(ctx context.Context) error {
		proxy, err := apps.DaemonSets(metav1.NamespaceSystem).Get(ctx, "kube-proxy", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if s := proxy.Status; s.DesiredNumberScheduled == 0 || s.NumberReady < s.DesiredNumberScheduled {
			return fmt.Errorf("%d of %d pods of kube-proxy are ready", s.NumberReady, s.DesiredNumberScheduled)
		}
		dns, err := apps.Deployments(metav1.NamespaceSystem).Get(ctx, "coredns", metav1.GetOptions{})
		if err != nil {
			return err
		}
		// One is enough to be answered.
		if dns.Status.ReadyReplicas == 0 {
			return errors.New("no pod of coredns is ready")
		}
		return nil
	})
}

// fatal marks an error after which waiting is of no use.
type fatal struct{ error }

// Unwrap returns the error itself.
func (f fatal) Unwrap() error { return f.error }

// poll waits until check succeeds.
func poll(ctx context.Context, what string, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, readyTimeout, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		var f fatal
		if errors.As(last, &f) {
			return false, f.error
		}
		return last == nil, nil
	})
	if wait.Interrupted(err) {
		err = fmt.Errorf("%w; last answer: %w", err, last)
	}
	if err != nil {
		return fmt.Errorf("wait for %s: %w", what, err)
	}
	return nil
}
