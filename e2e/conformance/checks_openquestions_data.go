package conformance

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// openDataQuestions are of writing and reading.
func openDataQuestions() []Check {
	return []Check{
		open("size.write", "4", "What a write of more than 1 MB is answered, compressed or only when unpacked.", func(t *T) {
			over := RemoteWriteRaw(nil)
			over.Body = make([]byte, 1<<20+1)
			t.Workspace().Do(over).Record("compressed")
			help := prompb.MetricMetadata{Type: prompb.MetricMetadata_GAUGE, MetricFamilyName: t.Metric("x"), Help: strings.Repeat("a", 2<<20)}
			t.Workspace().Do(RemoteWrite(&prompb.WriteRequest{Metadata: []prompb.MetricMetadata{help}})).Record("unpacked")
		}),
		open("size.query", "4", "What a form of more than 1 MB is answered.", func(t *T) {
			t.Workspace().Do(PostForm("/api/v1/query", url.Values{"query": {"vector(1) #" + strings.Repeat("a", 1<<20)}})).Record("form")
		}),
		open("write.version2", "5", "What a remote write 2.0 request is answered.", func(t *T) {
			a := t.Workspace().Do(write2(t, simple2(t.Metric("x"), t.Now()))).Record("answer")
			t.Record("samples-written", a.Header.Get("X-Prometheus-Remote-Write-Samples-Written"))
		}),
		open("write.encoding", "5", "What a write is answered that is compressed with zstd or gzip, or in snappy's framed form.", func(t *T) {
			for _, encoding := range []string{"zstd", "gzip", "identity"} {
				r := RemoteWriteSeries(Series(t.Metric("x"), nil, At(t.Now(), 1)))
				r.Header.Set("Content-Encoding", encoding)
				t.Workspace().Do(r).Record(encoding)
			}
			framed := RemoteWriteSeries(Series(t.Metric("x"), nil, At(t.Now(), 1)))
			raw, err := snappy.Decode(nil, framed.Body)
			if err != nil {
				t.Fatalf("unpack a request: %v", err)
			}
			var packed strings.Builder
			w := snappy.NewBufferedWriter(&packed)
			if _, err = w.Write(raw); err == nil {
				err = w.Close()
			}
			if err != nil {
				t.Fatalf("pack a request: %v", err)
			}
			framed.Body = []byte(packed.String())
			t.Workspace().Do(framed).Record("framed")
		}),
		open("write.exemplars", "5", "What a write with an exemplar is answered, and whether its sample is stored.", func(t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			s := Series(x, nil, At(now, 1))
			s.Exemplars = []prompb.Exemplar{{Labels: []prompb.Label{{Name: "trace_id", Value: "1"}}, Value: 1, Timestamp: now.UnixMilli()}}
			ws.Do(RemoteWriteSeries(s)).Record("with-sample")
			s.Samples = nil
			ws.Do(RemoteWriteSeries(s)).Record("without-sample")
			ws.ExpectQuery("count("+x+")", now, "{} 1")
		}),
		open("query.processed-samples", "8", "What the thresholds of samples processed come to when they are passed.", func(t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			ws.Write(Series(x, Labels{"a": "1"}, At(now, 1)), Series(x, Labels{"a": "2"}, At(now, 2)))
			ws.ExpectQuery("count("+x+")", now, "{} 2")
			for _, kind := range []string{"warning", "error"} {
				for _, n := range []string{"0", "1", "100"} {
					params := url.Values{"query": {"sum(" + x + ")"}, "time": {seconds(now)}, "max_samples_processed_" + kind + "_threshold": {n}}
					a := ws.Do(Get("/api/v1/query?" + params.Encode()))
					t.Record(kind+"."+n+".status", strconv.Itoa(a.Status))
					warnings, _ := a.JSON("warnings")
					t.Record(kind+"."+n+".warnings", text(warnings))
					failure, _ := a.JSON("error")
					t.Record(kind+"."+n+".error", text(failure))
				}
			}
		}),
		open("query.promql", "12", "Which functions of newer Prometheus versions are known, and whether ranges are open on the left.", func(t *T) {
			ws, now, x := t.Workspace(), t.Now(), t.Metric("x")
			ws.Write(Series(x, nil, At(now.Add(-10*time.Second), 1), At(now, 2)))
			for _, f := range [][2]string{
				{"2.25-at", "x @ end()"},
				{"2.26-last_over_time", "last_over_time(x[5m])"},
				{"2.29-negative-offset", "x offset -5m"},
				{"2.31-trigonometry", "sin(vector(1))"},
				{"2.37-atan2", "vector(1) atan2 vector(1)"},
				{"2.40-histogram_sum", "histogram_sum(x)"},
				{"2.51-histogram_avg", "histogram_avg(x)"},
				{"3.0-double_exponential_smoothing", "double_exponential_smoothing(x[5m], 0.5, 0.5)"},
				{"3.0-holt_winters-is-gone", "holt_winters(x[5m], 0.5, 0.5)"},
				{"3.0-info", "info(x)"},
				{"3.0-limitk", "limitk(1, x)"},
				{"3.0-utf8-names", `{"a b"}`},
				{"3.5-ts_of_max_over_time", "ts_of_max_over_time(x[5m])"},
				{"3.7-anchored", "rate(x[5m] anchored)"},
				{"3.7-first_over_time", "first_over_time(x[5m])"},
				{"3.x-duration-expression", "rate(x[5m+1m])"},
			} {
				a := ws.Do(QueryAt(f[1], now))
				failure, _ := a.JSON("error")
				t.Record(f[0], strconv.Itoa(a.Status)+" "+text(failure))
			}
			ws.ExpectQuery("count_over_time("+x+"[1m])", now, "{} 2")
			t.Record("3.0-range-open-on-the-left", Text(ws.Query("count_over_time("+x+"[10s])", now)))
		}),
		open("query.default-range", "15", "Whether series, labels and values of a sample of 50 minutes ago are found without start and end.", func(t *T) {
			ws, x, at := t.Workspace(), t.Metric("x"), t.Now().Add(-50*time.Minute)
			a := ws.Do(RemoteWriteSeries(Series(x, Labels{"only": t.Metric("value")}, At(at, 1))))
			t.Record("write", strconv.Itoa(a.Status))
			if a.Status != http.StatusOK {
				return
			}
			ws.ExpectQuery("count("+x+")", at, "{} 1")
			match := url.Values{"match[]": {x}}.Encode()
			for _, p := range [][3]string{
				{"series", "/api/v1/series?" + match, t.Metric("value")}, {"labels", "/api/v1/labels?" + match, `"only"`},
				{"values", "/api/v1/label/only/values", t.Metric("value")},
			} {
				a := ws.Do(Get(p[1])).RequireStatus(http.StatusOK)
				t.Record(p[0], "found: "+strconv.FormatBool(strings.Contains(a.Body, p[2])))
			}
		}),
		slow(open("alertmanager.group-infos", "9", "Under which path, if under any, there are infos about groups of alerts.", func(t *T) {
			ws := t.AlertManaged()
			for _, path := range []string{"/alertgroups/infos", "/alerts/groups/infos", "/alertgroupinfos", "/alerts/groupinfos", "/alertinfos"} {
				t.Record(path, strconv.Itoa(ws.Do(Get(amPath+path)).Status))
			}
		})),
	}
}
