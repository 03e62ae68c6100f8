package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// License is what the project is given under, and Source where it is from.
const (
	License = "Apache-2.0"
	Source  = "https://github.com/ampersand-amp/ampersand"
)

// Platforms are those that archives are made for.
func Platforms() []build.Platform {
	return []build.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}, {OS: "darwin", Arch: "arm64"}, {OS: "darwin", Arch: "amd64"}}
}

// Maker makes one release.
type Maker struct {
	// Root is the repository's root, Cache the folder of what was built before: AMPERSAND_CACHE.
	Root, Cache string
	// Version is what is made.
	Version Version
	// Logf prints a line of progress.
	Logf func(format string, args ...any)
}

// Product are the programs for one platform, and what they are made of.
type Product struct {
	Platform build.Platform
	// Programs maps their names to files.
	Programs build.Programs
	// SBOM is the list of what they are made of: CycloneDX, JSON.
	SBOM []byte
}

// Names are those of the programs, in order.
func (p Product) Names() []string {
	names := make([]string, 0, len(p.Programs))
	for name := range p.Programs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Build makes the programs for a platform, unless the cache has them.
func (m *Maker) Build(ctx context.Context, platform build.Platform) (Product, error) {
	began := time.Now()
	builder := &build.Builder{Root: m.Root, Cache: m.Cache, Platform: platform, Logf: m.Logf}
	c := components.Published(m.Version.LinkFlags())
	c.Name += "-" + platform.OS + "-" + platform.Arch // who makes one platform does not wait for who makes another
	programs, err := builder.Build(ctx, []components.Component{c})
	if err != nil {
		return Product{}, fmt.Errorf("programs for %s: %w", platform, err)
	}
	p := Product{Platform: platform, Programs: programs}
	if p.SBOM, err = SBOM(m.Version, p); err != nil {
		return Product{}, fmt.Errorf("list what the programs for %s are made of: %w", platform, err)
	}
	m.Logf("programs for %s after %s", platform, time.Since(began).Round(100*time.Millisecond))
	return p, nil
}

// Image packs the programs of a Linux platform into the image, unless the cache has it.
func (m *Maker) Image(ctx context.Context, p Product) (image.Image, error) {
	license, err := os.ReadFile(filepath.Join(m.Root, "LICENSE"))
	if err != nil {
		return image.Image{}, fmt.Errorf("read the licence: %w", err)
	}
	made, err := (&image.Builder{Cache: m.Cache, Logf: m.Logf}).Build(ctx, Spec(m.Version, p, string(license)))
	if err != nil {
		return image.Image{}, err
	}
	return made[0], nil
}
