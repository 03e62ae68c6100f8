package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/aws/aws-sdk-go-v2/service/amp/types"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/exp/api/remote"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/prompb"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// docs/go-test.md shows these functions, and e2e/outside runs this file in a
// project of its own: it stands by itself.

// In a test, three lines give a workspace and a client that signs.
func TestThreeLines(t *testing.T) {
	srv := emulator.StartT(t, emulator.Config{})
	ws := srv.CreateWorkspaceT(t, "AMP-KEDA")
	client, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})

	if err != nil {
		t.Fatal(err)
	}
	got, _, err := promv1.NewAPI(client).Query(t.Context(), "6 * 7", time.Now())
	if err != nil || got.(*model.Scalar).Value != 42 {
		t.Fatalf("6 * 7 is %v, %v", got, err)
	}
}

// Samples are written by the remote write client of the Prometheus project, and
// are there for queries at once.
func Example_remoteWrite() {
	ctx := context.Background()
	srv, err := emulator.Start(ctx, emulator.Config{})
	if err != nil {
		log.Panic(err)
	}
	defer srv.Close()
	ws, err := srv.CreateWorkspace(ctx, "AMP-KEDA")
	if err != nil {
		log.Panic(err)
	}

	writer, err := remote.NewAPI(ws.RemoteWriteURL, remote.WithAPIPath(""), remote.WithAPIHTTPClient(srv.HTTPClient()))
	if err != nil {
		log.Panic(err)
	}
	_, err = writer.Write(ctx, remote.WriteV1MessageType, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "ho11y_total"}, {Name: "pod", Value: "downstream0"}},
		Samples: []prompb.Sample{{Value: 42, Timestamp: time.Now().UnixMilli()}},
	}}})
	if err != nil {
		log.Panic(err)
	}

	client, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})
	if err != nil {
		log.Panic(err)
	}
	got, _, err := promv1.NewAPI(client).Query(ctx, `sum(ho11y_total{pod="downstream0"})`, time.Now())
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(got.(model.Vector)[0].Value)

	// Output:
	// 42
}

// Queries are answered by Prometheus's own engine, and errors are those of AMP.
func Example_query() {
	ctx := context.Background()
	srv, err := emulator.Start(ctx, emulator.Config{})
	if err != nil {
		log.Panic(err)
	}
	defer srv.Close()
	ws, err := srv.CreateWorkspace(ctx, "AMP-KEDA")
	if err != nil {
		log.Panic(err)
	}

	client, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})
	if err != nil {
		log.Panic(err)
	}
	prometheus := promv1.NewAPI(client)
	hour := promv1.Range{Start: time.Unix(1699999200, 0), End: time.Unix(1700002800, 0), Step: time.Hour}
	got, _, err := prometheus.QueryRange(ctx, "vector(42)", hour)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(got)
	_, _, err = prometheus.Query(ctx, "sum(ho11y_total", time.Now())
	fmt.Println(err)

	// Output:
	// {} =>
	// 42 @[1699999200]
	// 42 @[1700002800]
	// bad_data: invalid parameter "query"; 1:16: parse error: unclosed left parenthesis
}

// The AWS SDK manages workspaces, rules, alert managers and what else AMP has.
func Example_sdk() {
	ctx := context.Background()
	srv, err := emulator.Start(ctx, emulator.Config{})
	if err != nil {
		log.Panic(err)
	}
	defer srv.Close()

	client := amp.NewFromConfig(srv.AWSConfig())
	created, err := client.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{Alias: aws.String("AMP-KEDA")})
	if err != nil {
		log.Panic(err)
	}
	one, err := client.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: created.WorkspaceId})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(*one.Workspace.Alias, one.Workspace.Status.StatusCode)
	all, err := client.ListWorkspaces(ctx, &amp.ListWorkspacesInput{Alias: aws.String("AMP")})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(len(all.Workspaces))
	_, err = client.DescribeWorkspace(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: aws.String("ws-00000000-0000-4000-8000-000000000000")})
	var missing *types.ResourceNotFoundException
	fmt.Println(errors.As(err, &missing))

	// Output:
	// AMP-KEDA ACTIVE
	// 1
	// true
}

// A fault rule has requests fail, here all queries; then it is removed.
func Example_faults() {
	ctx := context.Background()
	srv, err := emulator.Start(ctx, emulator.Config{})
	if err != nil {
		log.Panic(err)
	}
	defer srv.Close()
	ws, err := srv.CreateWorkspace(ctx, "AMP-KEDA")
	if err != nil {
		log.Panic(err)
	}

	err = srv.SetFaults(fault.Rule{Name: "outage", Action: fault.Patterns{"aps:QueryMetrics"}, Status: &fault.Status{Code: 503}})
	if err != nil {
		log.Panic(err)
	}
	client, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})
	if err != nil {
		log.Panic(err)
	}
	_, _, err = promv1.NewAPI(client).Query(ctx, "vector(42)", time.Now())
	fmt.Println(err)
	fmt.Println("struck:", srv.Faults()[0].Hits)

	srv.DeleteFault("outage")
	_, _, err = promv1.NewAPI(client).Query(ctx, "vector(42)", time.Now())
	fmt.Println(err)

	// Output:
	// server_error: server error: 503
	// struck: 1
	// <nil>
}
