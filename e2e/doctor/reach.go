package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/check"
	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
)

// errNoPod says that a Service leads nowhere.
var errNoPod = errors.New("no ready pod serves")

// way is how a server is reached.
type way struct {
	client  *http.Client
	address string
	how     string
	close   func()
}

// signer signs what KEDA would sign, and everything when a region is given.
func (e *examiner) signer(t check.Trigger) *check.Signer {
	u, err := url.Parse(t.ServerAddress)
	aps := err == nil && strings.HasPrefix(u.Hostname(), "aps-workspaces.")
	if e.Credentials == nil || e.Region == "" && t.Region == "" && !aps {
		return nil
	}
	region := e.Region
	if region == "" {
		region = t.Region
	}
	if region == "" {
		region = strings.Split(u.Hostname(), ".")[1] // after the prefix above
	}
	return &check.Signer{Credentials: e.Credentials, Region: region}
}

// reach finds the way to a server. A Service of the cluster is reached through the API server: by its HTTP proxy, or, when the
// request is signed, by port-forward to a pod, since the proxy wants the Authorization header for itself. All others are asked
// directly.
func (e *examiner) reach(ctx context.Context, t check.Trigger, signed bool) (way, error) {
	u, err := url.Parse(t.ServerAddress)
	if err != nil || u.Host == "" {
		return way{}, fmt.Errorf("%q is no URL", t.ServerAddress)
	}
	direct := way{client: e.HTTP, address: t.ServerAddress, how: "asked directly", close: func() {}}
	name, namespace, is := serviceOf(u)
	if !is {
		return direct, nil
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	service, err := e.core.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err != nil && !strings.Contains(u.Hostname(), ".svc"):
		return direct, nil // a name of two parts may be anybody's
	case signed && err != nil:
		return way{}, fmt.Errorf("find the Service %s/%s: %w", namespace, name, err)
	case signed:
		return e.forward(ctx, t, service, port)
	}
	base, _, err := rest.DefaultServerUrlFor(e.REST)
	if err != nil {
		return way{}, fmt.Errorf("reach the API server: %w", err)
	}
	transport, err := rest.TransportFor(e.REST)
	if err != nil {
		return way{}, fmt.Errorf("reach the API server: %w", err)
	}
	path := fmt.Sprintf("/api/v1/namespaces/%s/services/%s:%s:%s/proxy", namespace, u.Scheme, name, port)
	return way{
		client:  &http.Client{Transport: transport, CheckRedirect: e.HTTP.CheckRedirect},
		address: strings.TrimSuffix(base.String(), "/") + path + u.EscapedPath(),
		how:     "through the API server's proxy", close: func() {},
	}, nil
}

// forward reaches a ready pod behind a Service. The request stays as KEDA makes it, host included, and so does its signature.
func (e *examiner) forward(ctx context.Context, t check.Trigger, service *corev1.Service, port string) (way, error) {
	pods, err := e.core.CoreV1().Pods(service.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String()})
	if err != nil {
		return way{}, fmt.Errorf("find the pods of the Service %s: %w", service.Name, err)
	}
	for _, p := range pods.Items {
		number := targetPort(service, &p, port)
		if is, _ := podReady(&p); !is || number == 0 {
			continue
		}
		dialer, err := forward.New(e.REST)
		if err != nil {
			return way{}, err
		}
		pod := forward.Address(p.Namespace, p.Name, number)
		transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, pod)
		}}
		return way{
			client:  &http.Client{Transport: transport, CheckRedirect: e.HTTP.CheckRedirect},
			address: t.ServerAddress, how: "forwarded to pod " + p.Name,
			close: func() {
				transport.CloseIdleConnections()
				dialer.Close()
			},
		}, nil
	}
	return way{}, fmt.Errorf("%w port %s of the Service %s/%s", errNoPod, port, service.Namespace, service.Name)
}

// targetPort is the port of a pod behind a port of a Service, or 0.
func targetPort(service *corev1.Service, pod *corev1.Pod, port string) int {
	for _, sp := range service.Spec.Ports {
		if strconv.Itoa(int(sp.Port)) != port {
			continue
		}
		if sp.TargetPort.StrVal == "" {
			if n := sp.TargetPort.IntValue(); n != 0 {
				return n
			}
			return int(sp.Port)
		}
		for _, c := range pod.Spec.Containers {
			for _, cp := range c.Ports {
				if cp.Name == sp.TargetPort.StrVal {
					return int(cp.ContainerPort)
				}
			}
		}
	}
	return 0
}

// serviceOf takes the name of a Service apart: SERVICE.NAMESPACE, with or without svc and the cluster's domain.
func serviceOf(u *url.URL) (service, namespace string, is bool) {
	host := u.Hostname()
	if net.ParseIP(host) != nil {
		return "", "", false
	}
	parts := strings.Split(host, ".")
	if len(parts) == 2 || len(parts) > 2 && parts[2] == "svc" {
		return parts[0], parts[1], true
	}
	return "", "", false
}
