package ingest_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/ingest"
	"github.com/ampersand-amp/ampersand/emulator/quota"
)

// TestEmptyMessages refuses bodies that are small on the wire, and even when they
// are unpacked, but gigabytes as Go values.
func TestEmptyMessages(t *testing.T) {
	const limit = 1 << 20
	empty := func(tag byte) []byte { return bytes.Repeat([]byte{tag, 0}, limit/4) }
	tests := map[string][]byte{
		"series":          empty(0x0a),
		"metadata":        empty(0x1a),
		"labels":          message(0x0a, empty(0x0a)),
		"samples":         message(0x0a, empty(0x12)),
		"exemplars":       message(0x0a, empty(0x1a)),
		"exemplar labels": message(0x0a, message(0x1a, empty(0x0a))),
		"histograms":      message(0x0a, empty(0x22)),
		"histogram spans": message(0x0a, message(0x22, empty(0x42))),
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			require.Less(t, len(body), limit)
			w := newRig(t, time.Minute, limits{quota.DecodedSize: limit}).post(snappy.Encode(nil, body), nil)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Regexp(t, `^received message larger than max \([0-9]{7,} vs 1048576\)\n$`, w.Body.String())
		})
	}
}

// message is a protobuf field, its tag given, with a message in it.
func message(tag byte, content []byte) []byte {
	return append(binary.AppendUvarint([]byte{tag}, uint64(len(content))), content...)
}

func TestBadBodies(t *testing.T) {
	bomb := append([]byte{0xff, 0xff, 0xff, 0x1f}, make([]byte, 8)...) // claims 64 MiB
	tests := map[string]struct {
		body []byte
		text string
	}{
		"empty":            {nil, "snappy: corrupt input"},
		"not snappy":       {[]byte("hello, this is text"), "snappy: corrupt input"},
		"cut off":          {encode(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{metric("m", 1, 1)}})[:9], "snappy: corrupt input"},
		"bomb":             {bomb, "snappy: corrupt input"},
		"protobuf, group":  {snappy.Encode(nil, []byte{0x0c}), "proto: WriteRequest: wiretype end group for non-group"},
		"protobuf, cut":    {snappy.Encode(nil, []byte{0x0a, 0x7f}), "unexpected EOF"},
		"larger decoded":   {snappy.Encode(nil, make([]byte, 1<<20+1)), "received message larger than max (1048577 vs 1048576)"},
		"larger by header": {[]byte{0xff, 0xff, 0xff, 0xff, 0x0f}, "received message larger than max (4294967295 vs 1048576)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := limits{}
			if strings.HasPrefix(name, "larger") {
				l[quota.DecodedSize] = 1 << 20
			}
			r := newRig(t, time.Minute, l)
			w := r.post(tt.body, nil)
			requireText(t, w.Code, w.Header(), w.Body.String(), tt.text)
		})
	}
}

func TestMediaTypes(t *testing.T) {
	const v2 = "io.prometheus.write.v2.Request protobuf message is not accepted by this server; only accepts prometheus.WriteRequest"
	tests := map[string]struct {
		contentType, encoding string
		status                int
		text                  string
	}{
		"as Prometheus":  {"application/x-protobuf", "snappy", 200, ""},
		"with message":   {"application/x-protobuf;proto=prometheus.WriteRequest", "snappy", 200, ""},
		"nothing said":   {"", "", 200, ""},
		"version 2":      {"application/x-protobuf;proto=io.prometheus.write.v2.Request", "snappy", 415, v2},
		"v2 and gzip":    {"application/x-protobuf;proto=io.prometheus.write.v2.Request", "gzip", 415, "gzip encoding (compression) is not accepted by this server; only snappy is acceptable"},
		"gzip":           {"application/x-protobuf", "gzip", 415, "gzip encoding (compression) is not accepted by this server; only snappy is acceptable"},
		"JSON":           {"application/json", "snappy", 415, "expected application/x-protobuf as the first (media) part, got application/json content-type"},
		"unknown proto":  {"application/x-protobuf;proto=other", "", 415, "got application/x-protobuf;proto=other content type; unknown type for remote write protobuf message other, supported: prometheus.WriteRequest, io.prometheus.write.v2.Request"},
		"media type, ws": {" application/x-protobuf ", "snappy", 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, time.Minute, nil)
			r.handler = ingest.New(ingest.Config{Now: func() time.Time { return r.now }})
			h := http.Header{}
			if tt.contentType != "" {
				h.Set("Content-Type", tt.contentType)
			}
			if tt.encoding != "" {
				h.Set("Content-Encoding", tt.encoding)
			}
			w := r.post(encode(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{metric("m", r.at(), 1)}}), h)
			require.Equal(t, tt.status, w.Code)
			require.Equal(t, tt.text, strings.TrimSuffix(w.Body.String(), "\n"))
		})
	}
}
