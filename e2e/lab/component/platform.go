package component

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
)

// Platform deploys what the recipe installs once: the collector and the signing proxy.
type Platform struct {
	REST *rest.Config
	// Manifests is the folder of the kustomization.
	Manifests string
	// Webhook gives the pods the IAM roles that the manifests name; nil for manifests with keys.
	Webhook *manifest.Webhook
	// Roles are the ARNs of the roles that take the place of those in the manifests, by their names there; nil leaves them.
	Roles map[string]string
	// Labels are given to all that is deployed.
	Labels map[string]string
	// AMP is where the collector writes and the proxy sends to.
	AMP *AMP
	// Images are the images of the run by the names that the manifests use.
	Images map[string]string
	// Services tells whether the cluster has a service network and DNS. Without, pods' addresses are the only way.
	Services bool
	// ScrapeInterval and BatchTimeout are the collector's periods.
	ScrapeInterval, BatchTimeout time.Duration

	client kubernetes.Interface
}

// maxScrapeTimeout is the recipe's scrape timeout. It may not be longer than the interval.
const maxScrapeTimeout = 10 * time.Second

// Name implements lab.Component.
func (p *Platform) Name() string { return "collector and signing proxy" }

// Install implements lab.Component.
func (p *Platform) Install(ctx context.Context) error {
	var err error
	if p.client, err = kubernetes.NewForConfig(p.REST); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	objects, err := p.objects(ctx)
	if err != nil {
		return err
	}
	return p.apply(ctx, objects)
}

// InstallAccounts deploys the namespaces and service accounts alone. Install does so too; until then nothing works with them.
func (p *Platform) InstallAccounts(ctx context.Context) error {
	objects, err := p.render()
	if err != nil {
		return err
	}
	return p.apply(ctx, slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() != "Namespace" && o.GetKind() != "ServiceAccount"
	}))
}

func (p *Platform) apply(ctx context.Context, objects []*unstructured.Unstructured) error {
	applier, err := manifest.NewApplier(p.REST)
	if err != nil {
		return err
	}
	return applier.Apply(ctx, objects)
}

// objects are what is deployed, ready for the cluster.
func (p *Platform) objects(ctx context.Context) ([]*unstructured.Unstructured, error) {
	objects, err := p.render()
	if err != nil || p.Webhook == nil {
		return objects, err
	}
	webhook := *p.Webhook
	webhook.Annotations = annotations(p.client)
	return objects, webhook.Admit(ctx, objects)
}

// render renders the kustomization with the settings of the run, and with either keys or roles.
func (p *Platform) render() ([]*unstructured.Unstructured, error) {
	scheme, _, _ := strings.Cut(p.AMP.URL(), "://")
	options := manifest.Options{
		Images: p.Images, Labels: p.Labels,
		ConfigMaps: map[string]map[string]string{
			"adot-settings": {
				"AWS_REGION":           p.AMP.Region,
				"AMP_REMOTE_WRITE_URL": p.AMP.RemoteWriteURL(),
				"SCRAPE_INTERVAL":      p.ScrapeInterval.String(),
				"SCRAPE_TIMEOUT":       min(p.ScrapeInterval, maxScrapeTimeout).String(),
				"BATCH_TIMEOUT":        p.BatchTimeout.String(),
				metadataDisabled:       "true",
			},
			"sigv4proxy-settings": {"AWS_REGION": p.AMP.Region, "AMP_HOST": p.AMP.Host(), "AMP_SCHEME": scheme, metadataDisabled: "true"},
		},
		Namespaces: map[string]string{"adot-settings": "ho11y", "adot-aws": "ho11y", "sigv4proxy-settings": "keda", "sigv4proxy-aws": "keda"},
	}
	if p.AMP.Keys != (Keys{}) && p.Webhook == nil {
		credentials := p.AMP.Keys.Map()
		options.Secrets = map[string]map[string]string{"adot-aws": credentials, "sigv4proxy-aws": credentials}
	}
	objects, err := manifest.Render(p.Manifests, options)
	if err != nil || p.Roles == nil {
		return objects, err
	}
	return objects, manifest.SetRoles(objects, p.Roles)
}

// annotations reads the annotations of a service account of the cluster.
func annotations(client kubernetes.Interface) func(ctx context.Context, namespace, name string) (map[string]string, error) {
	return func(ctx context.Context, namespace, name string) (map[string]string, error) {
		account, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("look at service account %s/%s: %w", namespace, name, err)
		}
		return account.Annotations, nil
	}
}

// Ready implements lab.Component.
func (p *Platform) Ready(ctx context.Context) error {
	return errors.Join(DeploymentReady(ctx, p.client, "ho11y", "adot"), DeploymentReady(ctx, p.client, "keda", "keda-sigv4"))
}

// Remove implements lab.Component: the cluster's end is the end of what was deployed on it.
func (p *Platform) Remove(context.Context) error { return nil }

// ProxyAddress is the host and port at which KEDA reaches the signing proxy: its Service, as the recipe has it, or its pod.
func (p *Platform) ProxyAddress(ctx context.Context) (string, error) {
	if p.Services {
		return "keda-sigv4.keda.svc.cluster.local", nil
	}
	return p.podAddress(ctx, "keda", "keda-sigv4", "8080")
}

// CollectorAddress is the host and port at which the application reaches the collector with its traces.
func (p *Platform) CollectorAddress(ctx context.Context) (string, error) {
	if p.Services {
		return "adot.ho11y:4317", nil
	}
	return p.podAddress(ctx, "ho11y", "adot", "4317")
}

func (p *Platform) podAddress(ctx context.Context, namespace, app, port string) (string, error) {
	pod, err := readyPod(ctx, p.client, namespace, app)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(pod.Status.PodIP, port), nil
}

// readyPod returns a ready pod with the label app.
func readyPod(ctx context.Context, client kubernetes.Interface, namespace, app string) (*corev1.Pod, error) {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return nil, fmt.Errorf("find the pod of %s: %w", app, err)
	}
	for i := range pods.Items {
		if PodReady(&pods.Items[i]) {
			return &pods.Items[i], nil
		}
	}
	return nil, fmt.Errorf("find the pod of %s: none is ready", app)
}

// DeploymentReady returns nil when all replicas of the newest version of a Deployment are ready.
func DeploymentReady(ctx context.Context, client kubernetes.Interface, namespace, name string) error {
	d, err := client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("look at deployment %s/%s: %w", namespace, name, err)
	}
	if want := wanted(d); d.Status.ObservedGeneration < d.Generation || d.Status.UpdatedReplicas != want || d.Status.ReadyReplicas != want {
		return fmt.Errorf("deployment %s/%s has %d of %d replicas ready", namespace, name, d.Status.ReadyReplicas, want)
	}
	return nil
}

func wanted(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}

// PodReady tells whether a pod is ready and not being deleted.
func PodReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Status.PodIP == "" {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
