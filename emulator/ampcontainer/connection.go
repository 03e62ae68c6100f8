package ampcontainer

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// BaseURL is the emulator's address as it is reached from this machine, without
// a slash at its end: the AWS SDKs' endpoint URL. From a container in the same
// network it is http://NAME:2677 with the container's alias there.
func (c *Container) BaseURL(ctx context.Context) (string, error) {
	url, err := c.PortEndpoint(ctx, port, "http")
	if err != nil {
		return "", fmt.Errorf("address of ampersand: %w", err)
	}
	return url, nil
}

// Workspace returns the id of the workspace that [WithWorkspace] made.
func (c *Container) Workspace(_ context.Context, alias string) (string, error) {
	aliases := make([]string, 0, len(c.workspaces))
	for _, ws := range c.workspaces {
		if ws.alias == alias {
			return ws.id, nil
		}
		aliases = append(aliases, ws.alias)
	}
	return "", fmt.Errorf("ampersand was not started with a workspace %q, but with [%s]: give Run the option WithWorkspace(%q)",
		alias, strings.Join(aliases, " "), alias)
}

// QueryURL is the address of a workspace's Prometheus API, for client_golang's
// api.Config.Address, KEDA's serverAddress or Grafana's URL: clients append
// /api/v1/query to it. The workspace is one of [WithWorkspace].
func (c *Container) QueryURL(ctx context.Context, alias string) (string, error) {
	id, err := c.Workspace(ctx, alias)
	if err != nil {
		return "", err
	}
	base, err := c.BaseURL(ctx)
	if err != nil {
		return "", err
	}
	return base + "/workspaces/" + id, nil
}

// RemoteWriteURL takes remote write requests for a workspace of [WithWorkspace].
func (c *Container) RemoteWriteURL(ctx context.Context, alias string) (string, error) {
	url, err := c.QueryURL(ctx, alias)
	if err != nil {
		return "", err
	}
	return url + "/api/v1/remote_write", nil
}

// ConsoleURL is the address of the emulator's own pages. From this machine they
// answer only with [WithConsole].
func (c *Container) ConsoleURL(ctx context.Context) (string, error) {
	base, err := c.BaseURL(ctx)
	if err != nil {
		return "", err
	}
	return base + "/_ampersand/", nil
}

// Region is the only region that signatures may be scoped to.
func (c *Container) Region() string { return c.region }

// AccessKeyID is that of the account's root key.
func (c *Container) AccessKeyID() string { return c.accessKeyID }

// SecretAccessKey is that of the account's root key.
func (c *Container) SecretAccessKey() string { return c.secretAccessKey }

// AWSConfig is a configuration for AWS's clients that signs with the root key
// and points at the emulator. It reads nothing of the environment.
func (c *Container) AWSConfig(ctx context.Context) (aws.Config, error) {
	base, err := c.BaseURL(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	key := aws.Credentials{AccessKeyID: c.accessKeyID, SecretAccessKey: c.secretAccessKey, Source: "ampcontainer"}
	return aws.Config{
		Region:       c.region,
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
		BaseEndpoint: aws.String(base),
	}, nil
}
