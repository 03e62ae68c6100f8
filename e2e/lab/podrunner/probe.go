package podrunner

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probeEvery is how often an answer is tried for until the first success. A kubelet is bound to whole seconds; on a
// KWOK node that would be most of a pod's start.
const probeEvery = 20 * time.Millisecond

// awaitReady returns true when the container's readiness probe succeeds, at once when it has none, and false when ctx
// ends first.
func awaitReady(ctx context.Context, podIP string, container *corev1.Container) bool {
	probe := container.ReadinessProbe
	var succeeds func() bool
	switch {
	case probe != nil && probe.HTTPGet != nil:
		url := "http://" + probeAddress(podIP, container, probe.HTTPGet.Port) + "/" + strings.TrimPrefix(probe.HTTPGet.Path, "/")
		client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		succeeds = func() bool { return probeOnce(ctx, client, url) }
	case probe != nil && probe.TCPSocket != nil:
		address := probeAddress(podIP, container, probe.TCPSocket.Port)
		succeeds = func() bool { return listens(ctx, address) }
	default:
		return ctx.Err() == nil
	}
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for {
		if succeeds() {
			return true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}

// probeAddress is the host and port that a probe asks: a port is given by its number or by its name.
func probeAddress(podIP string, container *corev1.Container, port intstr.IntOrString) string {
	number := port.IntValue()
	for _, p := range container.Ports {
		if p.Name != "" && p.Name == port.StrVal {
			number = int(p.ContainerPort)
		}
	}
	return net.JoinHostPort(podIP, strconv.Itoa(number))
}

func listens(ctx context.Context, address string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
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
