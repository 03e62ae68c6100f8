package query

import (
	"net/http"
	"strconv"
)

// metadataEntry is one entry of /metadata. [D] amp-api.md 1.8
type metadataEntry struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

// serveMetadata answers /metadata from what senders wrote: Prometheus' handler
// asks scrape targets, which AMP has none of. Its parameters are metric, limit
// and limit_per_metric. [D] UG:AMP-APIReference-GetMetricMetadata. Its errors have
// no type. [C] querier/metadata_handler.go
func (ws *workspace) serveMetadata(w http.ResponseWriter, r *http.Request) {
	if err := ws.db.Err(); err != nil {
		writeError(w, http.StatusServiceUnavailable, typeUnavailable, err.Error())
		return
	}
	limit, err := intParam(r, "limit")
	if err != nil {
		writeError(w, http.StatusBadRequest, "", "limit must be a number")
		return
	}
	perMetric, err := intParam(r, "limit_per_metric")
	if err != nil {
		writeError(w, http.StatusBadRequest, "", "limit_per_metric must be a number")
		return
	}
	found := ws.db.Metadata(r.FormValue("metric"), limit, perMetric)
	data := make(map[string][]metadataEntry, len(found))
	for metric, entries := range found {
		for _, e := range entries {
			data[metric] = append(data[metric], metadataEntry(e))
		}
	}
	writeJSON(w, http.StatusOK, struct {
		Status string                     `json:"status"`
		Data   map[string][]metadataEntry `json:"data"`
	}{"success", data})
}

// intParam returns a number, or -1 if it is not given.
func intParam(r *http.Request, name string) (int, error) {
	s := r.FormValue(name)
	if s == "" {
		return -1, nil
	}
	return strconv.Atoi(s)
}
