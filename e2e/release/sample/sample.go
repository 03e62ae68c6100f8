// Package sample proves that an AMP is there: it writes a sample into a workspace and reads it back, signing both as
// Prometheus does.
package sample

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	promsigv4 "github.com/prometheus/sigv4"
)

// Client uses one workspace.
type Client struct {
	// Workspace is its URL: http://127.0.0.1:2677/workspaces/ws-...
	Workspace string
	// Region, AccessKey and SecretKey are what requests are signed with.
	Region, AccessKey, SecretKey string
}

// writeTimeout is how long an answer to a write may take.
const writeTimeout = 30 * time.Second

// Write stores the value of a series without labels, now.
func (c Client) Write(ctx context.Context, name string, value float64) error {
	target, err := url.Parse(c.Workspace + "/api/v1/remote_write")
	if err != nil {
		return fmt.Errorf("write to %s: %w", c.Workspace, err)
	}
	client, err := remote.NewWriteClient("sample", &remote.ClientConfig{
		URL: &promconfig.URL{URL: target}, Timeout: model.Duration(writeTimeout), SigV4Config: c.key(),
		WriteProtoMsg: remoteapi.WriteV1MessageType,
	})
	if err != nil {
		return fmt.Errorf("write to %s: %w", c.Workspace, err)
	}
	request := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: model.MetricNameLabel, Value: name}},
		Samples: []prompb.Sample{{Timestamp: time.Now().UnixMilli(), Value: value}},
	}}}
	raw, err := request.Marshal()
	if err != nil {
		return fmt.Errorf("write to %s: %w", c.Workspace, err)
	}
	if _, err := client.Store(ctx, snappy.Encode(nil, raw), 0); err != nil {
		return fmt.Errorf("write to %s: %w", c.Workspace, err)
	}
	return nil
}

// Query answers an expression with the values of the series that it finds.
func (c Client) Query(ctx context.Context, expression string) ([]float64, error) {
	signing, err := promsigv4.NewSigV4RoundTripper(c.key(), http.DefaultTransport)
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", c.Workspace, err)
	}
	return query(ctx, c.Workspace, signing, expression)
}

// QueryUnsigned asks where nobody has to sign, such as at a signing proxy.
func QueryUnsigned(ctx context.Context, workspace, expression string) ([]float64, error) {
	return query(ctx, workspace, http.DefaultTransport, expression)
}

func query(ctx context.Context, workspace string, transport http.RoundTripper, expression string) ([]float64, error) {
	client, err := api.NewClient(api.Config{Address: workspace, RoundTripper: transport})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", workspace, err)
	}
	answer, _, err := promv1.NewAPI(client).Query(ctx, expression, time.Now())
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", workspace, err)
	}
	vector, ok := answer.(model.Vector)
	if !ok {
		return nil, fmt.Errorf("query %s: %s is no vector but a %s", workspace, expression, answer.Type())
	}
	var values []float64
	for _, found := range vector {
		values = append(values, float64(found.Value))
	}
	return values, nil
}

func (c Client) key() *promsigv4.SigV4Config {
	return &promsigv4.SigV4Config{Region: c.Region, AccessKey: c.AccessKey, SecretKey: promconfig.Secret(c.SecretKey)}
}
