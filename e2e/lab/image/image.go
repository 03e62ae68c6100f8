// Package image packs the programs that e2e/lab/build made, and what a node needs of the machine's own distribution,
// into container images. Nothing runs while an image is made: no engine, no Dockerfile, no root. An image is a function
// of its files: the same input gives the same bytes, and what was made stays in a cache by content and is used again
// after its checksum was compared.
package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"golang.org/x/sync/errgroup"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// Image is an image that was made.
type Image struct {
	// Name is the repository, such as "ampersand/collector".
	Name string
	// Tag is the key of the content, or the tag that the Spec demands.
	Tag string
	// Archive is the file that `docker load` and `ctr images import` read.
	Archive string
	// Size is what a registry would count: the compressed layers and the configuration, in bytes.
	Size int64
	// Unpacked is the size of the layers before compression.
	Unpacked int64
	// Digest is that of the manifest.
	Digest string
}

// Ref is the name that manifests and the docker command call the image by.
func (i Image) Ref() string { return i.Name + ":" + i.Tag }

// Builder makes images.
type Builder struct {
	// Cache is the folder of what was made before: AMPERSAND_CACHE.
	Cache string
	// Logf prints a line of progress.
	Logf func(format string, args ...any)
	// Now tells the time, time.Now when nil.
	Now func() time.Time
}

// Build returns the images of all specs, in their order, making those that the cache does not hold.
func (b *Builder) Build(ctx context.Context, specs ...Spec) ([]Image, error) {
	images := make([]Image, len(specs))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, spec := range specs {
		group.Go(func() error {
			img, err := b.image(ctx, spec)
			if err != nil {
				return fmt.Errorf("make the image %s: %w", spec.Name, err)
			}
			images[i] = img
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return images, nil
}

func (b *Builder) image(ctx context.Context, spec Spec) (Image, error) {
	key, err := spec.key()
	if err != nil {
		return Image{}, err
	}
	store, err := openStore(filepath.Join(b.Cache, "images"), b.now)
	if err != nil {
		return Image{}, err
	}
	item := strings.ReplaceAll(spec.Name, "/", "_")
	unlock, err := cache.Lock(ctx, store.path(item+".lock"))
	if err != nil {
		return Image{}, err
	}
	defer unlock()

	archive := store.path(item + "-" + key + ".tar")
	defer store.prune(item, archive)
	var made Image
	err = store.get(archive, &made)
	if err == nil {
		made.Archive = archive // the cache may have moved
		return made, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		b.Logf("image %s: the cached archive is not as it was made (%v): making it again", spec.Name, err)
	}
	started := b.now()
	made = Image{Name: spec.Name, Tag: spec.Tag, Archive: archive}
	if made.Tag == "" {
		made.Tag = key
	}
	temp, err := os.MkdirTemp(store.dir, item+"-making-")
	if err != nil {
		return Image{}, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	file := filepath.Join(temp, "image.tar")
	if err := pack(ctx, spec, &made, temp, file); err != nil {
		return Image{}, err
	}
	if err := store.put(file, archive, made); err != nil {
		return Image{}, err
	}
	b.Logf("made the image %s: %d MB, %d MB unpacked, in %s", made.Ref(), made.Size>>20, made.Unpacked>>20,
		b.now().Sub(started).Round(100*time.Millisecond))
	return made, nil
}

func (b *Builder) now() time.Time {
	if b.Now == nil {
		return time.Now()
	}
	return b.Now()
}

// pack writes the archive of a spec and completes what is known of the image. Layers are compressed once, into temp.
func pack(ctx context.Context, spec Spec, made *Image, temp, file string) error {
	ref, err := name.NewTag(made.Ref())
	if err != nil {
		return fmt.Errorf("name it: %w", err)
	}
	layers, err := spec.layers(ctx, temp)
	if err != nil {
		return err
	}
	img := empty.Image
	for _, l := range layers {
		made.Unpacked += l.unpacked
		img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{Created: v1.Time{Time: madeAt}, CreatedBy: l.about}})
		if err != nil {
			return fmt.Errorf("add a layer: %w", err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", spec.architecture()
	config.Created = v1.Time{Time: spec.created()}
	config.Config = spec.config()
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return fmt.Errorf("set the configuration: %w", err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	made.Size = manifest.Config.Size
	for _, l := range manifest.Layers {
		made.Size += l.Size
	}
	digest, err := img.Digest()
	if err != nil {
		return fmt.Errorf("read the digest: %w", err)
	}
	made.Digest = digest.String()
	if err := tarball.WriteToFile(file, ref, img); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return nil
}

// layout is raised when the same spec gives another image than before.
const layout = 1

// key hashes all that decides an image's content.
func (s Spec) key() (string, error) {
	keyed := struct {
		Layout   int
		Platform string
		Spec     Spec
		Sums     map[string]string
	}{layout, runtime.GOOS + "/" + s.architecture(), s, map[string]string{}}
	// A source counts by what is in it, not by where it lies.
	keyed.Spec.Base.Path = ""
	keyed.Spec.Files = make([]File, len(s.Files))
	for i, f := range s.Files {
		if f.Source != "" {
			sum, err := cache.Sum(f.Source)
			if err != nil {
				return "", err
			}
			keyed.Sums[f.Path], f.Source = sum, ""
		}
		keyed.Spec.Files[i] = f
	}
	sortFiles(keyed.Spec.Files)
	text, err := json.Marshal(keyed)
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	return shortHash(text), nil
}
