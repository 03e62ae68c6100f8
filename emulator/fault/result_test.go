package fault_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// TestResults changes results of every type, as Prometheus writes them, plain and packed.
func TestResults(t *testing.T) {
	begin := time.Unix(1000, 0)
	document := func(data string) string { return `{"status":"success","data":{` + data + `},"warnings":["w"]}` }
	const (
		floats     = `"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1000,"5"]},{"metric":{},"value":[999.999,"NaN"]}],"stats":{"x":1}`
		histogram  = `"resultType":"vector","result":[{"metric":{"a":"1"},"histogram":[1000,{"count":"1"}]}]`
		matrix     = `"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[990,"1"],[1010,"2"]],"histograms":[[1000,{"count":"1"}]]},{"metric":{"a":"2"},"values":[[1010,"3"]]}]`
		scalar     = `"resultType":"scalar","result":[1000,"5"]`
		text       = `"resultType":"string","result":[1000,"x"]`
		none       = `"resultType":"vector","result":[]`
		noneMatrix = `"resultType":"matrix","result":[]`
	)
	for name, tt := range map[string]struct {
		rule     fault.Rule
		in, want string
	}{
		"empty vector":    {fault.Rule{Empty: true}, histogram, none},
		"empty, stats":    {fault.Rule{Empty: true}, floats, none + `,"stats":{"x":1}`},
		"empty matrix":    {fault.Rule{Empty: true}, matrix, noneMatrix},
		"empty scalar":    {fault.Rule{Empty: true}, scalar, none},
		"series":          {fault.Rule{Series: 2}, histogram, `"resultType":"vector","result":[{"metric":{"a":"1","fault_copy":"1"},"histogram":[1000,{"count":"1"}]},{"metric":{"a":"1","fault_copy":"2"},"histogram":[1000,{"count":"1"}]}]`},
		"series, scalar":  {fault.Rule{Series: 2}, scalar, scalar},
		"series of none":  {fault.Rule{Series: 2}, none, none},
		"value":           {fault.Rule{Value: "1e3"}, floats, `"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1000,"1000"]},{"metric":{},"value":[999.999,"1000"]}],"stats":{"x":1}`},
		"value, histo":    {fault.Rule{Value: "-Inf"}, histogram, `"resultType":"vector","result":[{"metric":{"a":"1"},"value":[1000,"-Inf"]}]`},
		"value, matrix":   {fault.Rule{Value: "NaN"}, matrix, `"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[990,"NaN"],[1000,"NaN"],[1010,"NaN"]]},{"metric":{"a":"2"},"values":[[1010,"NaN"]]}]`},
		"value, scalar":   {fault.Rule{Value: "0"}, scalar, `"resultType":"scalar","result":[1000,"0"]`},
		"value, text":     {fault.Rule{Value: "0"}, text, text},
		"stale":           {fault.Rule{Value: fault.Stale}, floats, `"resultType":"vector","result":[{"metric":{},"value":[999.999,"NaN"]}],"stats":{"x":1}`},
		"stale histogram": {fault.Rule{Value: fault.Stale}, histogram, none},
		"stale matrix":    {fault.Rule{Value: fault.Stale}, matrix, `"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[990,"1"]]}]`},
		"stale scalar":    {fault.Rule{Value: fault.Stale}, scalar, scalar},
	} {
		t.Run(name, func(t *testing.T) {
			tt.rule.Action = fault.Patterns{fault.QueryAction}
			set := fault.NewSet(fault.Config{Now: func() time.Time { return begin }})
			require.NoError(t, set.Replace([]fault.Rule{tt.rule}))
			inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, document(tt.in)) // the test reads what arrives
			})
			packing, err := gzhttp.NewWrapper(gzhttp.MinSize(0))
			require.NoError(t, err)
			for _, handler := range []http.Handler{inner, packing(inner)} {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					set.Serve(fault.Target{Action: fault.QueryAction}, fault.Exchange{
						Context: r.Context(), Writer: w, OnHit: func(fault.Hit) {},
						Serve: func(w http.ResponseWriter) { handler.ServeHTTP(w, r) },
					})
				}))
				defer server.Close()
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
				require.NoError(t, err)
				res, err := server.Client().Do(req)
				require.NoError(t, err)
				var got bytes.Buffer
				_, err = got.ReadFrom(res.Body)
				require.NoError(t, err)
				require.NoError(t, res.Body.Close())
				require.JSONEq(t, document(tt.want), got.String())
				require.Equal(t, "application/json", res.Header.Get("Content-Type"))
			}
		})
	}
}
