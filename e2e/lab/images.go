package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/fixtures/components"
	"github.com/ampersand-amp/ampersand/fixtures/images/published"
)

// Images says where the images of a kind cluster come from.
type Images string

const (
	// ImagesAuto is published where a registry answers, and built otherwise.
	ImagesAuto Images = "auto"
	// ImagesPublished are public images, pinned by tag and digest (fixtures/images/published).
	ImagesPublished Images = "published"
	// ImagesBuilt are made here from pinned sources. The cluster then reaches nothing outside itself.
	ImagesBuilt Images = "built"
)

// kedaImages are our names of KEDA's images by those that KEDA's manifests have.
func kedaImages() map[string]string {
	const keda = "ghcr.io/kedacore/"
	return map[string]string{
		keda + "keda":                    "keda-operator",
		keda + "keda-metrics-apiserver":  "keda-metrics-apiserver",
		keda + "keda-admission-webhooks": "keda-admission-webhooks",
	}
}

// nodeImage is the name of the published node images.
const nodeImage = "kindest/node"

// imageSet is what a kind lab runs from.
type imageSet struct {
	// built is set when every image was built here.
	built bool
	// node is the node image's reference in Docker.
	node string
	// references are the images by the names that manifests have.
	references map[string]string
	// load are the images that the node does not get by itself.
	load []image.Image
}

// chooseImages returns the way that the run gets its images, and why.
func (l *Lab) chooseImages(ctx context.Context) (Images, string) {
	if l.options.Images != ImagesAuto {
		return l.options.Images, "E2E_IMAGES says so"
	}
	if l.options.Roles {
		return ImagesBuilt, "the public signing proxy cannot be led to another STS than AWS's"
	}
	if offline, how := kind.Offline(ctx); offline {
		return ImagesBuilt, how
	}
	if err := l.pullNode(ctx); err != nil {
		return ImagesBuilt, fmt.Sprintf("the published node image cannot be had (%v)", err)
	}
	return ImagesPublished, "Docker has the published node image"
}

// prepareImages makes or finds the images of the run, and says where they come from.
func (l *Lab) prepareImages(ctx context.Context) (imageSet, error) {
	choice, why := l.chooseImages(ctx)
	l.options.Logf("images: %s, because %s", choice, why)
	if choice == ImagesBuilt {
		return l.builtImages(ctx)
	}
	if l.options.Roles {
		return imageSet{}, errors.New("IAM roles need E2E_IMAGES=built: the public signing proxy cannot be led to another STS than AWS's")
	}
	if err := l.pullNode(ctx); err != nil {
		return imageSet{}, fmt.Errorf("%w (E2E_IMAGES=built needs no registry)", err)
	}
	return l.publishedImages(ctx)
}

// builtImages builds all images and gives the node image to Docker.
func (l *Lab) builtImages(ctx context.Context) (imageSet, error) {
	programs, err := l.kindPrograms(ctx)
	if err != nil {
		return imageSet{}, err
	}
	node, inside, err := l.packImages(ctx, programs)
	if err != nil {
		return imageSet{}, err
	}
	started := time.Now()
	if err := image.LoadIntoDocker(ctx, node); err != nil {
		return imageSet{}, err
	}
	l.options.Logf("node image %s (%s) is in Docker after %s", node.Ref(), megabytes(node.Size), time.Since(started).Round(100*time.Millisecond))
	set := imageSet{built: true, node: node.Ref(), load: inside, references: map[string]string{}}
	byName := map[string]string{}
	for _, img := range inside {
		set.references[img.Name] = img.Ref()
		byName[img.Name] = img.Ref()
	}
	for theirs, ours := range kedaImages() {
		set.references[theirs] = byName[path.Join(image.Repository, ours)]
	}
	return set, nil
}

// publishedImages names the public images. The emulator and the load have none: they are built.
func (l *Lab) publishedImages(ctx context.Context) (imageSet, error) {
	set := imageSet{references: map[string]string{}}
	list, err := l.releaseImages()
	if err != nil {
		return set, err
	}
	for name, ref := range list {
		if name == nodeImage {
			set.node = ref
			continue
		}
		set.references[name] = ref
	}
	programs, err := l.builder().Build(ctx, []components.Component{components.Ours()})
	if err != nil {
		return set, err
	}
	specs, err := image.Own(programs)
	if err != nil {
		return set, err
	}
	if set.load, err = l.imageBuilder().Build(ctx, specs...); err != nil {
		return set, err
	}
	for _, img := range set.load {
		if _, public := set.references[img.Name]; !public {
			set.references[img.Name] = img.Ref()
		}
	}
	return set, nil
}

// releaseImages are the public images of the run's release, by name.
func (l *Lab) releaseImages() (map[string]string, error) {
	list, err := published.List()
	if err != nil {
		return nil, err
	}
	versions := map[string]string{
		"kubernetes": l.options.Release.KubernetesVersion(), "keda": l.options.Release.KEDAVersion(), "collector": components.CollectorVersion,
	}
	chosen := map[string]string{}
	for _, img := range list {
		if version, pinned := versions[img.Component]; !pinned || img.Holds(version) {
			chosen[img.Name] = img.Ref()
		}
	}
	if chosen[nodeImage] == "" {
		return nil, fmt.Errorf("no public node image for Kubernetes %s is known: use E2E_IMAGES=built", l.options.Release.Kubernetes)
	}
	return chosen, nil
}

// pullNode has Docker fetch the published node image, unless it has it.
func (l *Lab) pullNode(ctx context.Context) error {
	list, err := l.releaseImages()
	if err != nil {
		return err
	}
	ref := list[nodeImage]
	if exec.CommandContext(ctx, "docker", "image", "inspect", ref).Run() == nil {
		return nil
	}
	l.options.Logf("pulling %s", ref)
	if out, err := exec.CommandContext(ctx, "docker", "pull", "--quiet", ref).CombinedOutput(); err != nil {
		return fmt.Errorf("pull %s: %w: %s", ref, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// loadInto gives the node the images that it does not get by itself.
func (s imageSet) loadInto(ctx context.Context, l *Lab, cluster *kind.Cluster) error {
	started := time.Now()
	var group errgroup.Group
	group.SetLimit(2) // more only queue in the node
	var size int64
	for _, img := range s.load {
		size += img.Size
		group.Go(func() error { return cluster.LoadImageArchive(ctx, img.Archive) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	l.options.Logf("%d images (%s) are in the node after %s", len(s.load), megabytes(size), time.Since(started).Round(100*time.Millisecond))
	return nil
}

// kindPrograms builds what the images hold.
func (l *Lab) kindPrograms(ctx context.Context) (build.Programs, error) {
	builder := l.builder()
	debian := &image.Debian{Cache: l.options.Cache, Logf: l.options.Logf}
	var err error
	if builder.Sysroot, err = debian.Sysroot(ctx, "libseccomp-dev"); err != nil {
		return nil, fmt.Errorf("find the library that runc is linked to: %w", err)
	}
	return builder.Build(ctx, l.options.Release.Kind())
}

// packImages makes the node image and those of what runs in the cluster.
func (l *Lab) packImages(ctx context.Context, programs build.Programs) (node image.Image, inside []image.Image, err error) {
	specs, err := image.Components(programs)
	if err != nil {
		return node, nil, err
	}
	if inside, err = l.imageBuilder().Build(ctx, specs...); err != nil {
		return node, nil, err
	}
	node, err = l.imageBuilder().Node(ctx, programs, image.Versions{
		Kubernetes: l.options.Release.KubernetesVersion(), Etcd: components.EtcdVersion, CoreDNS: components.CoreDNSVersion,
	})
	return node, inside, err
}

// BuildImages builds every image of a kind lab and gives all of them to Docker, for people who want to look at them.
func BuildImages(ctx context.Context, options Options) ([]image.Image, error) {
	l := &Lab{options: options}
	programs, err := l.kindPrograms(ctx)
	if err != nil {
		return nil, err
	}
	node, inside, err := l.packImages(ctx, programs)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(inside, []image.Image{node})
	var errs []error
	for _, img := range all {
		errs = append(errs, image.LoadIntoDocker(ctx, img))
	}
	return all, errors.Join(errs...)
}

func (l *Lab) builder() *build.Builder {
	return &build.Builder{Root: l.options.Root, Cache: l.options.Cache, Logf: l.options.Logf}
}

func (l *Lab) imageBuilder() *image.Builder {
	return &image.Builder{Cache: l.options.Cache, Logf: l.options.Logf}
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n/1_000_000) }
