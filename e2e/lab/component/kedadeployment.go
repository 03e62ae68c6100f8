package component

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// KEDADeployment installs KEDA into a cluster with containers: operator, metrics server and admission webhooks, rendered
// from KEDA's own module.
type KEDADeployment struct {
	REST *rest.Config
	// Module is the folder of KEDA's module; Overlay the folder of our kustomize component for it.
	Module, Overlay string
	// Roles is the folder of the component that gives the operator an IAM role, and Webhook what does so to its pods; empty
	// and nil without.
	Roles   string
	Webhook *manifest.Webhook
	// RoleARNs are the ARNs of the roles that take the place of those in the manifests, by their names there; nil leaves them.
	RoleARNs map[string]string
	// Labels are given to all that is deployed.
	Labels map[string]string
	// Existing has the KEDA used that is there: nothing is installed.
	Existing bool
	// Images are the images of the run by the names that the manifests use.
	Images map[string]string
	// Dial opens a connection to a port of a pod.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	client kubernetes.Interface
	http   *http.Client
}

// Name implements lab.Component.
func (k *KEDADeployment) Name() string { return "KEDA" }

// Install implements lab.Component.
func (k *KEDADeployment) Install(ctx context.Context) error {
	var err error
	if k.client, err = kubernetes.NewForConfig(k.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	k.http = inside(k.client, k.Dial, "keda", "keda-operator", 8080)
	if k.Existing {
		return nil
	}
	objects, err := manifest.Render(filepath.Join(k.Module, "config", "default"),
		manifest.Options{Components: kedaComponents(k.Overlay, k.Roles), Images: k.Images, Labels: k.Labels})
	if err != nil {
		return err
	}
	if k.RoleARNs != nil {
		if err := manifest.SetRoles(objects, k.RoleARNs); err != nil {
			return err
		}
	}
	if k.Webhook != nil {
		if err := k.Webhook.Admit(ctx, objects); err != nil {
			return err
		}
	}
	applier, err := manifest.NewApplier(k.REST)
	if err != nil {
		return err
	}
	return applier.Apply(ctx, objects)
}

// Ready implements lab.Component: all three programs are ready, and the API server reaches the metrics server, which is the
// last thing to come.
func (k *KEDADeployment) Ready(ctx context.Context) error {
	names := []string{"keda-operator", "keda-metrics-apiserver", "keda-admission"}
	if k.Existing {
		names = names[:1] // Helm's chart has other names for the others
	}
	if err := deploymentsReady(ctx, k.client, "keda", names...); err != nil {
		return err
	}
	return externalMetrics(ctx, k.client)
}

// Remove implements lab.Component: the cluster's end is the end of what was deployed on it.
func (k *KEDADeployment) Remove(context.Context) error {
	if k.http != nil {
		k.http.CloseIdleConnections()
	}
	return nil
}

// KEDA reads the operator's metrics.
func (k *KEDADeployment) KEDA() *KEDA {
	return &KEDA{Metrics: func(ctx context.Context) ([]byte, error) {
		return httpGet(ctx, k.http, "http://keda-operator.keda:8080/metrics")
	}}
}
