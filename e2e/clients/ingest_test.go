//go:build clients

package clients

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// ingest is what the rows of TestIngestFailureModes share: an emulator in which each has workspaces of its own, and the
// lab's collector with the lab's configuration.
type ingest struct {
	*stand
	root string // the repository's
	// limited has an emulator with a small quota of samples a second: quotas are not a workspace's.
	limited *stand

	mu sync.Mutex
	// losses is what some row has seen refused.
	losses []loss
}

// TestIngestFailureModes has the OpenTelemetry collector go wrong in the ways that users of AMP report, and says of each
// what they see and what becomes of their samples.
func TestIngestFailureModes(t *testing.T) {
	i := newIngest(t)
	t.Run("collector", func(t *testing.T) {
		t.Run("I01 two collectors, one target", i.testTwoCollectors)
		t.Run("I02 overlapping target lists", i.testTargetLists)
		t.Run("I03 out-of-order window", i.testWindow)
		t.Run("I04 one bad sample", i.testBadSample)
		t.Run("I05 body over 1 MB", i.testLargeBody)
		t.Run("I06 ingestion rate", i.testRate)
		t.Run("I07 503 for 5 s", i.testUnavailable)
		t.Run("I08 target goes away", i.testStaleness)
		t.Run("I09 dollar sign in a relabel rule", i.testDollar)
		t.Run("I10 names of metrics", i.testNames)
		t.Run("I11 nine fresh counters", i.testFreshCounters)
		t.Run("I12 exemplars and native histograms", i.testKinds)
	})
	t.Run("I13 refusals are counted", i.testRefusalsCounted)
}

// newIngest builds the programs and starts the emulator.
func newIngest(t *testing.T) *ingest {
	t.Helper()
	cacheDir, err := build.DefaultCache()
	require.NoError(t, err)
	root, err := build.Root(t.Context())
	require.NoError(t, err)
	i := &ingest{root: root, stand: &stand{logs: filepath.Join(root, "e2e", "artifacts", "ingest"), processes: process.NewGroup()}}
	if dir := os.Getenv("E2E_ARTIFACTS"); dir != "" {
		i.logs = filepath.Join(dir, "ingest")
	}
	require.NoError(t, os.RemoveAll(i.logs), "logs of the last run")
	t.Cleanup(i.processes.Close)

	list := slices.DeleteFunc(components.DefaultRelease().KWOK(), func(c components.Component) bool {
		return c.Version != components.CollectorVersion && c.Name != components.Ours().Name
	})
	require.Len(t, list, 2, "the collector and ours")
	i.programs, err = (&build.Builder{Root: root, Cache: cacheDir, Logf: logf}).Build(t.Context(), list)
	require.NoError(t, err)
	limited := *i.stand
	limited.startEmulator(t, "limited", fmt.Sprintf("--quota=ingestion-rate=%d", smallRate), fmt.Sprintf("--quota=ingestion-burst=%d", smallBurst))
	i.limited = &limited
	i.startEmulator(t, "ampersand", "--quota=control-plane-tps=unlimited")
	return i
}

// inOrder makes a workspace that takes samples in their order only, as all did until 2026-06 [D].
func (i *ingest) inOrder(t *testing.T, alias string) string {
	t.Helper()
	workspace := i.workspace(t, alias)
	id := filepath.Base(workspace)
	client := amp.New(amp.Options{
		Region: region, BaseEndpoint: &i.url, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
	_, err := client.UpdateWorkspaceConfiguration(t.Context(), &amp.UpdateWorkspaceConfigurationInput{
		WorkspaceId: aws.String(id), OutOfOrderTimeWindowInSeconds: aws.Int32(0),
	})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		got, err := client.DescribeWorkspaceConfiguration(t.Context(), &amp.DescribeWorkspaceConfigurationInput{WorkspaceId: aws.String(id)})
		return err == nil && got.WorkspaceConfiguration.Status.StatusCode == "ACTIVE"
	}, patience, 50*time.Millisecond)
	return workspace
}
