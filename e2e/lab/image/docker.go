package image

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// keepLoaded is how many states of an image stay in Docker.
const keepLoaded = 2

// LoadIntoDocker gives an image to the Docker engine that the docker command talks to, unless it has it already, and
// removes states of the same image that were used longest ago.
func LoadIntoDocker(ctx context.Context, img Image) error {
	if _, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", img.Ref()); err != nil {
		if out, err := docker(ctx, "load", "--input", img.Archive); err != nil {
			return fmt.Errorf("load the image %s into Docker: %w\n%s", img.Ref(), err, tail(out))
		}
	}
	// Docker notes when an image was tagged, not when it was loaded or used.
	if out, err := docker(ctx, "tag", img.Ref(), img.Ref()); err != nil {
		return fmt.Errorf("note that the image %s is in use: %w\n%s", img.Ref(), err, tail(out))
	}
	removeOld(ctx, img)
	return nil
}

// removeOld removes loaded states of an image that we made, but for the last ones. One that a container uses stays, as
// does one that cannot be removed for another reason: it is only space.
func removeOld(ctx context.Context, img Image) {
	if !strings.HasPrefix(img.Name, Repository+"/") {
		return
	}
	out, err := docker(ctx, "image", "ls", "--filter", "label="+Label+"="+img.Name, "--format", "{{.Repository}}:{{.Tag}}", img.Name)
	if err != nil {
		return
	}
	var loaded []string // lines of when and what
	for ref := range strings.FieldsSeq(out) {
		if when, err := docker(ctx, "image", "inspect", "--format", "{{.Metadata.LastTagTime.UnixNano}}", ref); err == nil && ref != img.Ref() {
			loaded = append(loaded, strings.TrimSpace(when)+" "+ref)
		}
	}
	slices.Sort(loaded)
	for _, old := range loaded[:max(0, len(loaded)-(keepLoaded-1))] {
		_, ref, _ := strings.Cut(old, " ")
		_, _ = docker(ctx, "image", "rm", ref)
	}
}

func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("docker %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// Install gives Docker an image whose name stays the same when its content changes, and calls it by further tags as well.
// What had the name before goes, unless something uses it.
func Install(ctx context.Context, img Image, tags ...string) error {
	const id = "{{.Id}}"
	before, errBefore := docker(ctx, "image", "inspect", "--format", id, img.Ref())
	if out, err := docker(ctx, "load", "--quiet", "--input", img.Archive); err != nil {
		return fmt.Errorf("load the image %s into Docker: %w\n%s", img.Ref(), err, tail(out))
	}
	for _, tag := range tags {
		if out, err := docker(ctx, "tag", img.Ref(), img.Name+":"+tag); err != nil {
			return fmt.Errorf("call the image %s by the tag %s: %w\n%s", img.Ref(), tag, err, tail(out))
		}
	}
	if after, err := docker(ctx, "image", "inspect", "--format", id, img.Ref()); err == nil && errBefore == nil && after != before {
		_, _ = docker(ctx, "image", "rm", strings.TrimSpace(before))
	}
	return nil
}
