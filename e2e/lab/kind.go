package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/e2e-framework/klient"

	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// ChooseCluster returns the kind of cluster that this machine can have, and why: kind where a Docker daemon answers.
func ChooseCluster(ctx context.Context) (Cluster, string) {
	if err := kind.DaemonAnswers(ctx); err != nil {
		return ClusterKWOK, fmt.Sprintf("no Docker daemon answers (%v)", err)
	}
	return ClusterKind, "a Docker daemon answers"
}

// kind stands up the lab in containers: a cluster in Docker, and everything else in the cluster.
func (l *Lab) kind(ctx context.Context, logs string, logger *slog.Logger) error {
	kedaModule, err := l.builder().ModuleDir(ctx, l.options.Release.KEDADir(), components.KEDAModule)
	if err != nil {
		return err
	}
	if err := l.createKind(ctx, logs, logger, l.aliases()); err != nil {
		return err
	}
	return l.deploy(ctx, kedaModule)
}

// createKind makes the cluster, with the images of the run in its node. aliases are host names that lead to Services.
func (l *Lab) createKind(ctx context.Context, logs string, logger *slog.Logger, aliases map[string]string) error {
	if err := l.preflight(ctx); err != nil {
		return err
	}
	images, err := l.prepareImages(ctx)
	if err != nil {
		return err
	}
	l.images = images.references

	removed, err := kind.RemoveLeftovers(ctx, owner(), clusterAlive)
	if err != nil {
		return err
	}
	if len(removed) > 0 {
		l.options.Logf("removed what killed labs left: %s", strings.Join(removed, ", "))
	}
	config := kind.Config{
		Name: l.clusterName(), Owner: owner(), Image: images.node, Version: l.options.Release.KubernetesVersion(), Kubeconfig: l.kubeconfigPath(),
		HPASyncPeriod: l.options.Settings.HPASyncPeriod, FeatureGates: l.options.Release.FeatureGates(), Aliases: aliases,
		Logs: filepath.Join(logs, "node"), Logf: l.options.Logf, Logger: logger,
	}
	if images.built {
		versions := image.Versions{Etcd: components.EtcdVersion, CoreDNS: components.CoreDNSVersion}
		config.Built = &kind.Built{Repository: image.Repository, Etcd: versions.EtcdTag(), CoreDNS: versions.CoreDNSTag()}
	} else {
		config.Version = "" // kind publishes few patches of a minor
	}
	cluster := kind.New(config)
	if err := l.install(ctx, kindCluster{l, cluster, images.built}); err != nil {
		return err
	}
	l.cluster = cluster
	l.REST, l.Kubeconfig = cluster.KubernetesRestConfig(), cluster.GetKubeconfig()
	// What the API server and KEDA's webhook remark on is of interest when something goes wrong.
	l.REST.WarningHandler = rest.NewWarningWriter(l.log, rest.WarningWriterOptions{Deduplicate: true})
	if l.forward, err = forward.New(l.REST); err != nil {
		return err
	}
	client, err := klient.New(l.REST)
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	// DNS and the service network come up while images go in.
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return images.loadInto(groupCtx, l, cluster) })
	group.Go(func() error { return cluster.WaitForControlPlane(groupCtx, client) })
	return group.Wait()
}

// deploy deploys AMP, KEDA and the platform.
func (l *Lab) deploy(ctx context.Context, kedaModule string) error {
	manifests := filepath.Join(l.options.Root, "fixtures", "manifests")
	l.Manifests, l.Scaling = manifests, filepath.Join(manifests, "scaling")

	l.AMP = component.NewAMP(region, documentationKeys)
	roles := l.roles(manifests, "http://"+component.STSHost(region))
	keda := &component.KEDADeployment{
		Roles: roles.keda, Webhook: roles.webhook,
		REST: l.REST, Module: kedaModule, Overlay: filepath.Join(manifests, "keda", "kind"), Images: l.images, Dial: l.forward.DialContext,
	}
	l.Platform = &component.Platform{
		REST: l.REST, Manifests: roles.platform, Webhook: roles.webhook, AMP: l.AMP, Images: l.images, Services: true,
		ScrapeInterval: l.options.Settings.ScrapeInterval, BatchTimeout: l.options.Settings.BatchTimeout,
	}
	for _, c := range []Component{
		&component.EmulatorDeployment{
			Identity: roles.identity, Sessions: l.options.Sessions,
			AMP: l.AMP, REST: l.REST, Manifests: roles.emulator, Images: l.images, Dial: l.forward.DialContext,
		},
		keda,
		l.Platform,
	} {
		if err := l.install(ctx, c); err != nil {
			return err
		}
	}
	l.KEDA = keda.KEDA()
	return nil
}

// preflight says all that is missing at once, before anything is built.
func (l *Lab) preflight(ctx context.Context) error {
	var fatal []error
	needs := kind.Needs{Built: l.options.Images == ImagesBuilt, Version: l.options.Release.KubernetesVersion()}
	for _, problem := range kind.Preflight(ctx, needs) {
		if problem.Fatal {
			fatal = append(fatal, errors.New(problem.String()))
		} else {
			l.options.Logf("note: %s", problem)
		}
	}
	if len(fatal) > 0 {
		return fmt.Errorf("this machine cannot run a kind cluster:\n%w", errors.Join(fatal...))
	}
	return nil
}

const clusterPrefix = "ampersand-"

// owner names this machine and the folder of its labs' state: a Docker daemon may serve several.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return host + ":" + os.TempDir()
}

// clusterName is unique like the folder of the lab's state, from which it comes.
func (l *Lab) clusterName() string {
	unique := strings.TrimPrefix(filepath.Base(l.state), statePattern)
	if l.options.Keep {
		return kind.KeepPrefix + unique
	}
	return clusterPrefix + unique
}

// kubeconfigPath is in the artifacts for a cluster that is kept: the state's folder goes with the lab.
func (l *Lab) kubeconfigPath() string {
	if l.options.Keep {
		return filepath.Join(l.options.Artifacts, l.clusterName()+".kubeconfig")
	}
	return l.path("kubeconfig")
}

// clusterAlive tells whether the lab of a cluster lives.
func clusterAlive(name string) bool { return stateHeld(strings.TrimPrefix(name, clusterPrefix)) }

// kindCluster is a kind cluster as a part of the lab.
type kindCluster struct {
	lab *Lab
	*kind.Cluster
	built bool
}

// Name implements Component.
func (c kindCluster) Name() string { return "cluster" }

// Install implements Component.
func (c kindCluster) Install(ctx context.Context) error {
	_, err := c.Create(ctx)
	return err
}

// Ready implements Component. Create waits by itself.
func (c kindCluster) Ready(context.Context) error { return nil }

// Remove implements Component.
func (c kindCluster) Remove(ctx context.Context) error {
	if c.lab.forward != nil {
		c.lab.forward.Close()
	}
	var err error
	if c.built && c.lab.REST != nil {
		err = c.reportEgress(ctx)
	}
	if c.lab.options.Keep && c.lab.REST != nil {
		return err
	}
	return errors.Join(err, c.Destroy(ctx))
}

// reportEgress says whether anything in the cluster tried to leave the machine. That the guard is no longer there is an
// error: then nobody knows.
func (c kindCluster) reportEgress(ctx context.Context) error {
	egress, err := c.EgressCounters(ctx)
	if err != nil {
		return fmt.Errorf("read the node's egress guard: %w", err)
	}
	if !egress.InForce {
		return errors.New("the node's egress guard is not in force any more: packets may have left the node")
	}
	c.lab.options.Logf("egress guard of the node: refused %d packets to other networks, and %d to Services that kube-proxy did not know (yet, or no more)",
		egress.Packets-egress.ToServices, egress.ToServices)
	return nil
}
