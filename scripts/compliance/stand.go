package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/amp"

	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

const (
	region    = "eu-central-1"
	accessKey = "AKIDCOMPLIANCE"
	secretKey = "the+compliance/secret=of=40=characters=here"
)

// patience bounds every wait on a condition. It is met only when something is broken.
const patience = time.Minute

// stand is what the suites try: an emulator and a Prometheus that takes remote write.
type stand struct {
	processes  *process.Group
	programs   build.Programs
	logs, data string

	workspace  string // its URL at the emulator
	prometheus string
}

// start starts both and makes the workspace.
func (s *stand) start(ctx context.Context) error {
	emulator, err := s.startEmulator(ctx)
	if err != nil {
		return err
	}
	client := amp.New(amp.Options{
		Region: region, BaseEndpoint: &emulator, Credentials: credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	})
	made, err := client.CreateWorkspace(ctx, &amp.CreateWorkspaceInput{})
	if err != nil {
		return fmt.Errorf("make a workspace: %w", err)
	}
	if err := amp.NewWorkspaceActiveWaiter(client, func(o *amp.WorkspaceActiveWaiterOptions) { o.MinDelay = 100 * time.Millisecond }).
		Wait(ctx, &amp.DescribeWorkspaceInput{WorkspaceId: made.WorkspaceId}, patience); err != nil {
		return fmt.Errorf("wait for the workspace: %w", err)
	}
	s.workspace = emulator + "/workspaces/" + *made.WorkspaceId
	return s.startPrometheus(ctx)
}

func (s *stand) startEmulator(ctx context.Context) (string, error) {
	ready := filepath.Join(s.data, "ready")
	p, err := s.processes.Start(process.Spec{
		Name: "ampersand serve", Path: s.programs["ampersand"], LogPath: filepath.Join(s.logs, "ampersand.log"),
		Args: []string{"serve", "--listen=127.0.0.1:0", "--ready-file=" + ready, "--data-dir=" + filepath.Join(s.data, "ampersand"),
			"--region=" + region, "--log-format=json"},
		Env: []string{"HOME=" + s.data, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey},
	})
	if err != nil {
		return "", err
	}
	address, err := await(ctx, p, ready, regexp.MustCompile(`(\S+)\n?$`))
	return "http://" + address, err
}

func (s *stand) startPrometheus(ctx context.Context) error {
	config, log := filepath.Join(s.data, "prometheus.yml"), filepath.Join(s.logs, "prometheus.log")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		return fmt.Errorf("write Prometheus' configuration: %w", err)
	}
	p, err := s.processes.Start(process.Spec{
		Name: "prometheus", Path: s.programs["prometheus"], LogPath: log,
		Args: []string{"--config.file=" + config, "--storage.tsdb.path=" + filepath.Join(s.data, "prometheus"),
			"--web.listen-address=127.0.0.1:0", "--web.enable-remote-write-receiver"},
	})
	if err != nil {
		return err
	}
	if _, err := await(ctx, p, log, regexp.MustCompile(`Server is ready (to receive web requests)`)); err != nil {
		return err
	}
	address, err := await(ctx, p, log, regexp.MustCompile(`msg="Listening on".* address=(\S+)`))
	s.prometheus = "http://" + address
	return err
}

// await waits until a file of a process says what is looked for, and returns it.
func await(ctx context.Context, p *process.Process, file string, said *regexp.Regexp) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("read what %s says: %w", p.Name(), err)
		}
		if m := said.FindStringSubmatch(strings.TrimSpace(string(text))); m != nil {
			return m[1], nil
		}
		select {
		case <-tick.C:
		case <-p.Exited():
			return "", p.Failure()
		case <-ctx.Done():
			return "", fmt.Errorf("wait for %s: %w", p.Name(), ctx.Err())
		}
	}
}
