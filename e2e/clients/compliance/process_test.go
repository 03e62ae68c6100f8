package compliance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// grace is how long a program may take to end.
const grace = 20 * time.Second

// run carries a program out until ctx ends.
func run(ctx context.Context, log, program string, args ...string) (err error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, out, grace
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s ended by itself: %w; see %s", program, err, log)
	}
	return nil
}

// proxy is a signing proxy that runs.
type proxy struct {
	cancel  context.CancelFunc
	address string
	ended   chan error
}

// startProxy starts the proxy in front of a host and waits until it says where it listens.
func startProxy(program, region, host, log string) (*proxy, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the proxy's log: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &proxy{cancel: cancel, ended: make(chan error, 1)}
	reader, writer := io.Pipe()
	cmd := exec.CommandContext(ctx, program, "--name=aps", "--region="+region, "--host="+host, "--upstream-url-scheme=http", "--port=127.0.0.1:0")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = writer, writer, grace
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("start the proxy: %w", err), out.Close())
	}
	found := make(chan string, 1)
	go func() {
		listening := regexp.MustCompile(`msg="sigv4proxy listening" address=(\S+)`)
		lines := bufio.NewScanner(io.TeeReader(reader, out))
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
		close(found)
		p.ended <- errors.Join(lines.Err(), out.Close())
	}()
	go func() {
		_ = cmd.Wait() // that it was interrupted is no news
		_ = writer.Close()
	}()
	address, ok := <-found
	if !ok {
		cancel()
		return nil, fmt.Errorf("the proxy ended before it listened; see %s", log)
	}
	p.address = address
	return p, nil
}

// stop ends the proxy.
func (p *proxy) stop() error {
	p.cancel()
	return <-p.ended
}
