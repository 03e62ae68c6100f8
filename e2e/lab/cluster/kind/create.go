package kind

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"
)

// networkVariable is how kind is told the Docker network of its nodes: it has no option for it.
const networkVariable = "KIND_EXPERIMENTAL_DOCKER_NETWORK"

const (
	// abandonTimeout bounds the wait for kind to notice that its container is gone.
	abandonTimeout = 45 * time.Second
	// logsTimeout bounds the collecting of logs of a node that did not come up.
	logsTimeout = 30 * time.Second
	// outputLines is how much of a failed command's output an error holds.
	outputLines = 15
)

// Create implements the provider: it makes the cluster, waits until its node is ready, and returns the kubeconfig's path.
// After an error nothing is left of it.
//
// kind learns of our network from a variable of this process's environment, which is set while kind works. A process must
// therefore create one cluster at a time.
func (c *Cluster) Create(ctx context.Context, args ...string) (string, error) {
	if len(args) > 0 {
		return "", fmt.Errorf("create the cluster %s: there is no kind program that could take %q", c.config.Name, args)
	}
	return c.create(ctx, cluster.CreateWithV1Alpha4Config(c.clusterConfig(ctx)))
}

// CreateWithConfig implements the provider: as Create, with a file of kind's instead of our settings.
func (c *Cluster) CreateWithConfig(ctx context.Context, configFile string) (string, error) {
	return c.create(ctx, cluster.CreateWithConfigFile(configFile))
}

func (c *Cluster) create(ctx context.Context, config cluster.CreateOption) (string, error) {
	if err := c.prepare(ctx); err != nil {
		return "", fmt.Errorf("create the cluster %s: %w", c.config.Name, err)
	}
	err := c.run(ctx, config)
	if err == nil {
		return c.config.Kubeconfig, nil
	}
	// The context may have ended. What was made has to go all the same.
	removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	return "", errors.Join(fmt.Errorf("create the cluster %s: %w", c.config.Name, err), c.Destroy(removing))
}

// prepare does what comes before kind. The network is made last: once it is there, all of this name is ours.
func (c *Cluster) prepare(ctx context.Context) error {
	if c.config.Kubeconfig == "" {
		// kind would write into the person's.
		return errors.New("no path for the kubeconfig is set")
	}
	if err := os.MkdirAll(filepath.Dir(c.config.Kubeconfig), 0o755); err != nil {
		return fmt.Errorf("make the kubeconfig's folder: %w", err)
	}
	if err := c.haveImage(ctx); err != nil {
		return err
	}
	nodes, err := nodesOf(ctx, c.config.Name)
	if err != nil {
		return fmt.Errorf("look for clusters of this name: %w", err)
	}
	if len(nodes) > 0 {
		return errors.New("there is one of this name already, which stays as it is")
	}
	return createNetwork(ctx, c.config.Name, c.config.Owner)
}

func (c *Cluster) run(ctx context.Context, config cluster.CreateOption) error {
	err := c.runKind(ctx, config,
		cluster.CreateWithNodeImage(c.config.Image),
		cluster.CreateWithKubeconfigPath(c.config.Kubeconfig),
		cluster.CreateWithRetain(true), // its logs are read before it is removed
	)
	if err == nil {
		err = c.finish(ctx)
	}
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(err, c.saveLogs(ctx))
	}
	return err
}

// finish is what kind leaves to do. It waits by itself, as kind's own wait asks without a pause, and reports a node that
// did not get ready as a success.
func (c *Cluster) finish(ctx context.Context) error {
	if err := c.connect(); err != nil {
		return err
	}
	if err := c.setUpDNS(ctx); err != nil {
		return err
	}
	if err := c.checkVersion(ctx); err != nil {
		return err
	}
	return waitNodes(ctx, c.rest)
}

// haveImage sees to it that Docker has the node image. A published one is pulled here rather than by kind, which cannot
// be stopped while it pulls.
func (c *Cluster) haveImage(ctx context.Context) error {
	_, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", c.config.Image)
	if err == nil {
		return nil
	}
	if c.config.Built != nil {
		return fmt.Errorf("look for the node image %s, which should have been built: %w", c.config.Image, err)
	}
	c.config.Logf("pulling %s", c.config.Image)
	if _, err := docker(ctx, "pull", "--quiet", c.config.Image); err != nil {
		return fmt.Errorf("pull the node image: %w", err)
	}
	return nil
}

// runKind lets kind make the cluster. kind takes no context: when ours ends, the node is removed, upon which kind's
// commands fail one after the other, until kind has given up.
func (c *Cluster) runKind(ctx context.Context, options ...cluster.CreateOption) error {
	done := make(chan error, 1)
	go func() {
		restore := setEnv(networkVariable, c.config.Name)
		defer restore()
		done <- withOutput(c.provider.Create(c.config.Name, options...))
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	if !errors.Is(cause, context.Canceled) {
		cause = errors.Join(cause, c.saveLogs(ctx))
	}
	abandoned, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		err := removeNodes(abandoned, c.config.Name)
		select {
		case err := <-done:
			c.config.Logger.Debug("kind has given up", "error", err)
			return cause
		case <-abandoned.Done():
			return errors.Join(cause, errors.New("kind still works on it"), err)
		case <-again.C:
		}
	}
}

// saveLogs keeps what the node has to say, if there is one.
func (c *Cluster) saveLogs(ctx context.Context) error {
	if c.config.Logs == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logsTimeout)
	defer cancel()
	if nodes, err := nodesOf(ctx, c.config.Name); err != nil || len(nodes) == 0 {
		return err
	}
	return c.ExportLogs(ctx, filepath.Join(c.config.Logs, "node"))
}

// withOutput adds the end of what the failed command said to kind's error, which only names the command.
func withOutput(err error) error {
	failed := exec.RunErrorForError(err)
	if failed == nil || len(failed.Output) == 0 {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(failed.Output)), "\n")
	return fmt.Errorf("%w:\n%s", err, strings.Join(lines[max(0, len(lines)-outputLines):], "\n"))
}

// setEnv sets a variable of this process's environment and returns what puts it back.
func setEnv(key, value string) (restore func()) {
	old, was := os.LookupEnv(key)
	_ = os.Setenv(key, value)
	if was {
		return func() { _ = os.Setenv(key, old) }
	}
	return func() { _ = os.Unsetenv(key) }
}
