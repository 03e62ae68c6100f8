package lab

import (
	"net"
	"net/http"
	"strconv"

	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
)

// Cluster is the kind of cluster that the lab stands on.
func (l *Lab) Cluster() Cluster { return l.options.Cluster }

// LoadsPods tells whether load has to be sent to the pods themselves, because the cluster's Services lead nowhere.
func (l *Lab) LoadsPods() bool { return l.options.Cluster == ClusterKWOK }

// Pod returns a client and the base URL that reach a port of a pod from the suites.
func (l *Lab) Pod(namespace, name, ip string, port int) (*http.Client, string) {
	if l.forward == nil {
		// Pods of a KWOK node are processes of this machine.
		return http.DefaultClient, "http://" + net.JoinHostPort(ip, strconv.Itoa(port))
	}
	return l.forward.Client(), "http://" + forward.Address(namespace, name, port)
}
