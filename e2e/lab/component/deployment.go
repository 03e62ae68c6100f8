package component

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Deployments are Deployments of one namespace that can be taken away for a while.
type Deployments struct {
	Client    kubernetes.Interface
	Namespace string
	Names     []string
}

// Interrupt implements lab.Interruptible: no pod is left, however long it would like to go on.
func (d Deployments) Interrupt(ctx context.Context) error {
	if err := d.scale(ctx, 0); err != nil {
		return err
	}
	var errs []error
	for _, name := range d.Names {
		deployment, err := d.Client.AppsV1().Deployments(d.Namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("look at %s/%s: %w", d.Namespace, name, err)
		}
		at := int64(0)
		errs = append(errs, d.Client.CoreV1().Pods(d.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &at},
			metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(deployment.Spec.Selector)}))
	}
	return errors.Join(errs...)
}

// Resume implements lab.Interruptible.
func (d Deployments) Resume(ctx context.Context) error { return d.scale(ctx, 1) }

// Ready implements lab.Interruptible.
func (d Deployments) Ready(ctx context.Context) error {
	return deploymentsReady(ctx, d.Client, d.Namespace, d.Names...)
}

func (d Deployments) scale(ctx context.Context, replicas int) error {
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	for _, name := range d.Names {
		_, err := d.Client.AppsV1().Deployments(d.Namespace).Patch(ctx, name, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("scale %s/%s to %d: %w", d.Namespace, name, replicas, err)
		}
	}
	return nil
}
