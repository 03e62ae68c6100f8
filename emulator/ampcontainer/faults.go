package ampcontainer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/testcontainers/testcontainers-go/exec"
)

// newFaultsFile is where SetFaults puts rules for the program to read.
const newFaultsFile = "/etc/ampersand/faults-now.yaml"

// SetFaults puts fault rules, a list in YAML or JSON, in place of all that there
// are; they are in force when it returns. An empty list ends all faults. The
// rules are described in docs/faults.md of Ampersand.
func (c *Container) SetFaults(ctx context.Context, rules string) error {
	if strings.TrimSpace(rules) == "" {
		return errors.New("set fault rules: there is no list; an empty one is []")
	}
	if err := c.CopyToContainer(ctx, []byte(rules), newFaultsFile, readable); err != nil {
		return fmt.Errorf("set fault rules: %w", err)
	}
	code, out, err := c.Exec(ctx, []string{"ampersand", "faults", "put", newFaultsFile}, exec.Multiplexed())
	if err != nil {
		return fmt.Errorf("set fault rules: %w", err)
	}
	said, err := io.ReadAll(out)
	if err != nil {
		return fmt.Errorf("set fault rules: %w", err)
	}
	if code != 0 {
		return fmt.Errorf("set fault rules: %s", strings.TrimSpace(string(said)))
	}
	return nil
}
