package emulator

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/fault"
	"github.com/ampersand-amp/ampersand/emulator/identity"
)

// BenchmarkNoFaults is what a request pays for the way past the fault rules while there
// are none: under 100 ns.
func BenchmarkNoFaults(b *testing.B) {
	s := &Server{faults: fault.NewSet(fault.Config{})}
	x := &exchange{
		r: httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/workspaces/ws-1/api/v1/remote_write", http.NoBody),
		w: &recorder{ResponseWriter: httptest.NewRecorder()},
	}
	served := 0
	b.ReportAllocs()
	for b.Loop() {
		s.passFaults(x, nil, identity.Principal{}, func() { served++ })
		_ = fault.Describe(x.faults)
	}
	require.Positive(b, served)
}
