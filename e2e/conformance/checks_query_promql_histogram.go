package conformance

const (
	loadClassic = `
took_bucket{job="a",le="0.1"} 0+5x20
took_bucket{job="a",le="0.5"} 0+9x20
took_bucket{job="a",le="1"} 0+12x20
took_bucket{job="a",le="+Inf"} 0+15x20
took_bucket{job="b",le="0.1"} 0+1x20
took_bucket{job="b",le="0.5"} 0+20x20
took_bucket{job="b",le="1"} 0+20x20
took_bucket{job="b",le="+Inf"} 0+20x20
`
	// loadNative are exponential histograms with buckets below and above zero.
	loadNative = `
size{job="a"} {{schema:1 count:12 sum:18.5 z_bucket:2 z_bucket_w:0.001 buckets:[1 4 3 2]}}+{{schema:1 count:6 sum:9 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 1 1]}}x20
size{job="b"} {{schema:1 count:9 sum:-4 z_bucket:1 z_bucket_w:0.001 buckets:[2 2] n_buckets:[1 3]}}+{{schema:1 count:3 sum:1 buckets:[1 1] n_buckets:[1]}}x20
`
)

func histogramScripts() []script {
	return []script{
		{id: "histogram.classic-quantile", about: "histogram_quantile interpolates within a bucket of a classic histogram", source: "functions#histogram_quantile", load: loadClassic,
			queries: []string{"histogram_quantile(0.5, took_bucket)", "histogram_quantile(0.25, rate(took_bucket[1m]))", "histogram_quantile(0, took_bucket)"}},
		{id: "histogram.classic-highest", about: "a quantile in the highest bucket is the bound below it", source: "functions#histogram_quantile", load: loadClassic,
			queries: []string{"histogram_quantile(0.99, rate(took_bucket[1m]))", `histogram_quantile(1, took_bucket{job="a"})`}},
		{id: "histogram.classic-aggregated", about: "buckets are added up by le before a quantile is taken", source: "functions#histogram_quantile", load: loadClassic,
			queries: []string{"histogram_quantile(0.9, sum by (le) (rate(took_bucket[2m])))", "histogram_quantile(0.9, sum by (job, le) (rate(took_bucket[2m])))"}},
		{id: "histogram.classic-outside", about: "quantiles below 0 and above 1 are infinite", source: "functions#histogram_quantile", load: loadClassic,
			queries: []string{"histogram_quantile(-1, took_bucket)", "histogram_quantile(2, took_bucket)"}},
		{id: "histogram.classic-incomplete", about: "buckets without +Inf have the quantile NaN", source: "functions#histogram_quantile", load: loadClassic,
			queries: []string{`histogram_quantile(0.5, took_bucket{le!="+Inf"})`}},
		{id: "histogram.classic-fraction", level: May, about: "histogram_fraction takes classic histograms, as in newer Prometheus", source: "functions#histogram_fraction", load: loadClassic,
			queries: []string{"histogram_fraction(0, 0.5, took_bucket)"}},
		{id: "histogram.native-selector", about: "a native histogram is answered with its buckets", source: "api#native-histograms", load: loadNative,
			queries: []string{"size", `size{job="b"} offset 1m`}},
		{id: "histogram.native-count-sum", about: "histogram_count, histogram_sum and histogram_avg of native histograms", source: "functions#histogram_count-and-histogram_sum", load: loadNative,
			queries: []string{"histogram_count(size)", "histogram_sum(size)", "histogram_avg(size)", "histogram_count(rate(size[1m]))"}},
		{id: "histogram.native-rate", about: "rate and increase of native histograms are histograms", source: "functions#rate", load: loadNative,
			queries: []string{"rate(size[1m])", "increase(size[2m])"}},
		{id: "histogram.native-sum", about: "native histograms are added up and averaged", source: "operators#aggregation-operators", load: loadNative,
			queries: []string{"sum(size)", "avg(size)", "sum(rate(size[1m]))", "sum_over_time(size[1m])"}},
		{id: "histogram.native-arithmetic", about: "native histograms are added, and multiplied and divided by numbers", source: "operators#arithmetic-binary-operators", load: loadNative,
			queries: []string{`size * 2`, `size / 4`, `size + size`}},
		// Where in a bucket a quantile lies has changed with Prometheus 3.
		{id: "histogram.native-quantile", level: Should, about: "histogram_quantile interpolates exponentially within a native bucket", source: "functions#histogram_quantile", load: loadNative,
			queries: []string{"histogram_quantile(0.5, size)", "histogram_quantile(0.9, sum(rate(size[1m])))"}},
		{id: "histogram.native-fraction", level: Should, about: "histogram_fraction is the part of observations between two bounds", source: "functions#histogram_fraction", load: loadNative,
			queries: []string{"histogram_fraction(0, 1, size)", "histogram_fraction(-Inf, +Inf, size)"}},
		{id: "histogram.native-spread", level: Should, about: "histogram_stddev and histogram_stdvar are estimated from native buckets", source: "functions#histogram_stddev-and-histogram_stdvar", load: loadNative,
			queries: []string{"histogram_stddev(size)", "histogram_stdvar(size)"}},
		{id: "histogram.native-ignored", about: "functions of floats leave native histograms out", source: "functions", load: loadNative + "size{job=\"float\"} 4+1x20\n",
			queries: []string{"abs(size)", "max(size)", `histogram_count(size)`, "count(size)"}, empty: []string{`sqrt(size{job="a"})`, `histogram_sum(size{job="float"})`}},
	}
}
