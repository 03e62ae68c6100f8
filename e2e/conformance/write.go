package conformance

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
)

// Labels are a series' labels besides its name.
type Labels map[string]string

// At is a sample.
func At(at time.Time, value float64) prompb.Sample {
	return prompb.Sample{Timestamp: at.UnixMilli(), Value: value}
}

// Series is a series as remote write 1.0 sends it, labels in their order.
func Series(metric string, labels Labels, samples ...prompb.Sample) prompb.TimeSeries {
	all := maps.Clone(labels)
	if all == nil {
		all = Labels{}
	}
	if metric != "" {
		all["__name__"] = metric
	}
	s := prompb.TimeSeries{Samples: samples}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s.Labels = append(s.Labels, prompb.Label{Name: name, Value: all[name]})
	}
	return s
}

// Write sends series by remote write 1.0; that they are not taken is fatal.
func (w *Workspace) Write(series ...prompb.TimeSeries) {
	w.Do(RemoteWrite(&prompb.WriteRequest{Timeseries: series})).RequireStatus(http.StatusOK)
}

// RemoteWrite is a remote write 1.0 request, for Workspace.Do.
func RemoteWrite(req *prompb.WriteRequest) Request {
	raw, err := req.Marshal()
	if err != nil {
		panic(err) // a bug of the check: it made something that is no message
	}
	return RemoteWriteRaw(raw)
}

// RemoteWriteSeries is RemoteWrite of series.
func RemoteWriteSeries(series ...prompb.TimeSeries) Request {
	return RemoteWrite(&prompb.WriteRequest{Timeseries: series})
}

// RemoteWriteRaw is a remote write 1.0 request of a protobuf message made by
// hand, which it compresses.
func RemoteWriteRaw(message []byte) Request {
	return Request{
		Method: http.MethodPost, Path: "/api/v1/remote_write", Body: snappy.Encode(nil, message),
		Header: http.Header{
			"Content-Type":                      {"application/x-protobuf"},
			"Content-Encoding":                  {"snappy"},
			"X-Prometheus-Remote-Write-Version": {"0.1.0"},
		},
	}
}
