package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Log returns what the pods of an app have logged so far: where a user looks for a reason. KEDA's operator is meant by
// keda-operator on every cluster.
func (l *Lab) Log(ctx context.Context, namespace, app string) (string, error) {
	logs := filepath.Join(l.options.Artifacts, "logs")
	if l.options.Cluster == ClusterKWOK && app == "keda-operator" {
		return readLog(filepath.Join(logs, "keda-operator.log"))
	}
	client, err := kubernetes.NewForConfig(l.REST)
	if err != nil {
		return "", fmt.Errorf("make a client: %w", err)
	}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return "", fmt.Errorf("find the pods of %s: %w", app, err)
	}
	var all strings.Builder
	for _, pod := range pods.Items {
		var text string
		if l.options.Cluster == ClusterKWOK {
			text, err = readLog(filepath.Join(logs, "pods", pod.Namespace+"_"+pod.Name+".log"))
		} else {
			text, err = streamLog(ctx, client, &pod)
		}
		if err != nil {
			return "", err
		}
		all.WriteString(text)
	}
	return all.String(), nil
}

func readLog(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read a log: %w", err)
	}
	return string(text), nil
}

func streamLog(ctx context.Context, client kubernetes.Interface, pod *corev1.Pod) (string, error) {
	stream, err := client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{}).Stream(ctx)
	if err != nil {
		return "", fmt.Errorf("read the log of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	defer func() { _ = stream.Close() }()
	text, err := io.ReadAll(io.LimitReader(stream, maxLog))
	if err != nil {
		return "", fmt.Errorf("read the log of %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return string(text), nil
}

// Restarts counts how often containers of the lab's own pods were started again. What recovers by itself recovers without that.
// A process beside the cluster is never started again.
func (l *Lab) Restarts(ctx context.Context) (int, error) {
	client, err := kubernetes.NewForConfig(l.REST)
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	restarts := 0
	for _, namespace := range []string{"ho11y", "keda", "ampersand"} {
		pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, fmt.Errorf("look at the pods of %s: %w", namespace, err)
		}
		for _, pod := range pods.Items {
			for _, status := range pod.Status.ContainerStatuses {
				restarts += int(status.RestartCount)
			}
		}
	}
	return restarts, nil
}
