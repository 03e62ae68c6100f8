package component

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
)

// inside returns a client whose connections all end at a port of the ready pod of an app, whatever host a URL names. So a
// component is asked under the name that the cluster's own pods know it by.
func inside(client kubernetes.Interface, dial func(ctx context.Context, network, address string) (net.Conn, error), namespace, app string, port int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			pod, err := readyPod(ctx, client, namespace, app)
			if err != nil {
				return nil, err
			}
			return dial(ctx, network, forward.Address(namespace, pod.Name, port))
		},
		MaxIdleConnsPerHost: 8,
		// What is measured shares a machine with what measures it, and packing costs more than the bytes it saves.
		DisableCompression: true,
		IdleConnTimeout:    30 * time.Second,
	}}
}

// deploymentsReady returns nil when all of a namespace's named Deployments are ready.
func deploymentsReady(ctx context.Context, client kubernetes.Interface, namespace string, names ...string) error {
	for _, name := range names {
		if err := DeploymentReady(ctx, client, namespace, name); err != nil {
			return err
		}
	}
	return nil
}

// externalMetrics returns nil when the API server serves the external metrics API, through KEDA's metrics server.
func externalMetrics(ctx context.Context, client kubernetes.Interface) error {
	err := client.Discovery().RESTClient().Get().AbsPath("/apis/external.metrics.k8s.io/v1beta1").Do(ctx).Error()
	if err != nil {
		return fmt.Errorf("the external metrics API is not served yet: %w", err)
	}
	return nil
}
