package kind

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// setUpDNS gives the cluster's DNS server its settings. It is called before the node is ready, and so before the server's
// pods start.
func (c *Cluster) setUpDNS(ctx context.Context) error {
	if c.config.Built == nil && len(c.config.Aliases) == 0 {
		return nil
	}
	client, err := kubernetes.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	maps := client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
	settings, err := maps.Get(ctx, "coredns", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read the settings of the cluster's DNS: %w", err)
	}
	settings.Data = map[string]string{"Corefile": corefile(c.config.Built != nil, c.config.Aliases)}
	if _, err := maps.Update(ctx, settings, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("write the settings of the cluster's DNS: %w", err)
	}
	return nil
}

// corefile is the DNS server's configuration. A cluster that nothing may leave is told at once that foreign names do not
// exist: a question led on would not be answered, and lookups would take seconds. Foreign names have a block of their own,
// as the template would come before the cluster's names in the same one, in whatever order they are written.
func corefile(offline bool, aliases map[string]string) string {
	zones := "cluster.local:53 in-addr.arpa:53 ip6.arpa:53"
	var rewrites strings.Builder
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		zones += " " + alias + ":53"
		fmt.Fprintf(&rewrites, "    rewrite name exact %s %s answer auto\n", alias, aliases[alias])
	}
	foreign := "    forward . /etc/resolv.conf\n    loop\n"
	if offline {
		foreign = "    template ANY ANY {\n        rcode NXDOMAIN\n    }\n"
	}
	return zones + ` {
    errors
    health {
        lameduck 5s
    }
    ready
` + rewrites.String() + `    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        ttl 30
    }
    prometheus :9153
    cache 30
    reload
    loadbalance
}
.:53 {
    errors
` + foreign + `    cache 30
}
`
}
