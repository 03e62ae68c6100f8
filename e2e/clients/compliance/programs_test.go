package compliance

// program is a sender: what it is called with and configured by. The configuration's verbs are where to send to, as what
// message, the job's name, and its target.
type program struct {
	name, setting, config string
	args                  []string
}

// folder stands for the folder of a run in arguments.
const folder = "FOLDER"

// programs are the senders. The first is set as the suite sets its own Prometheus; the second has what Prometheus needs to
// send the start of a counter; the third is the lab's collector, which sends version 2 only behind a feature gate.
func programs() []program {
	prometheus := []string{"--config.file=" + folder + "/config.yaml", "--storage.tsdb.path=" + folder + "/data", "--web.listen-address=127.0.0.1:0"}
	return []program{
		{"prometheus", "COMPLIANCE_PROMETHEUS", prometheusConfig, prometheus},
		{"prometheus-start-timestamps", "COMPLIANCE_PROMETHEUS", prometheusConfig,
			append(prometheus[:3:3], "--enable-feature=st-storage,xor2-encoding")},
		{"collector", "COMPLIANCE_COLLECTOR", collectorConfig, []string{
			"--config=" + folder + "/config.yaml", "--feature-gates=exporter.prometheusremotewritexporter.enableSendingRW2"}},
	}
}

const (
	prometheusConfig = `
global: {scrape_interval: 1s}
remote_write:
- url: %s
  protobuf_message: %s
  send_exemplars: true
  queue_config: {retry_on_http_429: true}
  metadata_config: {send: true}
scrape_configs:
- job_name: %s
  scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0, PrometheusText0.0.4]
  static_configs: [{targets: ['%s']}]
`
	collectorConfig = `
exporters:
  prometheusremotewrite:
    endpoint: %s
    protobuf_message: %s
    max_batch_request_parallelism: 1 # the suite's receiver takes one request at a time
receivers:
  prometheus:
    config:
      global: {scrape_interval: 1s}
      scrape_configs:
      - job_name: %s
        scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0, PrometheusText0.0.4]
        static_configs: [{targets: ['%s']}]
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [prometheus], exporters: [prometheusremotewrite]}
`
)
