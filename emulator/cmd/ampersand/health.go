package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// defaultHealthTimeout is how long a program may take to answer that it is ready.
const defaultHealthTimeout = 3 * time.Second

// newHealth asks a running program whether it is ready: the health check of the image, whichever of its programs runs.
func newHealth(env lookup, stdout io.Writer) *cobra.Command {
	at, timeout := serveAddress{listen: defaultListen}, defaultHealthTimeout
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Say whether a running emulator is ready, by exit code",
		Long: "Ask a running emulator whether it is ready: 0 it is, 1 it is not, 2 wrong usage.\n" +
			"It is asked at the address that it listens on; 0.0.0.0 and [::] become loopback.\n\n" +
			"In a container, without --listen, it asks the program that the container runs,\n" +
			"where that program's own flags and environment say that it listens: ampersand,\n" +
			"sigv4proxy or ho11y. The image's health check is this command.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked := cmd.Flags().Changed("listen")
			if err := applyEnv(cmd, env); err != nil {
				return err
			}
			if timeout <= 0 {
				return &usageError{cmd.CommandPath(), errors.New("--timeout 0 leaves no time to ask")}
			}
			check, err := at.check()
			if argv := containerProgram(os.DirFS("/proc")); argv != nil && !asked {
				check, err = checkOf(argv, env)
			}
			if err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			said, err := check.run(ctx)
			if err != nil {
				return fmt.Errorf("%s is not ready: %w", check.program, err)
			}
			_, err = fmt.Fprintln(stdout, said)
			return err
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Var(addressValue{&at.listen}, "listen", "address that the emulator was told to listen on")
	f.StringVar(&at.tlsCert, "tls-cert", "", "the certificate that the emulator was given: ask by HTTPS")
	f.Var(durationValue{&timeout}, "timeout", "how long the answer may take")
	bindEnv(f, map[string]string{"timeout": "AMPERSAND_HEALTH_TIMEOUT"})
	return cmd
}

// serveAddress is where an emulator listens.
type serveAddress struct{ listen, tlsCert string }

func (a serveAddress) check() (healthCheck, error) {
	scheme := "http"
	if a.tlsCert != "" {
		scheme = "https"
	}
	return newHealthCheck("ampersand", scheme, a.listen, "/-/ready")
}

// healthCheck is a question to a program of ours.
type healthCheck struct {
	program string
	// url is where the program says whether it is ready; without one it serves nothing and is well as long as it runs.
	url string
}

// newHealthCheck asks path of a program of this machine, by the address that the program was told to listen on.
func newHealthCheck(program, scheme, listen, path string) (healthCheck, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return healthCheck{}, fmt.Errorf("the address %q of %s: %w", listen, program, err)
	}
	if port == "0" {
		return healthCheck{}, fmt.Errorf("%s listens on %s, a port that nobody else can know: give it one", program, listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // Go listens on both families for [::], so IPv4's loopback is there
	}
	return healthCheck{program: program, url: scheme + "://" + net.JoinHostPort(host, port) + path}, nil
}

// run returns what to tell about a program that is ready.
func (h healthCheck) run(ctx context.Context) (string, error) {
	if h.url == "" {
		return h.program + " runs, and ends by itself", nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		// The program's own certificate, whatever names it has: nothing is told to it, and it runs on this machine.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	if err != nil {
		return "", fmt.Errorf("read the answer of %s: %w", h.url, err)
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s says %s: %s", h.url, res.Status, strings.TrimSpace(string(text)))
	}
	return h.program + " is ready: " + h.url, nil
}
