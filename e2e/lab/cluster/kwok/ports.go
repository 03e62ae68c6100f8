package kwok

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// ports are the loopback ports of one cluster, chosen free.
type ports struct {
	etcdClient, etcdPeer, apiserver, controllerManager, scheduler, kwok int
}

// FreePorts returns n different TCP ports of 127.0.0.1 that nothing listened on a moment ago.
func FreePorts(ctx context.Context, n int) ([]int, error) {
	list := make([]int, n)
	for i := range list {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// Held until all are chosen, so that none is chosen twice.
		defer func() { _ = l.Close() }()
		list[i] = l.Addr().(*net.TCPAddr).Port
	}
	return list, nil
}

func choosePorts(ctx context.Context) (ports, error) {
	p, err := FreePorts(ctx, 6)
	if err != nil {
		return ports{}, err
	}
	return ports{p[0], p[1], p[2], p[3], p[4], p[5]}, nil
}

// podNetwork is a /16 of loopback addresses for the pods of one cluster. On Linux every address of 127.0.0.0/8 can be
// listened on without any set-up and without root.
type podNetwork struct {
	CIDR string
	// claim is held open so that another cluster on this machine takes another network.
	claim net.Listener
}

func claimPodNetwork(ctx context.Context) (*podNetwork, error) {
	for second := 77; second < 127; second++ {
		claim, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.%d.255.254:2677", second))
		if err != nil {
			continue
		}
		return &podNetwork{CIDR: fmt.Sprintf("127.%d.0.0/16", second), claim: claim}, nil
	}
	return nil, errors.New("no free network of loopback addresses for pods between 127.77.0.0/16 and 127.126.0.0/16: " +
		"are that many clusters running, or is this not Linux?")
}
