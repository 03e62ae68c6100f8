package kind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// clusterLabel is kind's own label on its containers.
	clusterLabel = "io.x-k8s.kind.cluster"
	// ownerLabel is ours on networks, which are made before a cluster's containers and removed after them.
	ownerLabel = "ampersand.owner"
	// networkTimeout bounds the making of a network.
	networkTimeout = 30 * time.Second
	// killDelay is how long an ended docker command may hold its output open.
	killDelay = 5 * time.Second
)

// docker runs the docker program, as kind does, so that both always mean the same daemon.
func docker(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.WaitDelay = killDelay
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return stdout.Bytes(), fmt.Errorf("docker %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// words runs a docker command that answers with a list of names.
func words(ctx context.Context, args ...string) ([]string, error) {
	out, err := docker(ctx, args...)
	return strings.Fields(string(out)), err
}

// createNetwork makes a cluster's own network. kind takes a network that exists as it is. It does not end with its context,
// as nobody would know then whether Docker has made it all the same.
func createNetwork(ctx context.Context, name, owner string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), networkTimeout)
	defer cancel()
	args := []string{"network", "create", "--driver", "bridge", "--label", ownerLabel + "=" + owner}
	// A daemon that was told a smaller packet size uses it for its own network only.
	if mtu, err := words(ctx, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.driver.mtu"}}`); err == nil && len(mtu) == 1 {
		args = append(args, "--opt", "com.docker.network.driver.mtu="+mtu[0])
	}
	if _, err := docker(ctx, append(args, name)...); err != nil {
		return fmt.Errorf("make the cluster's network: %w", err)
	}
	return nil
}

// nodesOf returns the containers of a cluster, stopped ones too.
func nodesOf(ctx context.Context, name string) ([]string, error) {
	return words(ctx, "ps", "--all", "--quiet", "--filter", "label="+clusterLabel+"="+name)
}

// removeNodes removes the containers of a cluster with their volumes.
func removeNodes(ctx context.Context, name string) error {
	nodes, err := nodesOf(ctx, name)
	if err != nil || len(nodes) == 0 {
		return err
	}
	_, err = docker(ctx, append([]string{"rm", "--force", "--volumes"}, nodes...)...)
	return err
}

// remove removes all of a cluster. It looks again until nothing is left: a removal may be under way already, and a network
// lets its containers go a moment after they have ended.
func remove(ctx context.Context, name string) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, removeTimeout, true, func(ctx context.Context) (bool, error) {
		err := removeOnce(ctx, name)
		if last == nil || ctx.Err() == nil { // the end of the time is not the reason
			last = err
		}
		return err == nil, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}

func removeOnce(ctx context.Context, name string) error {
	if err := removeNodes(ctx, name); err != nil {
		return err
	}
	networks, err := words(ctx, "network", "ls", "--quiet", "--filter", "label="+ownerLabel, "--filter", "name=^"+name+"$")
	if err != nil || len(networks) == 0 {
		return err
	}
	_, err = docker(ctx, append([]string{"network", "rm"}, networks...)...)
	return err
}
