//go:build outside

package outside

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// heavy are modules that the lab, the program and the suites need, and that no
// project gets for using package emulator. An ending slash stands for all below.
var heavy = []string{
	"sigs.k8s.io/kind", "sigs.k8s.io/e2e-framework", "sigs.k8s.io/kustomize/", "sigs.k8s.io/controller-runtime",
	"k8s.io/api", "k8s.io/apiextensions-apiserver", "k8s.io/component-base", "k8s.io/streaming",
	"github.com/kedacore/", "github.com/testcontainers/", "github.com/docker/docker", "github.com/docker/cli", "github.com/moby/",
	"github.com/google/go-containerregistry", "github.com/spf13/", "github.com/cortexproject/", ampcontainer,
	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/",
}

// TestGoPackage is a project whose tests use package emulator.
func TestGoPackage(t *testing.T) {
	t.Parallel()
	p := newModule(t, map[string]string{ampersand: "."})
	p.copy("emulator/example_test.go", "scaler_test.go")
	p.run("mod", "tidy")

	modules := p.modules()
	require.Contains(t, modules, ampersand)
	for _, module := range modules {
		for _, name := range heavy {
			require.False(t, module == name || strings.HasSuffix(name, "/") && strings.HasPrefix(module, name),
				"the project's go.mod requires %s:\n%s", module, p.read("go.mod"))
		}
	}
	// What there is of Kubernetes comes with Prometheus's own packages.
	imports := p.run("list", "-deps", "-f", `{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}`, ampersand+"/emulator")
	require.Contains(t, imports, " k8s.io/client-go/")
	for line := range strings.Lines(imports) {
		if strings.HasPrefix(line, ampersand) {
			require.NotContains(t, line, " k8s.io/")
		}
	}
	p.run("vet", "./...")
	out := p.run("test", "-v", "-count=1", "./...")
	p.passed(out, "TestThreeLines", "Example_remoteWrite", "Example_query", "Example_sdk", "Example_faults")
	t.Logf("%d modules in go.mod", len(modules))
}
