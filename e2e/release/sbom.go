package release

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"

	"github.com/ampersand-amp/ampersand/e2e/lab/cache"
)

// SBOM lists what the programs are made of, from what the linker wrote into them: every module with its version and hash,
// and Go itself. It has no clock and no chance in it, so that the same programs have the same list.
func SBOM(v Version, p Product) ([]byte, error) {
	bom := cdx.NewBOM()
	product := ours(cdx.ComponentTypeApplication, "ampersand", v)
	product.BOMRef, product.Description = "ampersand", "for "+p.Platform.String()
	bom.Metadata = &cdx.Metadata{Timestamp: v.Date.Format(time.RFC3339), Component: &product}

	modules := map[string]cdx.Component{}
	var programs []cdx.Component
	dependencies := []cdx.Dependency{}
	for _, name := range p.Names() {
		program := ours(cdx.ComponentTypeApplication, name, v)
		program.BOMRef = "program:" + name
		sum, err := cache.Sum(p.Programs[name])
		if err != nil {
			return nil, err
		}
		program.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: sum}}
		info, err := buildinfo.ReadFile(p.Programs[name])
		if err != nil {
			return nil, fmt.Errorf("read what %s was linked from: %w", name, err)
		}
		var uses []string
		for _, c := range parts(info) {
			modules[c.BOMRef] = c
			uses = append(uses, c.BOMRef)
		}
		slices.Sort(uses)
		programs = append(programs, program)
		dependencies = append(dependencies, cdx.Dependency{Ref: program.BOMRef, Dependencies: &uses})
	}
	all := programs
	for _, ref := range slices.Sorted(maps.Keys(modules)) {
		all = append(all, modules[ref])
	}
	bom.Components, bom.Dependencies = &all, &dependencies
	unnumbered, err := encoded(bom)
	if err != nil {
		return nil, err
	}
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, append([]byte(Source), unnumbered...)).URN()
	return encoded(bom)
}

func encoded(bom *cdx.BOM) ([]byte, error) {
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).Encode(bom); err != nil {
		return nil, fmt.Errorf("write the list: %w", err)
	}
	return text.Bytes(), nil
}

// ours is a component under the project's own licence.
func ours(kind cdx.ComponentType, name string, v Version) cdx.Component {
	c := cdx.Component{
		Type: kind, Name: name, Version: v.Name,
		Licenses:           &cdx.Licenses{{License: &cdx.License{ID: License}}},
		ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: Source}},
	}
	if v.Revision != "" {
		c.Properties = &[]cdx.Property{{Name: "revision", Value: v.Revision}}
	}
	return c
}

// parts are the modules that a program was linked from, and Go's standard library.
func parts(info *debug.BuildInfo) []cdx.Component {
	list := []cdx.Component{library("std", strings.TrimPrefix(info.GoVersion, "go"), "")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		list = append(list, library(m.Path, m.Version, m.Sum))
	}
	return list
}

// library is a module. Its hash is go.sum's, which is a SHA-256 of the checksums of its files.
func library(path, version, sum string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: url, PackageURL: url, Name: path, Version: version}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:")); err == nil && len(raw) > 0 {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
	}
	return c
}
