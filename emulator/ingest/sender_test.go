package ingest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// TestPrometheusSender writes with Prometheus' own client in both versions,
// and sees what it makes of the answers.
func TestPrometheusSender(t *testing.T) {
	for _, version := range []remoteapi.WriteMessageType{remoteapi.WriteV1MessageType, remoteapi.WriteV2MessageType} {
		t.Run(string(version), func(t *testing.T) {
			r := newRig(t, time.Minute, limits{quota.IngestionBurst: 3})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				r.handler.ServeWrite(w, req, ingest.Target{WorkspaceID: wsID, Tenant: tenant, DB: r.db})
			}))
			defer server.Close()
			client := writeClient(t, server.URL, version)
			v2 := version == remoteapi.WriteV2MessageType
			send := func(written int, series ...prompb.TimeSeries) error {
				stats, err := client.Store(context.Background(), encodeAs(t, version, &prompb.WriteRequest{Timeseries: series}), 0)
				require.Equal(t, v2, stats.Confirmed)
				if v2 {
					require.Equal(t, remote.WriteResponseStats{Samples: written, Confirmed: true}, stats)
				}
				return err
			}
			require.NoError(t, send(2, replica("c", "a", r.at(), 1), metric("n", r.at(), 2)))
			require.NoError(t, send(1, replica("c", "b", r.at(), 1)), "of another replica")
			err := send(1, metric("a-b", r.at(), 1), metric("o", r.at(), 2))
			require.EqualError(t, err, "server returned HTTP status 400 Bad Request: sample invalid metric name: \"a-b\"\n")
			require.NotErrorAs(t, err, new(remote.RecoverableError))
			err = send(0, metric("p", r.at(), 1, 2, 3, 4))
			require.ErrorContains(t, err, "429 Too Many Requests: ingestion rate limit (1.666666e+06) exceeded while adding 4 samples and 0 metadata")
			require.Equal(t, map[string]map[int64]float64{
				`{__name__="m", cluster="c"}`: {r.at(): 1}, `{__name__="n"}`: {r.at(): 2}, `{__name__="o"}`: {r.at(): 2},
			}, r.stored())
		})
	}
	t.Run("version 2.0 where it is off", func(t *testing.T) {
		r := newRig(t, time.Minute, nil)
		r.handler = ingest.New(ingest.Config{})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.handler.ServeWrite(w, req, ingest.Target{WorkspaceID: wsID, Tenant: tenant, DB: r.db})
		}))
		defer server.Close()
		version := remoteapi.WriteV2MessageType
		body := encodeAs(t, version, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{metric("m", r.at(), 1)}})
		_, err := writeClient(t, server.URL, version).Store(context.Background(), body, 0)
		require.ErrorContains(t, err, "415 Unsupported Media Type")
	})
}
