package ampcontainer_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/testcontainers/testcontainers-go"
)

// imageVariable names the image that the tests run; `make test-ampcontainer`
// sets it.
const imageVariable = "AMPERSAND_IMAGE"

// TestMain wants a daemon and the image: without them there is nothing that
// these tests could show, and a skip would look like a pass.
func TestMain(m *testing.M) {
	if err := ready(context.Background(), os.Getenv(imageVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func ready(ctx context.Context, image string) error {
	if image == "" {
		return fmt.Errorf("%s is not set to an image: `make image` makes one, `make test-ampcontainer %s=ampersand:latest` tests with it", imageVariable, imageVariable)
	}
	daemon, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return fmt.Errorf("no Docker daemon answers, and these tests need one (DOCKER_HOST says where it is): %w", err)
	}
	defer func() { _ = daemon.Close() }()
	if _, err := daemon.ImageInspect(ctx, image); err != nil {
		return fmt.Errorf("the Docker daemon has no image %s; `make image` makes ampersand:latest: %w", image, err)
	}
	return nil
}
