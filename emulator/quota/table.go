package quota

// ID names a quota. Its values are the constants below.
type ID int

// The quotas. Facts and marks are those of amp-api.md section 3.
const (
	Workspaces ID = iota
	ActiveSeries
	SeriesPerMetric
	NativeHistogramSeries
	IngestionRate
	IngestionBurst
	NativeHistogramRate
	RemoteWriteTPS
	QueryTPS
	MetadataTPS
	OtherTPS
	ControlPlaneTPS
	RequestSize
	DecodedSize
	LabelsPerSeries
	LabelsSize
	LabelNameLength
	LabelValueLength
	NativeHistogramBuckets
	NativeHistogramSize
	MetadataLength
	MetadataPerMetric
	MetadataMetrics
	HAClusters
	SampleAge
	SampleFuture
	QuerySamples
	QuerySeries
	QueryChunks
	QueryBytesInstant
	QueryBytesRange
	QueryRange
	QueryDuration
	RetentionMax
	LabelSetLimits
	Rules
	RuleNamespaceSize
	RuleIntervalMin
	AlertManagerSize
	Alerts
	AlertPayload
	AggregationGroups
	InhibitionRules
	RoutingNodes
	Templates
	Silences
	count // of quotas
)

// Unit is what a quota's value counts.
type Unit string

// The units. A value is always a whole number of them.
const (
	UnitCount     Unit = ""
	UnitPerSecond Unit = "/s"
	UnitBytes     Unit = "B"
	UnitMillis    Unit = "ms"
)

// Unlimited is the value of a quota that limits nothing.
const Unlimited = -1

// Definition describes a quota.
type Definition struct {
	// Name is what flags, files and the API call it.
	Name string
	// Code is its code in Service Quotas, empty if it has none or it is not
	// known.
	Code string
	// Unit is what Default counts.
	Unit Unit
	// Default is AMP's value, or Unlimited.
	Default int64
	// Description says what is limited, in a few words.
	Description string
}

const (
	kib = 1 << 10
	mib = 1 << 20

	second = 1000 // milliseconds
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// definitions returns the table, in the order of the IDs.
func definitions() [count]Definition {
	return [count]Definition{
		Workspaces: {"workspaces", "", UnitCount, 25, "workspaces of the account"}, // [O 2026-07]
		// Twice the recent usage is not modelled: it takes weeks to matter.
		ActiveSeries:          {"active-series", "L-5A151448", UnitCount, 50_000_000, "active series"},                               // [D, O 2026-07]
		SeriesPerMetric:       {"series-per-metric", "", UnitCount, Unlimited, "active series of one metric name"},                   // 2,000,000 in [D old], not in the list of 2026
		NativeHistogramSeries: {"native-histogram-series", "", UnitCount, Unlimited, "active series of native histograms"},           // [C]
		IngestionRate:         {"ingestion-rate", "L-F4BCE0BA", UnitPerSecond, 1_666_666, "samples and metadata written"},            // [O 2026-07]
		IngestionBurst:        {"ingestion-burst", "", UnitCount, 1_000_000, "samples and metadata written at once"},                 // [D old]
		NativeHistogramRate:   {"native-histogram-rate", "", UnitPerSecond, Unlimited, "native histogram samples written"},           // [C]
		RemoteWriteTPS:        {"remote-write-tps", "L-4340E931", UnitPerSecond, 3000, "RemoteWrite requests"},                       // [R]
		QueryTPS:              {"query-tps", "L-D5FD0534", UnitPerSecond, 300, "QueryMetrics requests"},                              // [R]
		MetadataTPS:           {"metadata-tps", "L-F6DD1217", UnitPerSecond, 10, "GetSeries, GetLabels, GetMetricMetadata requests"}, // [R]
		OtherTPS:              {"other-tps", "L-AA9AE19E", UnitPerSecond, 100, "other data-plane requests"},                          // [R]
		ControlPlaneTPS:       {"control-plane-tps", "L-8491EB93", UnitPerSecond, 10, "control-plane requests of the account"},       // [O old]
		RequestSize:           {"request-size", "L-B71C1602", UnitBytes, 1 * mib, "a request body as sent"},                          // [O otel#20289]
		DecodedSize:           {"decoded-size", "", UnitBytes, 100 * mib, "a remote write request after decompression"},              // [C distributor.max-recv-msg-size]

		LabelsPerSeries:        {"labels-per-series", "L-CDA4AB0F", UnitCount, 150, "labels of a series, __name__ included"},            // [R]
		LabelsSize:             {"labels-size", "L-8E142053", UnitBytes, 7 * kib, "all names and values of a series"},                   // [R]
		LabelNameLength:        {"label-name-length", "", UnitBytes, 1024, "a label name"},                                              // [C]
		LabelValueLength:       {"label-value-length", "", UnitBytes, 2048, "a label value"},                                            // [C]
		NativeHistogramBuckets: {"native-histogram-buckets", "", UnitCount, Unlimited, "buckets of a native histogram sample"},          // [C]
		NativeHistogramSize:    {"native-histogram-size", "", UnitBytes, Unlimited, "a native histogram sample as sent"},                // [C]
		MetadataLength:         {"metadata-length", "L-ECC75BFE", UnitBytes, 1 * kib, "a metric name, HELP or UNIT of metadata"},        // [O roadmap#17]
		MetadataPerMetric:      {"metadata-per-metric", "L-469A77CF", UnitCount, 10, "different metadata of a metric; more is dropped"}, // [R]
		MetadataMetrics:        {"metadata-metrics", "L-40DA9328", UnitCount, 20_000, "metrics with metadata; more is dropped"},         // [D]
		HAClusters:             {"ha-clusters", "L-110BFC6B", UnitCount, 500, "clusters whose replicas are deduplicated"},               // [D old]
		SampleAge:              {"sample-age", "", UnitMillis, 1 * hour, "age of a sample"},                                             // [D]
		SampleFuture:           {"sample-future", "", UnitMillis, 10 * minute, "how far a sample may be ahead of the clock"},            // [C validation.create-grace-period]

		QuerySamples:      {"query-samples", "L-D01F3F3F", UnitCount, 50_000_000, "samples a query holds"},                               // [O]
		QuerySeries:       {"query-series", "L-4D4AB00D", UnitCount, 12_000_000, "series a query reads"},                                 // [R]
		QueryChunks:       {"query-chunks", "", UnitCount, Unlimited, "chunks a query reads"},                                            // 20,000,000 in [D old], gone in 2026
		QueryBytesInstant: {"query-bytes-instant", "L-140BEF25", UnitBytes, 5 << 30, "data an instant query reads"},                      // [D old]
		QueryBytesRange:   {"query-bytes-range", "L-44FE2FA3", UnitBytes, 5 << 30, "data a range query reads for each 24 hours"},         // [D old]
		QueryRange:        {"query-range", "L-2551415B", UnitMillis, 32 * day, "time range of a query"},                                  // [O]; 95 days [R]
		QueryDuration:     {"query-duration", "", UnitMillis, 1 * minute, "evaluation of a query"},                                       // [D]
		RetentionMax:      {"retention-max", "", UnitMillis, 1095 * day, "retention that a workspace can be given"},                      // [D]
		LabelSetLimits:    {"label-set-limits", "L-2C2449DB", UnitCount, 100, "label sets with a limit of series"},                       // [R]
		Rules:             {"rules", "L-3D15CDB4", UnitCount, 2000, "recording and alerting rules"},                                      // [O 2026-07]
		RuleNamespaceSize: {"rule-namespace-size", "L-C62641E3", UnitBytes, 1 * mib, "definition of a rule groups namespace"},            // [O old]
		RuleIntervalMin:   {"rule-interval-min", "L-8DEDEE8E", UnitMillis, 10 * second, "evaluation interval of a rule group, at least"}, // [R] 10 s or 30 s
		AlertManagerSize:  {"alert-manager-size", "L-3316EF76", UnitBytes, 1 * mib, "alert manager definition"},                          // [O old]
		Alerts:            {"alerts", "", UnitCount, 1000, "active alerts in the alert manager"},                                         // [D/O]
		AlertPayload:      {"alert-payload", "", UnitBytes, 20 * mib, "size of all active alerts"},                                       // [D/O]
		AggregationGroups: {"aggregation-groups", "", UnitCount, 1000, "aggregation groups of the alert manager"},                        // [D/O]
		InhibitionRules:   {"inhibition-rules", "", UnitCount, 100, "inhibition rules of an alert manager definition"},                   // [D/O]
		RoutingNodes:      {"routing-nodes", "", UnitCount, 100, "nodes of the routing tree of an alert manager definition"},             // [D/O]
		Templates:         {"templates", "", UnitCount, 100, "templates of an alert manager definition"},                                 // [D/O]
		Silences:          {"silences", "", UnitCount, 1000, "silences, expired ones included"},                                          // [D/O]
	}
}
