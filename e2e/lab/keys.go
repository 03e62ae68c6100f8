package lab

import (
	"context"
	"fmt"

	"k8s.io/client-go/dynamic"

	"github.com/ampersand-amp/ampersand/e2e/lab/keysearch"
)

// FindKeys searches the cluster, and the lab's processes, for AWS access keys. The findings say where something is, not what
// it is. The lab's own requests are signed outside of both.
func (l *Lab) FindKeys(ctx context.Context) ([]string, error) {
	search := keysearch.Search{Known: []string{l.AMP.Keys.AccessKeyID, l.AMP.Keys.SecretAccessKey}}
	client, err := dynamic.NewForConfig(l.REST)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	findings, err := search.Cluster(ctx, client)
	if err != nil {
		return nil, err
	}
	for _, process := range l.processes.Running() {
		given, err := process.Given()
		if err != nil {
			return nil, err
		}
		for _, what := range search.Texts(given...) {
			findings = append(findings, fmt.Sprintf("process %s holds %s", process.Name(), what))
		}
	}
	return findings, nil
}
