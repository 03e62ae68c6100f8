package component

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// KEDA reads what KEDA's operator says of itself. Reading it asks AMP nothing.
type KEDA struct {
	// Metrics fetches the page of the operator's metrics.
	Metrics func(ctx context.Context) ([]byte, error)

	// The page is large, and each feature asks for it several times a second.
	mu   sync.Mutex
	page []byte
	read time.Time
}

// pageAge is how old a page may be for another reader.
const pageAge = 100 * time.Millisecond

// metrics returns the page, read just now or by somebody else a moment ago.
func (k *KEDA) metrics(ctx context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.read) <= pageAge {
		return k.page, nil
	}
	began := time.Now()
	page, err := k.Metrics(ctx)
	if err == nil {
		k.page, k.read = page, began
	}
	return page, err
}

// Served returns the value that KEDA last served for a ScaledObject. The second result is false while KEDA has served
// none.
func (k *KEDA) Served(ctx context.Context, namespace, scaledObject string) (float64, bool, error) {
	return k.metric(ctx, "keda_scaler_metrics_value", namespace, scaledObject)
}

// Errors returns how often the ScaledObject's scaler failed.
func (k *KEDA) Errors(ctx context.Context, namespace, scaledObject string) (float64, error) {
	value, _, err := k.metric(ctx, "keda_scaler_detail_errors_total", namespace, scaledObject)
	return value, err
}

func (k *KEDA) metric(ctx context.Context, name, namespace, scaledObject string) (float64, bool, error) {
	body, err := k.metrics(ctx)
	if err != nil {
		return 0, false, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(only(body, name)))
	if err != nil {
		return 0, false, fmt.Errorf("parse the KEDA operator's metrics: %w", err)
	}
	for _, metric := range families[name].GetMetric() {
		labels := map[string]string{}
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if labels["namespace"] == namespace && labels["scaledObject"] == scaledObject {
			return sum(metric), true, nil
		}
	}
	return 0, false, nil
}

// only returns the lines of one metric: the page has thousands, and it is read several times a second.
func only(page []byte, name string) []byte {
	var lines []byte
	for line := range bytes.Lines(page) {
		if bytes.Contains(line, []byte(name)) {
			lines = append(lines, line...)
		}
	}
	return lines
}

func sum(metric *dto.Metric) float64 {
	return metric.GetGauge().GetValue() + metric.GetCounter().GetValue() + metric.GetUntyped().GetValue()
}
