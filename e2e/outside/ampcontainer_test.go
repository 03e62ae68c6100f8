//go:build outside && docker

package outside

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestContainerModule is a project whose tests run the emulator's image through
// testcontainers-go. It knows no other module of this repository.
func TestContainerModule(t *testing.T) {
	require.NotEmpty(t, os.Getenv("AMPERSAND_IMAGE"), "AMPERSAND_IMAGE names the image: make image, then make test-ampcontainer AMPERSAND_IMAGE=ampersand:latest")
	p := newModule(t, map[string]string{ampcontainer: "emulator/ampcontainer"})
	p.copy("e2e/outside/testdata/container/container_test.go", "scaler_test.go")
	// The clients, in the versions that this repository has.
	here := project{t, repository(t)}
	for _, client := range []string{
		"github.com/aws/aws-sdk-go-v2/service/amp", "github.com/prometheus/client_golang", "github.com/prometheus/client_golang/exp",
		"github.com/prometheus/common", "github.com/prometheus/sigv4", "github.com/stretchr/testify",
	} {
		p.run("mod", "edit", "-require", strings.ReplaceAll(strings.TrimSpace(here.run("list", "-m", client)), " ", "@"))
	}
	p.run("mod", "tidy")
	modules := p.modules()
	require.Contains(t, modules, ampcontainer)
	for _, module := range modules {
		require.NotEqual(t, ampersand, module)
		require.NotEqual(t, "github.com/prometheus/prometheus", module)
		require.False(t, strings.HasPrefix(module, "k8s.io/"), "the project's go.mod requires %s", module)
	}
	p.run("vet", "./...")
	out := p.run("test", "-v", "-count=1", "./...")
	p.passed(out, "TestContainer")
	t.Logf("%d modules in go.mod", len(modules))
}
