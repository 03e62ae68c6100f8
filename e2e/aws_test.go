package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/timeline"
)

// signingOnAWS are the variants that work without keys: the proxy with a role, and KEDA's operator with one.
func signingOnAWS(chosen string) ([]lab.Signing, error) {
	switch chosen {
	case "both", "all":
		return []lab.Signing{lab.SigningProxy, lab.SigningIRSA}, nil
	case string(lab.SigningNative):
		return nil, fmt.Errorf("E2E_SIGNING=%s needs keys in the cluster, and on AWS there are roles", chosen)
	default:
		return []lab.Signing{lab.Signing(chosen)}, nil
	}
}

// profilePreset is the profile when none is chosen. Scrapes twice a second and windows of seconds are for an AMP on the same machine.
func profilePreset(aws bool) string {
	if aws {
		return "real"
	}
	return "fast"
}

// onExisting reads what an existing cluster needs to be told.
func (o *options) onExisting() error {
	yes, err := choice("E2E_YES", "0", "0", "1")
	if err != nil {
		return err
	}
	if o.keep {
		return fmt.Errorf("E2E_KEEP=1 is for clusters that the lab makes: what is left on AWS costs money")
	}
	// A controller with a period of its own, where somebody runs it himself.
	if period := os.Getenv("E2E_HPA_SYNC"); period != "" {
		d, err := time.ParseDuration(period)
		if err != nil || d <= 0 {
			return fmt.Errorf("E2E_HPA_SYNC=%q is no period, such as 15s", period)
		}
		o.periods.HPASync = timeline.Duration(d)
	}
	registry := strings.TrimSuffix(os.Getenv("E2E_REGISTRY"), "/")
	cleaning := os.Getenv("E2E_CLEANUP") == "1"
	if registry == "" && !cleaning {
		return fmt.Errorf("E2E_REGISTRY is not set: the cluster has to pull our images from somewhere (docs/aws.md says how they get there)")
	}
	// The features that play to an end, twice over for those that wait for a metric to sink.
	total := 10 * time.Minute
	for _, phase := range o.periods.Load {
		total += time.Duration(len(o.signing)) * phase.For.D()
	}
	o.lab.Existing = lab.Existing{Context: os.Getenv("E2E_CONTEXT"), Registry: registry, Confirmed: yes == "1", Duration: total}
	return nil
}

// allowance is how far a measured reaction time may lie above its predicted bound: the machine's slack, and more for a cluster that
// others use and an AMP across a network.
func (o *options) allowance() time.Duration {
	if o.lab.Cluster == lab.ClusterExisting {
		return 10 * time.Second
	}
	return slack
}

// withoutEmulator tells whether there is no emulator, whose own API a test needs, and says so.
func withoutEmulator(t *testing.T) bool {
	t.Helper()
	if the.options.aws {
		logf("%s is left out: it needs the emulator's API, and AMP is AWS's", t.Name())
	}
	return the.options.aws
}

// cleanup removes what killed runs have left on AWS and on the cluster. It is E2E_CLEANUP=1 in the place of tests.
func cleanup(ctx context.Context, o options) int {
	if o.lab.Cluster != lab.ClusterExisting {
		fmt.Fprintln(os.Stderr, "e2e: E2E_CLEANUP=1 is for E2E_CLUSTER=existing: the lab's own clusters are removed by the next lab")
		return 2
	}
	removed, err := lab.Cleanup(ctx, o.lab.Existing)
	for _, what := range removed {
		fmt.Println("removed", what)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: clean up: %v\n", err)
		return 1
	}
	fmt.Printf("%d things of earlier runs removed\n", len(removed))
	return 0
}
