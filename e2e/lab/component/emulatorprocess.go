package component

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// EmulatorProcess runs `ampersand serve` as a process beside a cluster without containers.
type EmulatorProcess struct {
	// AMP is what it serves. Its address is known when Ready returns nil.
	AMP *AMP
	// Program is the path of ampersand; Dir a folder for its data; Logs the folder of its log file.
	Program, Dir, Logs string
	// Identity is the path of the identity file, empty for the root key alone. With it the process is given no key: the root's
	// is the one that the emulator has by itself.
	Identity  string
	Processes *process.Group

	process *process.Process
	address string // where it listens once it has been started
}

// Name implements lab.Component.
func (e *EmulatorProcess) Name() string { return "emulator" }

// Install implements lab.Component.
func (e *EmulatorProcess) Install(context.Context) error {
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return fmt.Errorf("make the emulator's folder: %w", err)
	}
	if err := os.Remove(e.readyFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("take away the emulator's old address: %w", err)
	}
	listen := cmp.Or(e.address, "127.0.0.1:0") // started anew, it is where its clients look for it
	args := []string{"serve", "--listen=" + listen, "--ready-file=" + e.readyFile(), "--data-dir=" + filepath.Join(e.Dir, "data"),
		"--region=" + e.AMP.Region, "--workspace=" + e.AMP.WorkspaceID() + "=" + WorkspaceAlias, "--log-format=json"}
	var env []string
	if e.Identity != "" {
		args = append(args, "--identity="+e.Identity)
	} else {
		env = []string{"AWS_ACCESS_KEY_ID=" + e.AMP.Keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + e.AMP.Keys.SecretAccessKey}
	}
	var err error
	e.process, err = e.Processes.Start(process.Spec{
		Name: "ampersand serve", Path: e.Program, Args: args,
		Env:     processEnv(env...),
		LogPath: filepath.Join(e.Logs, "emulator.log"),
	})
	return err
}

// Ready implements lab.Component.
func (e *EmulatorProcess) Ready(ctx context.Context) error {
	if err := alive(e.process); err != nil {
		return err
	}
	text, err := os.ReadFile(e.readyFile())
	if err != nil {
		return fmt.Errorf("the emulator has not written its address yet: %w", err)
	}
	address := strings.TrimSpace(string(text))
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	if e.AMP.URL() != address { // others read it meanwhile
		e.AMP.serve(address, nil)
	}
	e.address = strings.TrimPrefix(address, "http://")
	return httpOK(ctx, http.DefaultClient, address+"/-/ready")
}

// Remove implements lab.Component.
func (e *EmulatorProcess) Remove(ctx context.Context) error { return stopAll(ctx, e.process) }

// Interrupt implements lab.Interruptible: it is killed, as by a crash. What it has acknowledged is on disk.
func (e *EmulatorProcess) Interrupt(ctx context.Context) error { return e.process.Kill(ctx) }

// Resume implements lab.Interruptible.
func (e *EmulatorProcess) Resume(ctx context.Context) error { return e.Install(ctx) }

func (e *EmulatorProcess) readyFile() string { return filepath.Join(e.Dir, "ready") }
