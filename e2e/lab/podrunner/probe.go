package podrunner

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probeEvery is how often an answer is tried for until the first success. A kubelet is bound to whole seconds; on a
// KWOK node that would be most of a pod's start.
const probeEvery = 20 * time.Millisecond

// awaitReady returns true when the container's readiness probe succeeds, at once when it has none, and false when ctx
// ends first.
func awaitReady(ctx context.Context, podIP string, container *corev1.Container) bool {
	probe := container.ReadinessProbe
	if probe == nil || probe.HTTPGet == nil {
		return ctx.Err() == nil
	}
	port := probe.HTTPGet.Port.IntValue()
	for _, p := range container.Ports {
		if p.Name != "" && p.Name == probe.HTTPGet.Port.StrVal {
			port = int(p.ContainerPort)
		}
	}
	url := fmt.Sprintf("http://%s/%s", net.JoinHostPort(podIP, fmt.Sprint(port)), strings.TrimPrefix(probe.HTTPGet.Path, "/"))
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		if probeOnce(ctx, client, url) {
			return true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}

func probeOnce(ctx context.Context, client *http.Client, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode >= 200 && response.StatusCode < 400
}
