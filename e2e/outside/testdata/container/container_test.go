package container

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/amp"
	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/sigv4"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/ampersand-amp/ampersand/emulator/ampcontainer"
)

func TestContainer(t *testing.T) {
	ctx := t.Context()
	ctr, err := ampcontainer.Run(ctx, os.Getenv("AMPERSAND_IMAGE"), ampcontainer.WithWorkspace("AMP-KEDA"))
	testcontainers.CleanupContainer(t, ctr)
	require.NoError(t, err)
	signing, err := sigv4.NewSigV4RoundTripper(&sigv4.SigV4Config{
		Region: ctr.Region(), AccessKey: ctr.AccessKeyID(), SecretKey: promconfig.Secret(ctr.SecretAccessKey()),
	}, http.DefaultTransport)
	require.NoError(t, err)

	// Write: your collector, with this URL.
	url, err := ctr.RemoteWriteURL(ctx, "AMP-KEDA")
	require.NoError(t, err)
	writer, err := remote.NewAPI(url, remote.WithAPIPath(""), remote.WithAPIHTTPClient(&http.Client{Transport: signing}))
	require.NoError(t, err)
	_, err = writer.Write(ctx, remote.WriteV2MessageType, &writev2.Request{
		Symbols: []string{"", "__name__", "ho11y_total"},
		Timeseries: []*writev2.TimeSeries{{
			LabelsRefs: []uint32{1, 2},
			Samples:    []*writev2.Sample{{Value: 42, Timestamp: time.Now().UnixMilli()}},
		}},
	})
	require.NoError(t, err)

	// Query: your scaler, with this one.
	url, err = ctr.QueryURL(ctx, "AMP-KEDA")
	require.NoError(t, err)
	client, err := api.NewClient(api.Config{Address: url, RoundTripper: signing})
	require.NoError(t, err)
	got, _, err := promv1.NewAPI(client).Query(ctx, "sum(ho11y_total)", time.Now())
	require.NoError(t, err)
	require.Equal(t, model.SampleValue(42), got.(model.Vector)[0].Value)

	// The AWS SDK.
	cfg, err := ctr.AWSConfig(ctx)
	require.NoError(t, err)
	all, err := amp.NewFromConfig(cfg).ListWorkspaces(ctx, &amp.ListWorkspacesInput{})
	require.NoError(t, err)
	require.Len(t, all.Workspaces, 1)

	// Faults.
	require.NoError(t, ctr.SetFaults(ctx, `[{name: outage, action: "aps:QueryMetrics", status: {code: 503}}]`))
	_, _, err = promv1.NewAPI(client).Query(ctx, "1", time.Now())
	require.ErrorContains(t, err, "503")
	require.NoError(t, ctr.SetFaults(ctx, `[]`))
	_, _, err = promv1.NewAPI(client).Query(ctx, "1", time.Now())
	require.NoError(t, err)
}
