package proof

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator"
)

const (
	idleWorkspaces = 100
	idleLimit      = 5 << 20 // bytes each may cost
)

// TestIdleWorkspacesAreSmall has 100 workspaces, each with one series written
// and read, and asks what they cost once nobody uses them.
func TestIdleWorkspacesAreSmall(t *testing.T) {
	each := costOfIdle(t)
	t.Logf("%d idle workspaces: %.2f MiB each", idleWorkspaces, float64(each)/(1<<20))
	require.Less(t, each, int64(idleLimit), "bytes of a workspace that is idle")
}

func costOfIdle(t testing.TB) int64 {
	t.Helper()
	r := start(t, emulator.Config{Quotas: map[string]string{"workspaces": "unlimited"}})
	data := oneSample(1, time.Now().UnixMilli())
	first := r.workspace(t) // what all workspaces share is not theirs
	require.NoError(t, first.write(t.Context(), data))
	require.NoError(t, first.verifyContent(t.Context(), data))
	before := memory()
	for range idleWorkspaces {
		ws := r.workspace(t)
		require.NoError(t, ws.write(t.Context(), data))
		require.NoError(t, ws.verifyContent(t.Context(), data))
	}
	r.http.CloseIdleConnections()
	each := (memory() - before) / idleWorkspaces
	runtime.KeepAlive(r)
	return each
}

// memory is what the heap and the stacks hold once the garbage is gone. Twice,
// because pools give up what they hold with the second collection.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// oneSample makes series of pods with a sample each.
func oneSample(count int, at int64) []series {
	out := make([]series, count)
	for i := range out {
		out[i] = series{
			labels: labels.FromStrings(
				"__name__", "http_requests_total", "code", "200", "job", "app",
				"namespace", "x", "pod", fmt.Sprintf("app-%08d", i)),
			samples: []sample{{at: at, float: float64(i)}},
		}
	}
	return out
}
