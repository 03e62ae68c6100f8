package component

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/podrunner"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// Pods runs the pods of a KWOK cluster as processes.
type Pods struct {
	REST *rest.Config
	// Programs maps images to programs.
	Programs map[string]string
	// Dir is a folder for volumes, Logs the folder for log files.
	Dir, Logs  string
	Processes  *process.Group
	Kubeconfig func(ctx context.Context, path, namespace, serviceAccount string) error
	Logger     *slog.Logger

	runner *podrunner.Runner
}

// Name implements lab.Component.
func (p *Pods) Name() string { return "pods" }

// Install implements lab.Component.
func (p *Pods) Install(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(p.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	p.runner, err = podrunner.Start(ctx, podrunner.Config{
		Client: client, Programs: p.Programs, Dir: filepath.Join(p.Dir, "volumes"), Logs: p.Logs,
		Processes: p.Processes, Kubeconfig: p.Kubeconfig, Logger: p.Logger,
	})
	return err
}

// Ready implements lab.Component.
func (p *Pods) Ready(context.Context) error { return nil }

// Remove implements lab.Component.
func (p *Pods) Remove(context.Context) error {
	if p.runner != nil {
		p.runner.Stop()
	}
	return nil
}
