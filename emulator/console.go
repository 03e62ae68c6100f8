package emulator

import (
	"net/http"

	"github.com/ampersand-amp/ampersand/emulator/awsapi"
	"github.com/ampersand-amp/ampersand/emulator/console"
)

// newConsole makes the pages of /_ampersand/, which see the emulator through what is
// handed to them here.
func (s *Server) newConsole() http.Handler {
	about := console.About{
		Version: s.cfg.Version, Region: s.cfg.Region, AccountID: s.cfg.AccountID, Started: s.cfg.Now(),
		URL: s.url, DataDir: s.cfg.DataDir, NoAuth: s.cfg.Auth == AuthOff, AccessKeyID: s.cfg.AccessKeyID,
	}
	if s.cfg.SecretAccessKey == DefaultSecretAccessKey {
		about.ExampleSecret = DefaultSecretAccessKey // everybody knows it; another one may be a real one
	}
	return console.New(console.Config{
		About: about, Workspaces: s.workspaces, Samples: samplesOf{s}, Requests: s.inspector, Faults: s.faults,
		Notifications: s.alerting, Quotas: s.quotas, Traffic: s.traffic, Now: s.cfg.Now, Logger: s.cfg.Logger,
	})
}

// samplesOf shows the console the samples of all workspaces.
type samplesOf struct{ s *Server }

// Series implements console.Samples. It opens nothing.
func (v samplesOf) Series(workspaceID string) (n uint64, ok bool) {
	return v.s.metrics.heads.series(workspaceID)
}

// ServeQuery implements console.Samples.
func (v samplesOf) ServeQuery(w http.ResponseWriter, r *http.Request, workspaceID string) {
	db, err := v.s.open(r.Context(), workspaceID)
	if err != nil {
		awsapi.WriteJSON(w, http.StatusNotFound, map[string]string{"error": err.Error()})
		return
	}
	v.s.query.Handler(db).ServeHTTP(w, r)
}

// noteTraffic counts a request to the data plane of a workspace that exists; a client
// may ask for any other, and leave nothing behind.
func (s *Server) noteTraffic(rt route, accepted bool) {
	if rt.workspaceID == "" || rt.kind == kindControl {
		return
	}
	if _, release, ok := s.workspaces.Hold(rt.workspaceID); ok {
		s.traffic.Request(rt.workspaceID, rateOf(rt), accepted)
		release()
	}
}
