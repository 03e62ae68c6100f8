package image_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

func TestPush(t *testing.T) {
	s := newStandIns(t, "docker")
	img := image.Image{Name: "ampersand/load", Tag: "abc", Archive: "/cache/load.tar"}
	require.NoError(t, image.Push(t.Context(), img, "registry.example.org/team/"))
	require.Equal(t, 1, s.calls(t, "docker load --input /cache/load.tar"))
	require.Equal(t, 1, s.calls(t, "docker tag ampersand/load:abc registry.example.org/team/load:abc"))
	require.Equal(t, 1, s.calls(t, "docker push registry.example.org/team/load:abc"))
	require.Equal(t, "ampersand/load:abc", img.In("ampersand"), "as it is in the node of a lab")

	s.write(t, "load-fails", "no space left on device")
	require.ErrorContains(t, image.Push(t.Context(), image.Image{Name: "ampersand/ho11y", Tag: "abc"}, "registry.example.org"), "no space left on device")
}
