package ampcontainer

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/testcontainers/testcontainers-go"
)

// Where the files of options lie in the container.
const (
	identityFile = "/etc/ampersand/identity.yaml"
	faultsFile   = "/etc/ampersand/faults.yaml"
)

// readable is the mode of those files: the emulator is not root in its container.
const readable = 0o444

// WithWorkspace has the emulator create a workspace at its start; more than one
// have an option each. [Container.Workspace] gives its id.
func WithWorkspace(alias string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		if alias == "" || strings.Contains(alias, ",") {
			return fmt.Errorf("alias %q: a workspace by option has one, without commas", alias)
		}
		return addTo(req, envWorkspace, "ws-"+uuid.NewString()+"="+alias)
	}
}

// WithRegion sets the region, the only one that signatures may be scoped to. It
// is [DefaultRegion] otherwise.
func WithRegion(region string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{envRegion: region})
}

// WithCredentials sets the account's root key, which may do everything. It is
// [DefaultAccessKeyID] with [DefaultSecretAccessKey] otherwise.
func WithCredentials(accessKeyID, secretAccessKey string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		if accessKeyID == "" || secretAccessKey == "" {
			return errors.New("credentials: an access key and a secret key are given together")
		}
		return testcontainers.WithEnv(map[string]string{envAccessKey: accessKeyID, envSecretKey: secretAccessKey})(req)
	}
}

// WithIdentity gives the emulator a YAML file of this machine that names users,
// roles, policies and OIDC providers.
func WithIdentity(hostFile string) testcontainers.CustomizeRequestOption {
	return withFile(hostFile, identityFile, envIdentity)
}

// WithQuota sets a quota of AMP's to another value than AMP's default, such as
// "active-series" to "1000"; "unlimited" is one too. `ampersand quotas` lists
// the names.
func WithQuota(name, value string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		if name == "" || value == "" || strings.ContainsAny(name+value, ",=") {
			return fmt.Errorf("quota %q=%q: a name and a value, such as active-series and 1000", name, value)
		}
		return addTo(req, envQuota, name+"="+value)
	}
}

// WithFaults gives the emulator a file of this machine with the fault rules that
// are in force from the start. [Container.SetFaults] changes them later.
func WithFaults(hostFile string) testcontainers.CustomizeRequestOption {
	return withFile(hostFile, faultsFile, envFaults)
}

// WithConsole opens the emulator's own pages and API, the tree /_ampersand/, to
// callers from outside the container. Who reaches its port may then see what
// passed through and forget all of it.
func WithConsole() testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{envConsoleOpen: "true"})
}

// withFile copies a file into the container and names it in a variable.
func withFile(hostFile, containerFile, variable string) testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		err := testcontainers.WithFiles(testcontainers.ContainerFile{
			HostFilePath: hostFile, ContainerFilePath: containerFile, FileMode: readable,
		})(req)
		if err != nil {
			return err
		}
		return testcontainers.WithEnv(map[string]string{variable: containerFile})(req)
	}
}

// addTo adds to a variable that is a list.
func addTo(req *testcontainers.GenericContainerRequest, variable, item string) error {
	if list := req.Env[variable]; list != "" {
		item = list + "," + item
	}
	return testcontainers.WithEnv(map[string]string{variable: item})(req)
}
