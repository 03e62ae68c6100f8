// Package emulator is a local Amazon Managed Service for Prometheus: the data
// plane of each workspace (remote write, the Prometheus query API, rules and an
// alert manager), its control plane and the STS and IAM that it needs, behind
// the same signatures and with the same errors.
//
// In a test, three lines give a workspace and a client that signs:
//
//	srv := emulator.StartT(t, emulator.Config{})
//	ws := srv.CreateWorkspaceT(t, "AMP-KEDA")
//	client, err := api.NewClient(api.Config{Address: ws.QueryURL, Client: srv.HTTPClient()})
//
// Elsewhere it is [Start] and [Server.Close]. A program under test is given
// [Workspace.RemoteWriteURL], [Workspace.QueryURL] and a key, which is
// [DefaultAccessKeyID] with [DefaultSecretAccessKey] unless [Config] says
// otherwise; [Server.AWSConfig] is for clients of the AWS SDK. What goes wrong on
// purpose is said by [Server.SetFaults], what is forgotten between two cases by
// [Server.Reset].
//
// The examples write, query, call the AWS SDK and make faults. They are shown
// with more explanation in docs/go-test.md; docs/fidelity.md says where the
// emulator is not AMP.
//
// # Limits
//
// It is for tests and for trying things out. It is one process on one machine, it
// holds its root secret in memory, and it is not a place for data that matters.
// Samples are on disk, in a temporary folder unless Config.DataDir names one.
// Scrapers, anomaly detectors and logging are kept and have no effect.
//
// The import brings Prometheus, Alertmanager, the AWS SDK's core and what they
// import; that is where k8s.io/client-go comes from, of which nothing runs. Who wants
// none of it in a go.mod uses the module emulator/ampcontainer, which runs the
// emulator in a container.
//
// # Inside
//
// A request passes, in this order: route, request id, body limit, signature,
// workspace, and then ingest, query or the control plane. This package joins
// those steps; each of them is a package below it. Of those, fault and quota
// name what Config takes, and explain reads why a request was refused; the others are
// for this package.
package emulator
