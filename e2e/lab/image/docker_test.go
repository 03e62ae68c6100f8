package image_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ampersand-amp/ampersand/e2e/lab/image"
)

func TestLoadedOnlyWhenMissing(t *testing.T) {
	s := newStandIns(t, "docker")
	img := image.Image{Name: "ampersand/hello", Tag: "new", Archive: "/cache/hello.tar"}
	s.write(t, "images/ampersand_hello@new", "9")
	require.NoError(t, image.LoadIntoDocker(t.Context(), img))
	require.Zero(t, s.calls(t, "docker load"))
	require.Equal(t, 1, s.calls(t, "docker tag ampersand/hello:new ampersand/hello:new"), "it was used now")

	img.Tag = "newer"
	require.NoError(t, image.LoadIntoDocker(t.Context(), img))
	require.Equal(t, 1, s.calls(t, "docker load --input /cache/hello.tar"))
}

func TestStatesUsedLongAgoAreRemoved(t *testing.T) {
	s := newStandIns(t, "docker")
	for tag, loaded := range map[string]string{"b": "1700000000000000002", "a": "1700000000000000003", "c": "1700000000000000001"} {
		s.write(t, "images/ampersand_hello@"+tag, loaded)
	}
	require.NoError(t, image.LoadIntoDocker(t.Context(), image.Image{Name: "ampersand/hello", Tag: "new"}))
	require.Equal(t, 1, s.calls(t, "docker image ls --filter label="+image.Label+"=ampersand/hello"))
	require.Equal(t, 2, s.calls(t, "docker image rm"))
	require.Equal(t, 1, s.calls(t, "docker image rm ampersand/hello:b"))
	require.Equal(t, 1, s.calls(t, "docker image rm ampersand/hello:c"))
}

func TestImagesOfOthersAreLeftAlone(t *testing.T) {
	s := newStandIns(t, "docker")
	for _, tag := range []string{"1", "2", "3"} {
		s.write(t, "images/somebody_hello@"+tag, tag)
	}
	require.NoError(t, image.LoadIntoDocker(t.Context(), image.Image{Name: "somebody/hello", Tag: "new"}))
	require.Zero(t, s.calls(t, "docker image rm"))
}

func TestDockersComplaintIsShown(t *testing.T) {
	s := newStandIns(t, "docker")
	s.write(t, "load-fails", "no space left on device")
	err := image.LoadIntoDocker(t.Context(), image.Image{Name: "ampersand/hello", Tag: "new", Archive: "x.tar"})
	require.ErrorContains(t, err, "load the image ampersand/hello:new into Docker")
	require.ErrorContains(t, err, "no space left on device")
}
