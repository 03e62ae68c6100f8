package lab

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kwok"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// region is the region of the emulated account.
const region = "us-east-1"

// documentationKeys are the keys that AWS's documentation uses as an example, and the emulator's default.
var documentationKeys = component.Keys{
	AccessKeyID:     "AKIAIOSFODNN7EXAMPLE",
	SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
}

// kwok stands up the lab without containers: everything is a process on this machine's loopback addresses.
func (l *Lab) kwok(ctx context.Context, logs string, logger *slog.Logger) error {
	builder := l.builder()
	programs, err := builder.Build(ctx, l.options.Release.KWOK())
	if err != nil {
		return err
	}
	kedaModule, err := builder.ModuleDir(ctx, l.options.Release.KEDADir(), components.KEDAModule)
	if err != nil {
		return err
	}
	kwokModule, err := builder.ModuleDir(ctx, "fixtures/components/kwok", components.KWOKModule)
	if err != nil {
		return err
	}

	cluster := kwok.New(kwok.Config{
		Programs: programs, Stages: nodeStages(kwokModule), Dir: l.path("cluster"), Logs: logs,
		HPASyncPeriod: l.options.Settings.HPASyncPeriod, FeatureGates: l.options.Release.FeatureGates(),
		Processes: l.processes, Logger: logger,
	})
	if err := l.install(ctx, clusterComponent{cluster}); err != nil {
		return err
	}
	l.REST, l.Kubeconfig = cluster.REST(), cluster.Kubeconfig()
	manifests := filepath.Join(l.options.Root, "fixtures", "manifests")
	l.Manifests, l.Scaling = filepath.Join(manifests, "kwok"), filepath.Join(manifests, "scaling")

	l.AMP = component.NewAMP(region, documentationKeys)
	emulator := &component.EmulatorProcess{
		AMP: l.AMP, Program: programs["ampersand"], Dir: l.path("emulator"), Logs: logs, Processes: l.processes,
	}
	if l.options.Roles {
		identities := &component.Identities{
			REST: l.REST, Manifests: filepath.Join(l.Manifests, "issuer"), Source: l.roles(manifests, "").identity,
			Server: cluster.Server(), CA: filepath.Join(cluster.PKI(), "ca.crt"), Dir: l.path("identities"), Sessions: l.options.Sessions, Logger: logger,
		}
		if err := l.install(ctx, identities); err != nil {
			return err
		}
		emulator.Identity = identities.File()
	}
	if err := l.install(ctx, emulator); err != nil {
		return err
	}
	roles := l.roles(manifests, l.AMP.URL())
	keda := &component.KEDAProcesses{
		Operator: programs["keda-operator"], Adapter: programs["keda-adapter"],
		Module: kedaModule, Overlay: filepath.Join(manifests, "keda", "kwok"),
		Certificates: filepath.Join(cluster.PKI(), "keda"), Dir: l.path("keda"), Logs: logs,
		REST: l.REST, Kubeconfig: cluster.TokenKubeconfig, Processes: l.processes, Ports: kwok.FreePorts,
		Roles: roles.keda, Webhook: roles.webhook, Logger: logger,
	}
	if err := l.install(ctx, keda); err != nil {
		return err
	}
	l.KEDA = keda.KEDA()
	pods := &component.Pods{
		REST: l.REST, Dir: l.path("pods"), Logs: logs, Processes: l.processes, Kubeconfig: cluster.TokenKubeconfig, Logger: logger,
		Programs: map[string]string{
			"ampersand/collector":  programs["collector"],
			"ampersand/sigv4proxy": programs["sigv4proxy"],
			"ampersand/ho11y":      programs["ho11y"],
			"ampersand/load":       programs["load"],
		},
	}
	if err := l.install(ctx, pods); err != nil {
		return err
	}
	l.Platform = &component.Platform{
		REST: l.REST, Manifests: roles.platform, Webhook: roles.webhook, AMP: l.AMP,
		ScrapeInterval: l.options.Settings.ScrapeInterval, BatchTimeout: l.options.Settings.BatchTimeout,
	}
	return l.install(ctx, l.Platform)
}

func (l *Lab) path(name string) string { return filepath.Join(l.state, name) }

// nodeStages are the stages of KWOK's module that keep a node ready and let deleted pods go.
func nodeStages(module string) []string {
	stage := filepath.Join(module, "kustomize", "stage")
	return []string{
		filepath.Join(stage, "node", "fast", "node-initialize.yaml"),
		filepath.Join(stage, "node", "heartbeat-with-lease", "node-heartbeat-with-lease.yaml"),
		filepath.Join(stage, "pod", "fast", "pod-delete.yaml"),
	}
}

// clusterComponent is a cluster as a part of the lab.
type clusterComponent struct{ *kwok.Cluster }

// Name implements Component.
func (c clusterComponent) Name() string { return "cluster" }

// Install implements Component.
func (c clusterComponent) Install(ctx context.Context) error { return c.Create(ctx) }

// Ready implements Component. Create waits by itself.
func (c clusterComponent) Ready(context.Context) error { return c.Failed() }

// Remove implements Component.
func (c clusterComponent) Remove(ctx context.Context) error { return c.Destroy(ctx) }
