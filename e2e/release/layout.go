package release

import (
	"context"
	"path/filepath"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

// Layout is the image for all Linux platforms, in a file.
type Layout struct {
	image.Layout
	// File is its name.
	File string
	// Images are those of the platforms.
	Images []image.Image
}

// layoutFile is an archive of an OCI image layout.
func (m *Maker) layoutFile() string { return "ampersand-" + m.Version.Name + "-image.tar" }

// Layout writes the image for all Linux platforms into the folder out.
func (m *Maker) Layout(ctx context.Context, out string) (Layout, error) {
	var products []Product
	for _, platform := range Platforms() {
		if platform.OS != "linux" {
			continue
		}
		p, err := m.Build(ctx, platform)
		if err != nil {
			return Layout{}, err
		}
		products = append(products, p)
	}
	return m.LayoutOf(ctx, out, products...)
}

// LayoutOf writes the image of these products, each for another platform, into the folder out.
func (m *Maker) LayoutOf(ctx context.Context, out string, products ...Product) (Layout, error) {
	written := Layout{File: m.layoutFile()}
	for _, p := range products {
		img, err := m.Image(ctx, p)
		if err != nil {
			return Layout{}, err
		}
		written.Images = append(written.Images, img)
	}
	var err error
	written.Layout, err = image.WriteLayout(ctx, filepath.Join(out, written.File), Annotations(m.Version), written.Images...)
	return written, err
}
