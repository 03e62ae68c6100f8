// Package ampcontainer is a module for testcontainers-go: it runs Ampersand, a
// local Amazon Managed Service for Prometheus, in a container.
//
//	ctr, err := ampcontainer.Run(ctx, "ampersand:latest", ampcontainer.WithWorkspace("AMP-KEDA"))
//	testcontainers.CleanupContainer(t, ctr)
//	require.NoError(t, err)
//	url, err := ctr.QueryURL(ctx, "AMP-KEDA")
//
// It is for programs that live in containers themselves, and for tests that are
// to meet the emulator as others run it. A Go test that needs neither is faster
// with package emulator, which starts one within the test's process.
package ampcontainer

import (
	"context"
	"fmt"
	"strings"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// port is the one that the emulator listens on, for everything.
const port = "2677/tcp"

// The settings of `ampersand serve` in the environment. What is not set has
// the value that the program has by itself.
const (
	envListen      = "AMPERSAND_LISTEN"
	envWorkspace   = "AMPERSAND_WORKSPACE"
	envQuota       = "AMPERSAND_QUOTA"
	envIdentity    = "AMPERSAND_IDENTITY"
	envFaults      = "AMPERSAND_FAULTS"
	envConsoleOpen = "AMPERSAND_CONSOLE_OPEN"
	envRegion      = "AWS_REGION"
	envAccessKey   = "AWS_ACCESS_KEY_ID"
	envSecretKey   = "AWS_SECRET_ACCESS_KEY" //nolint:gosec // the name of a variable
)

// What the emulator takes for what nobody has set. The key is the one that AWS
// prints in its documentation.
const (
	DefaultRegion          = "us-east-1"
	DefaultAccessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	DefaultSecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// Container is a container in which the emulator runs.
type Container struct {
	testcontainers.Container
	region, accessKeyID, secretAccessKey string
	workspaces                           []workspace
}

// workspace is one that the emulator was started with.
type workspace struct{ id, alias string }

// Run starts the emulator's image, which `make image` of Ampersand makes, and
// returns when it is ready to serve. On an error the container is returned as
// far as there is one, so that it can be terminated.
func Run(ctx context.Context, img string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	moduleOpts := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(port),
		testcontainers.WithEnv(map[string]string{
			envListen: "0.0.0.0:" + strings.TrimSuffix(port, "/tcp"),
		}),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/-/ready").WithPort(port)),
	}
	moduleOpts = append(moduleOpts, opts...)

	ctr, err := testcontainers.Run(ctx, img, moduleOpts...)
	var c *Container
	if ctr != nil {
		c = &Container{Container: ctr}
	}
	if err != nil {
		return c, fmt.Errorf("run ampersand: %w", err)
	}
	// Asked of the container and not of the options, this is right for one that is
	// reused, and whichever way its environment was set.
	inspect, err := ctr.Inspect(ctx)
	if err != nil {
		return c, fmt.Errorf("run ampersand: inspect the container: %w", err)
	}
	c.read(inspect.Config.Env)
	return c, nil
}

// read takes the settings that clients need from the container's environment.
func (c *Container) read(env []string) {
	c.region, c.accessKeyID, c.secretAccessKey = DefaultRegion, DefaultAccessKeyID, DefaultSecretAccessKey
	for _, variable := range env {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" {
			continue // which is as if it were not set
		}
		switch name {
		case envRegion:
			c.region = value
		case envAccessKey:
			c.accessKeyID = value
		case envSecretKey:
			c.secretAccessKey = value
		case envWorkspace:
			for spec := range strings.SplitSeq(value, ",") {
				id, alias, _ := strings.Cut(spec, "=")
				c.workspaces = append(c.workspaces, workspace{id, alias})
			}
		}
	}
}
