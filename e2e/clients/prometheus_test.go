//go:build clients

package clients

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// testPrometheus2 is the distribution's Prometheus 2, which sends remote write 1.0. Its build cannot sign
// [M 2.42.0+ds: the field sigv4 is unknown to it]: the proxy of the recipe signs for it.
func (s *stand) testPrometheus2(t *testing.T) {
	t.Parallel()
	workspace := s.workspace(t, "prometheus-2")
	proxy := s.startProxy(t, "sigv4proxy", s.url)
	p := s.startSender(t, "prometheus-2", filepath.Join(s.debian, "usr", "bin", "prometheus"), s.environment(t),
		[]string{"--enable-feature=native-histograms,exemplar-storage"}, fmt.Sprintf(`
remote_write:
  - url: %s/api/v1/remote_write
    send_exemplars: true
    send_native_histograms: true
    metadata_config: {send_interval: 1s}
    queue_config: {batch_send_deadline: 1s}
`, strings.Replace(workspace, s.url, proxy, 1)))
	one := signed(t, workspace)
	p.requireAllArrives(t, queries(), map[string]promv1.API{"remote write 1": one})
	p.requireMetadata(t, one)
}

// testPrometheus3 is the Prometheus that is built from its module: it signs by itself, and sends the same by both
// versions of the protocol to two workspaces.
func (s *stand) testPrometheus3(t *testing.T) {
	t.Parallel()
	first, second := s.workspace(t, "prometheus-3-v1"), s.workspace(t, "prometheus-3-v2")
	p := s.startSender(t, "prometheus-3", s.programs["prometheus"], nil,
		[]string{"--enable-feature=metadata-wal-records,exemplar-storage"}, nativeHistograms+"remote_write:"+
			remoteWrite(first, secretKey, `
    protobuf_message: prometheus.WriteRequest
    send_exemplars: true
    metadata_config: {send_interval: 1s}`)+
			// Exemplars would come in series without samples, for which Cortex refuses the whole request [M 3.14; C
			// pkg/util/push/push.go].
			remoteWrite(second, secretKey, `
    protobuf_message: io.prometheus.write.v2.Request
    send_exemplars: false
    metadata_config: {send: false}`))
	one, two := signed(t, first), signed(t, second)
	p.requireAllArrives(t, append(queries(), computed()...), map[string]promv1.API{"remote write 1": one, "remote write 2": two})
	p.requireMetadata(t, one)
	// With the second version metadata should come beside the samples, but this Prometheus does not keep it for that, for
	// all that the feature is on [M 3.14: nothing sets tsdb.Options.EnableMetadataWALRecords]. Once it does, compare it too.
	known, err := metadata(t, two)
	require.NoError(t, err)
	require.Empty(t, known)
}

// testWrongSecret shows what somebody reads in the log of a Prometheus whose secret is wrong: AMP's words.
func (s *stand) testWrongSecret(t *testing.T) {
	t.Parallel()
	workspace := s.workspace(t, "wrong-secret")
	p := s.startSender(t, "prometheus-3-wrong-secret", s.programs["prometheus"], nil, nil,
		"remote_write:"+remoteWrite(workspace, "wrong", ""))
	refused := regexp.MustCompile(`non-recoverable error.*server returned HTTP status 403 Forbidden: ` +
		`{\\+"message\\+":\\+"The request signature we calculated does not match the signature you provided\. ` +
		`Check your AWS Secret Access Key and signing method\.`)
	eventually(t, p.Process, func() error {
		if !refused.MatchString(p.logged(t)) {
			return errors.New("the log does not say why nothing arrives")
		}
		return nil
	})
	names, _, err := signed(t, workspace).LabelNames(t.Context(), nil, time.Now().Add(-patience), time.Now())
	require.NoError(t, err)
	require.Empty(t, names, "a refused request stores nothing")
}

// requireAllArrives compares what the sender stores itself with what each workspace has received.
func (p *sender) requireAllArrives(t *testing.T, list []query, workspaces map[string]promv1.API) {
	t.Helper()
	end := p.awaitWindow(t)
	for protocol, workspace := range workspaces {
		t.Run(protocol, func(t *testing.T) { p.requireSame(t, workspace, end, list) })
	}
	p.requireNothingLost(t)
}

// nativeHistograms has Prometheus 3 scrape them; version 2 has a flag for it.
const nativeHistograms = "global: {scrape_native_histograms: true, always_scrape_classic_histograms: true}\n"

// remoteWrite is an entry of the list remote_write, with further settings.
func remoteWrite(workspace, secret, settings string) string {
	return fmt.Sprintf(`
  - url: %s/api/v1/remote_write
    sigv4: {region: %s, access_key: %s, secret_key: %q}
    send_native_histograms: true
    queue_config: {batch_send_deadline: 1s}`, workspace, region, accessKey, secret) + settings
}

// startProxy starts the signing proxy before an emulator and returns its URL.
func (s *stand) startProxy(t *testing.T, name, upstream string) string {
	t.Helper()
	log := filepath.Join(s.logs, name+".log")
	p := s.start(t, process.Spec{
		Name: name, Path: s.programs["sigv4proxy"], LogPath: log,
		Args: []string{"--port=127.0.0.1:0", "--name=aps", "--region=" + region, "--upstream-url-scheme=http",
			"--host=" + strings.TrimPrefix(upstream, "http://"), "--log-failed-requests"},
		Env: []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_EC2_METADATA_DISABLED=true"},
	})
	return "http://" + awaitAddress(t, p, log, `msg="sigv4proxy listening" address=(\S+)`)
}
