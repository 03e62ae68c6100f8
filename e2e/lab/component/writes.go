package component

import (
	"bytes"
	"context"
	"fmt"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Writes counts the remote writes that an emulator has answered since it started, of all workspaces.
type Writes struct{ Accepted, Refused int }

// Writes reads what the emulator counts.
func (a *AMP) Writes(ctx context.Context) (Writes, error) {
	page, err := a.get(ctx, "/metrics")
	if err != nil {
		return Writes{}, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(only(page, "ampersand_requests_total")))
	if err != nil {
		return Writes{}, fmt.Errorf("read the emulator's metrics: %w", err)
	}
	var w Writes
	for _, metric := range families["ampersand_requests_total"].GetMetric() {
		labels := make(map[string]string)
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if labels["route"] != "remote_write" {
			continue
		}
		if n := int(metric.GetCounter().GetValue()); labels["status"] < "300" {
			w.Accepted += n
		} else {
			w.Refused += n
		}
	}
	return w, nil
}
