// Package e2e holds the suites that prove the autoscaling chain: ho11y, collector, remote write, AMP, signed queries, KEDA,
// HPA, replicas. Run them with `go test ./e2e`; the environment variables that choose what runs where are in CONTRIBUTING.md.
package e2e
