package lab

import (
	"fmt"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/existing"
)

// What a run puts into AMP at most, for the plan. A pod of the sample application has some 60 series, the collector and the
// cluster's own annotated Services some hundred more; there are some 30 pods while two features scale at once.
const planSeries = 3000

// plan says what a run on a cluster of others will do, what it may cost and how long it takes. Prices are those of us-east-1 as
// recalled [R]; what AMP gives for nothing is from its price list [D].
func (l *Lab) plan(cluster *existing.Cluster, facts existing.Facts, aws *account.Account) string {
	samples := float64(planSeries) * l.options.Existing.Duration.Seconds() / l.options.Settings.ScrapeInterval.Seconds() / 1e6
	keda := "KEDA " + l.options.Release.KEDAVersion() + " in namespace keda"
	if facts.KEDA {
		keda = "nothing of KEDA's: the one in namespace keda is used as it is"
	}
	roles := "EKS's webhook gives pods their roles"
	if !facts.PodIdentity {
		roles = "no webhook of EKS's is there: the lab gives its pods their roles"
	}
	run := l.run()
	lines := []string{
		"this run works on things that others may use, and that cost money:",
		fmt.Sprintf("  cluster   context %s, %s, Kubernetes %s, %d nodes; %s", cluster.Context, cluster.Server, facts.Version, facts.Nodes, roles),
		fmt.Sprintf("  account   %s in %s, as %s%s", aws.ID, aws.Region, aws.Caller, where(aws.STS)),
		"  it makes in the account",
		fmt.Sprintf("    workspace %s%s of AMP", account.Prefix, run),
		fmt.Sprintf("    role %s%s-write for the service account ho11y/adot-collector, with AmazonPrometheusRemoteWriteAccess", account.Prefix, run),
		fmt.Sprintf("    role %s%s-query for keda/keda-operator and keda/keda-sigv4, with AmazonPrometheusQueryAccess", account.Prefix, run),
		fmt.Sprintf("    an OpenID Connect provider for %s, if there is none", facts.Issuer),
		"    all with the tag " + account.Tag + "=" + run,
		"  it deploys into the cluster",
		"    namespace ho11y with the collector, the signing proxy in namespace keda, and " + keda,
		"    a namespace for each feature, with some 15 pods at most",
		"    all with the label " + existing.Label + "=" + run,
		"  the collector scrapes Services of the whole cluster that are annotated with prometheus.io/scrape, as the recipe's does",
		fmt.Sprintf("  it takes some %s and writes some %.1f million samples at most: about %.2f USD at 0.90 USD for ten million [R];",
			l.options.Existing.Duration.Round(time.Minute), samples, samples*0.09),
		"  the first 40 million a month are free [D aws.amazon.com/prometheus/pricing]. The cluster's own price comes on top.",
		"  all of it is removed at the end, also after a failure and Ctrl-C; E2E_CLEANUP=1 removes what a killed run has left",
	}
	return strings.Join(lines, "\n")
}

// where says that an AWS of somebody else's is meant.
func where(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	return " (not AWS: " + endpoint + ")"
}
