//go:build clients

package clients

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// loss is something that an emulator's metrics must tell.
type loss struct {
	emulator, family string
	labels           map[string]string
}

// requireDiscarded says that the emulator has counted samples of a workspace as refused for a reason.
func (i *ingest) requireDiscarded(t *testing.T, workspace, reason string) {
	t.Helper()
	i.requireCounted(t, discarded(i.url, workspace, reason))
}

func discarded(emulator, workspace, reason string) loss {
	return loss{emulator, "ampersand_discarded_samples_total", map[string]string{"workspace": filepath.Base(workspace), "reason": reason}}
}

func (i *ingest) requireCounted(t *testing.T, r loss) {
	t.Helper()
	require.Positive(t, count(t, r.emulator+"/metrics", r.family, r.labels), "%v", r)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.losses = append(i.losses, r)
}

// testRefusalsCounted says that at the end the metrics tell of everything that the other rows have seen refused.
func (i *ingest) testRefusalsCounted(t *testing.T) {
	reasons := map[string]bool{}
	for _, l := range i.losses {
		require.Positive(t, count(t, l.emulator+"/metrics", l.family, l.labels), "%v", l)
		reasons[l.labels["reason"]+l.labels["effect"]] = true
	}
	require.Equal(t, map[string]bool{
		"sample-out-of-order": true, "deduped": true, "sample-too-old": true, "label_value_too_long": true, "rate_limited": true,
		"body-too-large": true, "status": true,
	}, reasons, "all rows have run")
}
