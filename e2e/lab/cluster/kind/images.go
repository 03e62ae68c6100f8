package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// LoadImage implements the provider: it copies images from Docker into the node, more as further arguments. Together they
// are one archive, in which what they share is there once.
func (c *Cluster) LoadImage(ctx context.Context, image string, more ...string) error {
	images := append([]string{image}, more...)
	archive, written := io.Pipe()
	saved := make(chan error, 1)
	go func() {
		err := save(ctx, written, images)
		_ = written.CloseWithError(err)
		saved <- err
	}()
	err := c.load(archive)
	// Whatever is not read any more ends docker save too.
	_ = archive.CloseWithError(io.ErrClosedPipe)
	if err := errors.Join(<-saved, err); err != nil {
		return fmt.Errorf("load %v into the node: %w", images, err)
	}
	return nil
}

// LoadImageArchive implements the provider: it loads a file that docker save or a builder has written.
func (c *Cluster) LoadImageArchive(ctx context.Context, path string, _ ...string) error {
	archive, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("load images into the node: %w", err)
	}
	defer func() { _ = archive.Close() }()
	if err := c.load(untilDone{ctx, archive}); err != nil {
		return fmt.Errorf("load %s into the node: %w", path, err)
	}
	return nil
}

// load gives an archive to the node's containerd.
func (c *Cluster) load(archive io.Reader) error {
	nodes, err := c.provider.ListInternalNodes(c.config.Name)
	if err != nil {
		return fmt.Errorf("look for the node: %w", err)
	}
	if len(nodes) != 1 {
		return fmt.Errorf("there are %d nodes, not one", len(nodes))
	}
	return withOutput(nodeutils.LoadImageArchive(nodes[0], archive))
}

// save lets Docker write images.
func save(ctx context.Context, to io.Writer, images []string) error {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"save"}, images...)...)
	cmd.WaitDelay = killDelay
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = to, &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("docker save: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return nil
}

// untilDone ends a reader with its context: kind's loading takes none.
type untilDone struct {
	ctx context.Context
	io.Reader
}

// Read implements io.Reader.
func (r untilDone) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
