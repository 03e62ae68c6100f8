package forward

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// suffix marks the names that a Dialer understands.
const suffix = ".pod"

// Address is what to dial for a port of a pod: "POD.NAMESPACE.pod:PORT". A namespace's name holds no dot, a pod's may.
func Address(namespace, pod string, port int) string {
	return net.JoinHostPort(pod+"."+namespace+suffix, strconv.Itoa(port))
}

// target is a pod.
type target struct{ namespace, name string }

func (t target) String() string { return t.namespace + "/" + t.name }

func parseAddress(address string) (target, int, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return target{}, 0, fmt.Errorf("dial a pod: %w", err)
	}
	names, found := strings.CutSuffix(host, suffix)
	dot := strings.LastIndex(names, ".")
	if !found || dot <= 0 || dot == len(names)-1 {
		return target{}, 0, fmt.Errorf("dial a pod: %q is not of the form POD.NAMESPACE%s:PORT", address, suffix)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return target{}, 0, fmt.Errorf("dial a pod: %q has no valid port number", address)
	}
	return target{namespace: names[dot+1:], name: names[:dot]}, int(port), nil
}

// podAddr implements net.Addr.
type podAddr string

// Network implements net.Addr.
func (podAddr) Network() string { return "pod" }

// String implements net.Addr.
func (a podAddr) String() string { return string(a) }
