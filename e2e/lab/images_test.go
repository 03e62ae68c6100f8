package lab

import (
	"fmt"
	"os"
	"path/filepath"
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

// What auto chooses depends on what Docker says of itself, and on whether it gets the published node image.
func TestChooseImages(t *testing.T) {
	const pulls, fails = "exit 0", "echo no route to the registry >&2; exit 1"
	const online, offline = `{"ServerVersion":"28","Labels":[]}`, `{"ServerVersion":"28","Labels":["ampersand.offline=true"]}`
	tests := map[string]struct {
		asked               Images
		info, inspect, pull string
		want                Images
		why                 string
	}{
		"asked for built":          {ImagesBuilt, online, pulls, pulls, ImagesBuilt, "E2E_IMAGES"},
		"asked for published":      {ImagesPublished, offline, fails, fails, ImagesPublished, "E2E_IMAGES"},
		"no registry by label":     {ImagesAuto, offline, pulls, pulls, ImagesBuilt, "ampersand.offline=true"},
		"it is there already":      {ImagesAuto, online, pulls, fails, ImagesPublished, "has the published node image"},
		"it can be pulled":         {ImagesAuto, online, fails, pulls, ImagesPublished, "has the published node image"},
		"no registry that answers": {ImagesAuto, online, fails, fails, ImagesBuilt, "no route to the registry"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			script := fmt.Sprintf("#!/bin/sh\ncase $1 in\ninfo) echo '%s' ;;\nimage) %s ;;\npull) %s ;;\nesac\n", tc.info, tc.inspect, tc.pull)
			require.NoError(t, os.WriteFile(filepath.Join(bin, "docker"), []byte(script), 0o700))
			t.Setenv("PATH", bin+":/usr/bin:/bin")
			l := &Lab{options: Options{Images: tc.asked, Release: components.DefaultRelease(), Logf: t.Logf}}
			got, why := l.chooseImages(t.Context())
			require.Equal(t, tc.want, got)
			require.Contains(t, why, tc.why)
		})
	}
}
