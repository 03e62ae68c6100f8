package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ampersand-amp/ampersand/e2e/lab/account"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/existing"
	"github.com/ampersand-amp/ampersand/e2e/lab/component"
	"github.com/ampersand-amp/ampersand/e2e/lab/forward"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/e2e/lab/manifest"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// Existing is what an existing cluster needs to be told.
type Existing struct {
	// Context is the kubeconfig's context, empty for the current one.
	Context string
	// Registry is the beginning of the names under which the cluster can pull our images.
	Registry string
	// Confirmed says that the plan is agreed to. Without, it is printed and nothing is done.
	Confirmed bool
	// Duration is how long the features may take, for the plan.
	Duration time.Duration
}

// existing deploys the chain onto a cluster of others, with an AMP of AWS's. Where the AWS SDK is led to an emulator by its variables
// (AWS_ENDPOINT_URL), nothing but the addresses is different.
func (l *Lab) existing(ctx context.Context) error {
	cluster, err := existing.Connect(l.options.Existing.Context, l.path("kubeconfig"))
	if err != nil {
		return err
	}
	facts, err := cluster.Look(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster of context %s: %w", cluster.Context, err)
	}
	aws, err := account.Open(ctx)
	if err != nil {
		return err
	}
	switch {
	case l.options.Images == ImagesBuilt && aws.STS == "":
		return errors.New("E2E_IMAGES=built is for a stand-in of AWS's without TLS: our images of KEDA, collector and proxy know no certificate authority")
	case l.options.Images != ImagesBuilt && aws.STS != "":
		return errors.New("AWS_ENDPOINT_URL needs E2E_IMAGES=built: the public signing proxy cannot be led to another STS than AWS's")
	}
	l.options.Logf("%s", l.plan(cluster, facts, aws))
	if !l.options.Existing.Confirmed {
		return errors.New("nothing was changed: E2E_YES=1 goes ahead")
	}
	if l.images, err = l.existingImages(ctx); err != nil {
		return err
	}
	kedaModule, err := l.builder().ModuleDir(ctx, l.options.Release.KEDADir(), components.KEDAModule)
	if err != nil {
		return err
	}
	needs := &component.AWSAccount{Account: aws, Run: l.run(), Issuer: facts.Issuer, Logf: l.options.Logf}
	if err := l.install(ctx, needs); err != nil {
		return err
	}
	l.AMP = needs.AMP()
	if err := l.connect(ctx, cluster); err != nil {
		return err
	}
	var webhook *manifest.Webhook
	if !facts.PodIdentity || aws.STS != "" {
		webhook = &manifest.Webhook{Region: aws.Region, STS: aws.STS}
	}
	manifests := filepath.Join(l.options.Root, "fixtures", "manifests")
	l.Manifests, l.Scaling = manifests, filepath.Join(manifests, "scaling")
	keda := &component.KEDADeployment{
		Roles: filepath.Join(manifests, "irsa", "keda"), RoleARNs: needs.Roles(), Webhook: webhook, Labels: l.Labels(), Existing: facts.KEDA,
		REST: l.REST, Module: kedaModule, Overlay: filepath.Join(manifests, "keda", "kind"), Images: l.images, Dial: l.forward.DialContext,
	}
	l.Platform = &component.Platform{
		REST: l.REST, Manifests: filepath.Join(manifests, "eks", "platform"), Webhook: webhook, Roles: needs.Roles(), Labels: l.Labels(),
		AMP: l.AMP, Images: l.images, Services: true,
		ScrapeInterval: l.options.Settings.ScrapeInterval, BatchTimeout: l.options.Settings.BatchTimeout,
	}
	trust := &component.Trust{REST: l.REST, Account: aws, Platform: l.Platform, Roles: needs.Roles()}
	for _, c := range []Component{keda, trust, l.Platform} {
		if err := l.install(ctx, c); err != nil {
			return err
		}
	}
	l.KEDA = keda.KEDA()
	return nil
}

// connect takes the cluster for the lab's. From here on Down removes from it what the run has put there.
func (l *Lab) connect(ctx context.Context, cluster *existing.Cluster) error {
	l.foreign, l.REST, l.Kubeconfig = cluster, cluster.REST, l.path("kubeconfig")
	l.REST.WarningHandler = rest.NewWarningWriter(l.log, rest.WarningWriterOptions{Deduplicate: true})
	var err error
	if l.forward, err = forward.New(l.REST); err != nil {
		return err
	}
	return l.install(ctx, deployed{l})
}

// run is the name of the run: unique like the folder of the lab's state.
func (l *Lab) run() string { return strings.TrimPrefix(filepath.Base(l.state), statePattern) }

// Labels are the labels of what the lab puts into a cluster of others, by which it is removed; none in a cluster of its own.
func (l *Lab) Labels() map[string]string {
	if l.options.Cluster != ClusterExisting {
		return nil
	}
	return map[string]string{existing.Label: l.run()}
}

// deployed stands for all that the run puts into a cluster of others.
type deployed struct{ lab *Lab }

// Name implements Component.
func (d deployed) Name() string { return "cluster " + d.lab.foreign.Context }

// Install implements Component. What is installed after it is what it removes.
func (d deployed) Install(context.Context) error { return nil }

// Ready implements Component.
func (d deployed) Ready(context.Context) error { return nil }

// Remove implements Component.
func (d deployed) Remove(ctx context.Context) error {
	d.lab.forward.Close()
	removed, err := d.lab.foreign.Sweep(ctx, d.lab.run())
	if err != nil {
		return fmt.Errorf("%w (E2E_CLEANUP=1 removes what is left)", err)
	}
	d.lab.options.Logf("removed from the cluster: %d objects and what was in them", len(removed))
	return nil
}

// mine returns what tells whether a namespace is the lab's, or what has none: what others do in their cluster is kept nowhere.
func (l *Lab) mine(ctx context.Context) (func(namespace string) bool, error) {
	if l.foreign == nil {
		return func(string) bool { return true }, nil
	}
	names, err := l.foreign.Namespaces(ctx, l.run())
	if err != nil {
		return nil, err
	}
	return func(namespace string) bool {
		return namespace == "" || namespace == existing.KEDANamespace || slices.Contains(names, namespace)
	}, nil
}

// existingImages are the images of the run by the names that the manifests have. Ours have to be where the cluster can pull them:
// which they are is known from building them here.
func (l *Lab) existingImages(ctx context.Context) (map[string]string, error) {
	if l.options.Images == ImagesBuilt {
		programs, err := l.kindPrograms(ctx)
		if err != nil {
			return nil, err
		}
		specs, err := image.Components(programs)
		if err != nil {
			return nil, err
		}
		references, err := l.pushed(ctx, specs)
		if err != nil {
			return nil, err
		}
		for theirs, ours := range kedaImages() {
			references[theirs] = references[image.Repository+"/"+ours]
		}
		return references, nil
	}
	programs, err := l.builder().Build(ctx, []components.Component{components.Ours()})
	if err != nil {
		return nil, err
	}
	specs, err := image.Pushed(programs)
	if err != nil {
		return nil, err
	}
	references, err := l.pushed(ctx, specs)
	if err != nil {
		return nil, err
	}
	list, err := l.releaseImages()
	if err != nil {
		return nil, err
	}
	for name, ref := range list {
		if _, ours := references[name]; !ours {
			references[name] = ref
		}
	}
	return references, nil
}

// pushed are the references of built images in the registry that the cluster pulls from.
func (l *Lab) pushed(ctx context.Context, specs []image.Spec) (map[string]string, error) {
	images, err := l.imageBuilder().Build(ctx, specs...)
	if err != nil {
		return nil, err
	}
	references := map[string]string{}
	for _, img := range images {
		references[img.Name] = img.In(l.options.Existing.Registry)
	}
	return references, nil
}

// PushImages builds those of our images that a cluster on AWS pulls and gives them to a registry. It returns their references there.
func PushImages(ctx context.Context, options Options, registry string) ([]string, error) {
	l := &Lab{options: options}
	programs, err := l.builder().Build(ctx, []components.Component{components.Ours()})
	if err != nil {
		return nil, err
	}
	specs, err := image.Pushed(programs)
	if err != nil {
		return nil, err
	}
	images, err := l.imageBuilder().Build(ctx, specs...)
	if err != nil {
		return nil, err
	}
	var references []string
	for _, img := range images {
		if err := image.Push(ctx, img, registry); err != nil {
			return references, err
		}
		references = append(references, img.In(registry))
	}
	return references, nil
}

// Cleanup removes what killed runs have left, in the cluster and in the AWS account, and nothing that does not carry the lab's label
// or tag. It returns what it was.
func Cleanup(ctx context.Context, options Existing) ([]string, error) {
	dir, err := os.MkdirTemp("", "ampersand-cleanup-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the kubeconfig: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var removed []string
	cluster, err := existing.Connect(options.Context, filepath.Join(dir, "kubeconfig"))
	if err == nil {
		removed, err = cluster.Sweep(ctx, "")
	}
	aws, opened := account.Open(ctx)
	if opened != nil {
		return removed, errors.Join(err, opened)
	}
	more, cleaned := aws.Cleanup(ctx)
	return append(removed, more...), errors.Join(err, cleaned)
}
