package kind

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// egressChain is the chain of our node image that lets nothing leave Docker's network.
const egressChain = "NODE-EGRESS"

// serviceNetwork is where kind's Services have their addresses.
const serviceNetwork = "10.96.0.0/16"

// Egress is what the node's guard has counted.
type Egress struct {
	// InForce tells whether the chain refuses what it does not let pass, and is asked for packets of the node itself and for
	// those of its pods.
	InForce bool
	// Packets and Bytes were refused.
	Packets, Bytes uint64
	// ToServices are those of Packets that were for a Service's address: kube-proxy did not know it yet, or no more.
	ToServices uint64
}

// EgressCounters reads the guard of a node that was built here.
func (c *Cluster) EgressCounters(ctx context.Context) (Egress, error) {
	if c.config.Built == nil {
		return Egress{}, errors.New("a published node image has no egress guard")
	}
	out, err := docker(ctx, "exec", "--privileged", c.node(), "iptables", "-w", "-nvxL", egressChain)
	if err != nil {
		return Egress{}, fmt.Errorf("read the node's egress guard: %w", err)
	}
	egress, err := ParseEgress(string(out))
	if err != nil {
		return Egress{}, fmt.Errorf("read the node's egress guard: %w", err)
	}
	return egress, nil
}

// ParseEgress reads the answer of `iptables -nvxL NODE-EGRESS`.
func ParseEgress(text string) (Egress, error) {
	var egress Egress
	var asked int
	lines := strings.Split(text, "\n")
	if _, err := fmt.Sscanf(lines[0], "Chain "+egressChain+" (%d references)", &asked); err != nil {
		return Egress{}, fmt.Errorf("%q is not the head of the chain: %w", lines[0], err)
	}
	refuses := false
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		if len(fields) < 3 || (fields[2] != "REJECT" && fields[2] != "DROP") {
			continue
		}
		packets, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return Egress{}, fmt.Errorf("%q counts no packets: %w", line, err)
		}
		size, err := strconv.ParseUint(fields[1], 10, 64)
		if err != nil {
			return Egress{}, fmt.Errorf("%q counts no bytes: %w", line, err)
		}
		egress.Packets += packets
		toServices := len(fields) > 8 && fields[8] == serviceNetwork
		if toServices {
			egress.ToServices += packets
		}
		egress.Bytes += size
		refuses = refuses || !toServices
	}
	egress.InForce = refuses && asked >= 2
	return egress, nil
}
