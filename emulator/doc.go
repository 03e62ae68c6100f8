// Package emulator is a local Amazon Managed Service for Prometheus: its data
// plane (remote write and the Prometheus query API of each workspace) and the
// part of its control plane that manages workspaces, behind the same signatures
// and with the same errors.
//
//	srv, err := emulator.Start(ctx, emulator.Config{})
//	if err != nil { ... }
//	defer srv.Close()
//	ws, err := srv.CreateWorkspace(ctx, "alias")
//
// It is for tests and for trying things out. It is one process, it holds its
// root secret in memory, and it is not a place for data that matters.
//
// A request passes, in this order: route, request id, body limit, signature,
// workspace, and then ingest, query or the control plane. This package joins
// those steps; each of them is a package below it.
package emulator
