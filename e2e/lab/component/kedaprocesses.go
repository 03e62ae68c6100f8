package component

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/e2e/lab/token"
)

// KEDAProcesses runs KEDA's operator and metrics server as processes beside a cluster without containers. Definitions,
// roles and the registration of the metrics API are rendered from KEDA's own module.
type KEDAProcesses struct {
	// Operator and Adapter are the paths of the programs.
	Operator, Adapter string
	// Module is the folder of KEDA's module; Overlay the folder of our kustomize component for it.
	Module, Overlay string
	// Roles is the folder of the component that gives the operator an IAM role, and Webhook what its pod would be given; empty
	// and nil without.
	Roles   string
	Webhook *manifest.Webhook
	// Certificates is a folder with ca.crt, tls.crt and tls.key for both programs.
	Certificates string
	// Dir is a folder for state, Logs the folder for log files.
	Dir, Logs string
	REST      *rest.Config
	// Kubeconfig writes a kubeconfig with a service account's token.
	Kubeconfig func(ctx context.Context, path, namespace, serviceAccount string) error
	Processes  *process.Group
	// Ports finds free ports. Five are needed: the operator's metrics, health and gRPC, the adapter's API and metrics.
	Ports  func(ctx context.Context, n int) ([]int, error)
	Logger *slog.Logger

	ports             []int
	kubeconfig        string
	environment       []string
	operator, adapter *process.Process
	client            kubernetes.Interface
	renewing          sync.WaitGroup
	stop              context.CancelFunc
}

// kedaComponents are what is laid over KEDA's own manifests; roles is empty where the operator has none.
func kedaComponents(overlay, roles string) []string {
	if roles == "" {
		return []string{overlay}
	}
	return []string{overlay, roles}
}

// Name implements lab.Component.
func (k *KEDAProcesses) Name() string { return "KEDA" }

// Install implements lab.Component.
func (k *KEDAProcesses) Install(ctx context.Context) error {
	var err error
	if k.ports, err = k.Ports(ctx, 5); err != nil {
		return err
	}
	if k.client, err = kubernetes.NewForConfig(k.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	objects, err := k.objects()
	if err != nil {
		return err
	}
	applier, err := manifest.NewApplier(k.REST)
	if err != nil {
		return err
	}
	if err := applier.Apply(ctx, objects); err != nil {
		return err
	}
	kubeconfig := filepath.Join(k.Dir, "keda-operator.kubeconfig")
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return fmt.Errorf("make KEDA's folder: %w", err)
	}
	if err := k.Kubeconfig(ctx, kubeconfig, "keda", "keda-operator"); err != nil {
		return err
	}
	identity, err := k.identity(ctx, objects)
	if err != nil {
		return err
	}
	k.kubeconfig, k.environment = kubeconfig, identity
	return k.start()
}

// identity returns the variables with which the operator finds its IAM role, and keeps the token fresh that proves who it is:
// what a pod would be given, for a process. There are none without a role.
func (k *KEDAProcesses) identity(ctx context.Context, objects []*unstructured.Unstructured) ([]string, error) {
	if k.Webhook == nil {
		return nil, nil
	}
	role, found := manifest.RoleOf(objects, "keda", "keda-operator")
	if !found || role == "" {
		return nil, errors.New("KEDA's manifests hold no service account keda-operator with a role")
	}
	path := filepath.Join(k.Dir, "aws-iam-token")
	file, err := token.Write(ctx, k.client, path, token.Request{
		Namespace: "keda", ServiceAccount: "keda-operator", Audience: manifest.TokenAudience, Seconds: manifest.TokenSeconds,
	}, k.Logger)
	if err != nil {
		return nil, err
	}
	ctx, k.stop = context.WithCancel(context.WithoutCancel(ctx))
	k.renewing.Go(func() { file.Renew(ctx) })
	var env []string
	for _, variable := range k.Webhook.Variables(role, path) {
		env = append(env, variable.Name+"="+variable.Value)
	}
	return env, nil
}

// objects renders KEDA's own kustomization with what a cluster without containers needs differently.
func (k *KEDAProcesses) objects() ([]*unstructured.Unstructured, error) {
	objects, err := manifest.Render(filepath.Join(k.Module, "config", "default"), manifest.Options{Components: kedaComponents(k.Overlay, k.Roles)})
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(filepath.Join(k.Certificates, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read KEDA's certificate authority: %w", err)
	}
	port := int64(k.ports[3])
	found := 0
	for _, object := range objects {
		switch {
		case object.GetKind() == "APIService":
			err = errors.Join(
				unstructured.SetNestedField(object.Object, port, "spec", "service", "port"),
				unstructured.SetNestedField(object.Object, base64.StdEncoding.EncodeToString(ca), "spec", "caBundle"))
		case object.GetKind() == "Service" && object.GetName() == "keda-metrics-apiserver":
			err = unstructured.SetNestedSlice(object.Object,
				[]any{map[string]any{"name": "https", "port": port, "protocol": "TCP"}}, "spec", "ports")
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("point %s at the metrics server: %w", object.GetName(), err)
		}
		found++
	}
	if found != 2 {
		return nil, fmt.Errorf("KEDA's manifests hold %d of the two objects that point at its metrics server", found)
	}
	return objects, nil
}

func (k *KEDAProcesses) start() error {
	env := processEnv("KUBECONFIG="+k.kubeconfig, "POD_NAMESPACE=keda", "KEDA_CLUSTER_OBJECT_NAMESPACE=keda", "WATCH_NAMESPACE=")
	local := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(k.ports[i])) }
	var err error
	k.operator, err = k.Processes.Start(process.Spec{
		Name: "KEDA operator", Path: k.Operator, Env: slices.Concat(env, k.environment), LogPath: filepath.Join(k.Logs, "keda-operator.log"),
		Args: []string{
			"--cert-dir=" + k.Certificates, "--enable-cert-rotation=false",
			"--metrics-bind-address=" + local(0), "--health-probe-bind-address=" + local(1), "--metrics-service-bind-address=" + local(2),
			"--zap-log-level=info", "--zap-encoder=console", "--zap-time-encoding=rfc3339",
			"--kube-api-qps=200", "--kube-api-burst=300",
		},
	})
	if err != nil {
		return err
	}
	k.adapter, err = k.Processes.Start(process.Spec{
		Name: "KEDA metrics server", Path: k.Adapter, Env: env, LogPath: filepath.Join(k.Logs, "keda-adapter.log"),
		Args: []string{
			fmt.Sprintf("--secure-port=%d", k.ports[3]), "--bind-address=127.0.0.1",
			"--cert-dir=" + k.Certificates,
			"--tls-cert-file=" + filepath.Join(k.Certificates, "tls.crt"),
			"--tls-private-key-file=" + filepath.Join(k.Certificates, "tls.key"),
			"--client-ca-file=" + filepath.Join(k.Certificates, "ca.crt"),
			"--authentication-kubeconfig=" + k.kubeconfig, "--authorization-kubeconfig=" + k.kubeconfig, "--lister-kubeconfig=" + k.kubeconfig,
			"--metrics-service-address=" + local(2),
			// KEDA binds this one to every address of the machine; there is no flag for that.
			fmt.Sprintf("--port=%d", k.ports[4]),
			"--zap-log-level=info", "--zap-encoder=console",
		},
	})
	return err
}

// Ready implements lab.Component: the operator is ready and the API server reaches the metrics server, which is the last
// thing to come.
func (k *KEDAProcesses) Ready(ctx context.Context) error {
	if err := errors.Join(alive(k.operator), alive(k.adapter)); err != nil {
		return err
	}
	if err := httpOK(ctx, http.DefaultClient, fmt.Sprintf("http://127.0.0.1:%d/readyz", k.ports[1])); err != nil {
		return err
	}
	return externalMetrics(ctx, k.client)
}

// Remove implements lab.Component.
func (k *KEDAProcesses) Remove(ctx context.Context) error {
	if k.stop != nil {
		k.stop()
	}
	k.renewing.Wait()
	return stopAll(ctx, k.operator, k.adapter)
}

// Interrupt implements lab.Interruptible: both programs are killed.
func (k *KEDAProcesses) Interrupt(ctx context.Context) error {
	return errors.Join(k.operator.Kill(ctx), k.adapter.Kill(ctx))
}

// Resume implements lab.Interruptible.
func (k *KEDAProcesses) Resume(context.Context) error { return k.start() }

// KEDA reads the operator's metrics.
func (k *KEDAProcesses) KEDA() *KEDA {
	return &KEDA{Metrics: func(ctx context.Context) ([]byte, error) {
		return httpGet(ctx, http.DefaultClient, fmt.Sprintf("http://127.0.0.1:%d/metrics", k.ports[0]))
	}}
}
