package lab

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// Both ways of getting images serve the same manifests: every name that a manifest asks for has an image in each.
func TestImagesHaveTheSameNames(t *testing.T) {
	t.Parallel()
	for _, kubernetes := range components.KubernetesMinors() {
		for _, keda := range components.KEDAMinors() {
			release := components.Release{Kubernetes: kubernetes, KEDA: keda}
			t.Run(release.String(), func(t *testing.T) {
				t.Parallel()
				public, err := (&Lab{options: Options{Release: release}}).releaseImages()
				require.NoError(t, err)
				require.NotEmpty(t, public[nodeImage])

				programs := map[string]string{}
				for _, c := range release.Kind() {
					for name := range c.Programs {
						programs[name] = "/" + name
					}
				}
				built, err := image.Components(programs)
				require.NoError(t, err)
				ours := map[string]bool{}
				for _, spec := range built {
					ours[spec.Name] = true
				}
				for theirs, name := range kedaImages() {
					require.Contains(t, public, theirs)
					require.True(t, ours["ampersand/"+name], "%s is not built", name)
					delete(ours, "ampersand/"+name)
				}
				own, err := image.Own(programs)
				require.NoError(t, err)
				for _, spec := range own {
					require.True(t, ours[spec.Name], "%s is not built in the built way", spec.Name)
					delete(ours, spec.Name) // nobody publishes it: it is built in either way
				}
				for name := range ours {
					require.Contains(t, public, name, "nobody publishes it, and it is not built in the published way")
				}
			})
		}
	}
}

func TestReleaseImagesOfUnknownVersions(t *testing.T) {
	t.Parallel()
	_, err := (&Lab{options: Options{Release: components.Release{Kubernetes: "1.2", KEDA: "2.21"}}}).releaseImages()
	require.ErrorContains(t, err, "E2E_IMAGES=built")
}

func TestClusterName(t *testing.T) {
	t.Parallel()
	l := &Lab{state: "/tmp/" + statePattern + "1234"}
	require.Equal(t, "ampersand-1234", l.clusterName())
	l.options.Keep = true
	require.Equal(t, "ampersand-keep-1234", l.clusterName())
	l.options.Artifacts = "/artifacts"
	require.Equal(t, "/artifacts/ampersand-keep-1234.kubeconfig", l.kubeconfigPath(), "it outlives the lab's state")
}

// A cluster is left alone as long as its lab lives.
func TestClusterAlive(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	dir, release, err := newState(temp)
	require.NoError(t, err)
	name := (&Lab{state: dir}).clusterName()
	require.True(t, clusterAlive(name))
	release()
	require.False(t, clusterAlive(name))
	require.False(t, clusterAlive("ampersand-gone"))
}
