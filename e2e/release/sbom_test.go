package release_test

import (
	"bytes"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/release"
)

// decoded is a list as its readers read it.
func decoded(t *testing.T, text []byte) *cdx.BOM {
	t.Helper()
	bom := new(cdx.BOM)
	require.NoError(t, cdx.NewBOMDecoder(bytes.NewReader(text), cdx.BOMFileFormatJSON).Decode(bom))
	return bom
}

// The list of a program has every module that it was linked from, with the hash of go.sum.
func TestSBOM(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "tested")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./testdata/tested").CombinedOutput()
	require.NoError(t, err, string(out))
	info, err := buildinfo.ReadFile(program)
	require.NoError(t, err)
	gosum, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	require.Len(t, info.Deps, 2)
	p := release.Product{Platform: linux("amd64"), Programs: build.Programs{"tested": program}}
	text, err := release.SBOM(smallVersion(), p)
	require.NoError(t, err)
	again, err := release.SBOM(smallVersion(), p)
	require.NoError(t, err)
	require.Equal(t, text, again, "the list has no clock and no chance in it")

	bom := decoded(t, text)
	require.Equal(t, cdx.SpecVersion1_6, bom.SpecVersion)
	require.Regexp(t, "^urn:uuid:[0-9a-f-]{36}$", bom.SerialNumber)
	require.Equal(t, "2027-01-31T00:00:00Z", bom.Metadata.Timestamp)
	require.Equal(t, "v1.2.3", bom.Metadata.Component.Version)
	byRef := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		byRef[c.BOMRef] = c
	}
	require.Equal(t, "Apache-2.0", (*byRef["program:tested"].Licenses)[0].License.ID)
	require.Len(t, (*byRef["program:tested"].Hashes)[0].Value, 64)
	require.Len(t, byRef, len(info.Deps)+2, "the modules, Go and the program")
	for _, m := range info.Deps {
		c, listed := byRef["pkg:golang/"+m.Path+"@"+m.Version]
		require.True(t, listed, m.Path)
		require.Equal(t, cdx.ComponentTypeLibrary, c.Type)
		raw, err := hex.DecodeString((*c.Hashes)[0].Value)
		require.NoError(t, err)
		require.Contains(t, string(gosum), m.Path+" "+m.Version+" h1:"+base64.StdEncoding.EncodeToString(raw)+"\n")
	}
	require.Contains(t, byRef, "pkg:golang/std@"+strings.TrimPrefix(info.GoVersion, "go"))
	uses := (*bom.Dependencies)[0]
	require.Equal(t, "program:tested", uses.Ref)
	require.Len(t, *uses.Dependencies, len(info.Deps)+1)
}

func TestSBOMOfWhatIsNoProgram(t *testing.T) {
	t.Parallel()
	_, err := release.SBOM(smallVersion(), release.Product{Programs: build.Programs{"tested": "sbom_test.go"}})
	require.ErrorContains(t, err, "read what tested was linked from")
	_, err = release.SBOM(smallVersion(), release.Product{Programs: build.Programs{"tested": "/nowhere"}})
	require.ErrorContains(t, err, "/nowhere")
}
