package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"
)

// collected are the objects that explain a failure.
func collected() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"},
		{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "batch", Version: "v1", Resource: "jobs"},
		{Version: "v1", Resource: "pods"},
		{Version: "v1", Resource: "nodes"},
		{Version: "v1", Resource: "services"},
		{Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "events"},
	}
}

// CollectArtifacts writes into dir what helps to find out why something failed: objects of all namespaces as YAML with
// their conditions, on kind the logs of all pods and of the node, and the last requests to the emulator with their verdicts.
// The logs of processes are below the artifacts' folder anyway.
func (l *Lab) CollectArtifacts(ctx context.Context, dir string) error {
	if l.REST == nil {
		return nil // there is no cluster yet
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the artifacts' folder: %w", err)
	}
	errs := []error{l.collectObjects(ctx, dir)}
	if l.options.Cluster != ClusterKWOK {
		errs = append(errs, l.collectPodLogs(ctx, filepath.Join(dir, "pods")))
	}
	if l.cluster != nil {
		errs = append(errs, l.cluster.ExportLogs(ctx, filepath.Join(dir, "node")))
	}
	if l.AMP != nil && l.AMP.Inspectable() {
		errs = append(errs, l.collectRequests(ctx, filepath.Join(dir, "requests.json")))
	}
	return errors.Join(errs...)
}

func (l *Lab) collectObjects(ctx context.Context, dir string) error {
	client, err := dynamic.NewForConfig(l.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	mine, err := l.mine(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, resource := range collected() {
		list, err := client.Resource(resource).List(ctx, metav1.ListOptions{})
		if err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", resource.Resource, err))
			continue
		}
		list.Items = slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool { return !mine(o.GetNamespace()) })
		text, err := yaml.Marshal(list.UnstructuredContent())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, resource.Resource+".yaml"), text, 0o644)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (l *Lab) collectRequests(ctx context.Context, path string) error {
	requests, err := l.AMP.Requests(ctx)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(requests, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the emulator's requests: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}

// maxLog bounds what is kept of the last lines of a container's log, in bytes.
const maxLog = 4 << 20

// collectPodLogs writes a file for each container, and one for the run before its last restart.
func (l *Lab) collectPodLogs(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the logs' folder: %w", err)
	}
	client, err := kubernetes.NewForConfig(l.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	mine, err := l.mine(ctx)
	if err != nil {
		return err
	}
	pods, err := client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	var errs []error
	for _, pod := range pods.Items {
		if !mine(pod.Namespace) {
			continue
		}
		for _, container := range pod.Status.ContainerStatuses {
			name := strings.Join([]string{pod.Namespace, pod.Name, container.Name}, "_")
			if container.State.Waiting == nil || container.RestartCount > 0 {
				errs = append(errs, podLog(ctx, client, &pod, container.Name, false, filepath.Join(dir, name+".log")))
			}
			if container.RestartCount > 0 {
				errs = append(errs, podLog(ctx, client, &pod, container.Name, true, filepath.Join(dir, name+".previous.log")))
			}
		}
	}
	return errors.Join(errs...)
}

func podLog(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod, container string, previous bool, path string) error {
	lines := int64(20000)
	stream, err := client.CoreV1().Pods(pod.Namespace).
		GetLogs(pod.Name, &corev1.PodLogOptions{Container: container, Previous: previous, TailLines: &lines}).Stream(ctx)
	if apierrors.IsNotFound(err) {
		return nil // it has gone since it was listed
	}
	if err != nil {
		return fmt.Errorf("read the log of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	defer func() { _ = stream.Close() }()
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("keep the log of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if _, err := io.Copy(f, io.LimitReader(stream, maxLog)); err != nil {
		_ = f.Close()
		return fmt.Errorf("keep the log of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return f.Close()
}
