package image

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Annotations by which tools find an image in a layout: the first is the specification's, the second is what containerd's
// and Docker's readers call the image by.
const (
	refNameAnnotation   = "org.opencontainers.image.ref.name"
	imageNameAnnotation = "io.containerd.image.name"
)

// Layout is an OCI image layout that was written: one image for several platforms.
type Layout struct {
	// Digest is that of the image index, by which a registry knows the image.
	Digest string
	// Platforms are "linux/amd64" and the like, in the order in which the index has them.
	Platforms []string
}

// WriteLayout writes images of one name and tag, each for another platform, as an OCI image layout into the file at path, a
// tar archive. The annotations are those of the index and of each image. No engine is needed.
func WriteLayout(ctx context.Context, path string, annotations map[string]string, images ...Image) (Layout, error) {
	var written Layout
	index, platforms, err := imageIndex(annotations, images)
	if err != nil {
		return written, err
	}
	digest, err := index.Digest()
	if err != nil {
		return written, fmt.Errorf("read the digest of the index: %w", err)
	}
	written = Layout{Digest: digest.String(), Platforms: platforms}
	temp, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+"-making-")
	if err != nil {
		return written, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	top := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: index, Descriptor: v1.Descriptor{MediaType: types.OCIImageIndex, Annotations: map[string]string{
			refNameAnnotation: images[0].Tag, imageNameAnnotation: "docker.io/library/" + images[0].Ref(),
		}},
	})
	if _, err := ocilayout.Write(temp, top); err != nil {
		return written, fmt.Errorf("write the image layout: %w", err)
	}
	return written, archiveFolder(ctx, temp, path)
}

// imageIndex is the index of images, each in the specification's media types.
func imageIndex(annotations map[string]string, images []Image) (v1.ImageIndex, []string, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	var platforms []string
	for _, made := range images {
		img, platform, err := made.oci(annotations)
		if err != nil {
			return nil, nil, fmt.Errorf("read the image %s: %w", made.Archive, err)
		}
		platforms = append(platforms, platform.String())
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: platform}})
	}
	annotated, ok := mutate.Annotations(index, maps.Clone(annotations)).(v1.ImageIndex)
	if !ok {
		return nil, nil, fmt.Errorf("annotate the index: it became something else")
	}
	return annotated, platforms, nil
}

// oci is the image with the media types of the specification in the place of Docker's. Layers and configuration keep their
// bytes, so that Docker calls it by the same id.
func (i Image) oci(annotations map[string]string) (v1.Image, *v1.Platform, error) {
	tag, err := name.NewTag(i.Ref())
	if err != nil {
		return nil, nil, err
	}
	archived, err := tarball.ImageFromPath(i.Archive, &tag)
	if err != nil {
		return nil, nil, err
	}
	config, err := archived.ConfigFile()
	if err != nil {
		return nil, nil, err
	}
	layers, err := archived.Layers()
	if err != nil {
		return nil, nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, l := range layers {
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, MediaType: types.OCILayer}); err != nil {
			return nil, nil, err
		}
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, nil, err
	}
	annotated, ok := mutate.Annotations(img, maps.Clone(annotations)).(v1.Image)
	if !ok {
		return nil, nil, fmt.Errorf("annotate the image: it became something else")
	}
	return annotated, &v1.Platform{OS: config.OS, Architecture: config.Architecture}, nil
}

// archiveFolder writes the files of dir into a tar archive at path, the same bytes for the same files.
func archiveFolder(ctx context.Context, dir, path string) error {
	content := &tree{}
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		return content.addFile(File{Path: filepath.ToSlash(name), Source: file, Mode: 0o644})
	})
	if err != nil {
		return fmt.Errorf("read the image layout: %w", err)
	}
	return writeFile(path, content.writer(ctx))
}
