package image

import (
	"context"
	"fmt"
	"strings"
)

// In is the reference of an image in a registry: the registry's name in the place of our repository's.
func (i Image) In(registry string) string {
	return strings.TrimSuffix(registry, "/") + strings.TrimPrefix(i.Ref(), Repository)
}

// Push gives an image to a registry, by way of the Docker engine that the docker command talks to, with its login.
func Push(ctx context.Context, img Image, registry string) error {
	if err := LoadIntoDocker(ctx, img); err != nil {
		return err
	}
	for _, args := range [][]string{{"tag", img.Ref(), img.In(registry)}, {"push", img.In(registry)}} {
		if out, err := docker(ctx, args...); err != nil {
			return fmt.Errorf("push the image %s: %w\n%s", img.In(registry), err, tail(out))
		}
	}
	return nil
}
