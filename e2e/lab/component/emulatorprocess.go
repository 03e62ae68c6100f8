package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"

	"github.com/ampersand-amp/ampersand/e2e/lab/process"
)

// Keys are AWS access keys.
type Keys struct{ AccessKeyID, SecretAccessKey string }

// Emulator runs `ampersand serve` as a process: AMP as the chain sees it.
type Emulator struct {
	// Program is the path of ampersand; Dir a folder for its data; Logs the folder of its log file.
	Program, Dir, Logs string
	// Region is the only region whose signatures are accepted.
	Region string
	// Keys are the account's root keys.
	Keys      Keys
	Processes *process.Group

	workspace string
	base      string
	process   *process.Process
}

// Name implements lab.Component.
func (e *Emulator) Name() string { return "emulator" }

// Install starts the emulator with one workspace, alias AMP-KEDA as in the recipe.
func (e *Emulator) Install(context.Context) error {
	e.workspace = "ws-" + uuid.NewString()
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return fmt.Errorf("make the emulator's folder: %w", err)
	}
	var err error
	e.process, err = e.Processes.Start(process.Spec{
		Name: "ampersand serve", Path: e.Program,
		Args: []string{"serve", "--listen=127.0.0.1:0", "--ready-file=" + e.readyFile(), "--data-dir=" + filepath.Join(e.Dir, "data"),
			"--region=" + e.Region, "--workspace=" + e.workspace + "=AMP-KEDA", "--log-format=json"},
		Env:     processEnv("AWS_ACCESS_KEY_ID="+e.Keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+e.Keys.SecretAccessKey),
		LogPath: filepath.Join(e.Logs, "emulator.log"),
	})
	return err
}

// Ready implements lab.Component.
func (e *Emulator) Ready(ctx context.Context) error {
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
	e.base = address
	return httpOK(ctx, address+"/-/ready")
}

// Remove implements lab.Component.
func (e *Emulator) Remove(ctx context.Context) error { return stopAll(ctx, e.process) }

// URL is the emulator's base URL.
func (e *Emulator) URL() string { return e.base }

// Host is the host and port of URL.
func (e *Emulator) Host() string {
	u, err := url.Parse(e.base)
	if err != nil {
		return ""
	}
	return u.Host
}

// WorkspaceID is the id of the workspace.
func (e *Emulator) WorkspaceID() string { return e.workspace }

// WorkspaceURL is the workspace's endpoint without a trailing slash: what KEDA takes as serverAddress.
func (e *Emulator) WorkspaceURL() string { return e.base + "/workspaces/" + e.workspace }

// RemoteWriteURL is where the collector writes.
func (e *Emulator) RemoteWriteURL() string { return e.WorkspaceURL() + "/api/v1/remote_write" }

// Request is one request as the emulator judged it.
type Request struct {
	ID     string `json:"id"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Query is the PromQL of a query; UserAgent what the client calls itself.
	Query     string `json:"query"`
	UserAgent string `json:"userAgent"`
	Identity  string `json:"identity"`
	Verdict   string `json:"verdict"`
	Reason    string `json:"reason"`
	Status    int    `json:"status"`
}

// Requests returns the last requests that the emulator keeps.
func (e *Emulator) Requests(ctx context.Context) ([]Request, error) {
	if e.base == "" {
		return nil, errors.New("the emulator is not running")
	}
	body, err := httpGet(ctx, e.base+"/_ampersand/api/requests")
	if err != nil {
		return nil, err
	}
	var answer struct {
		Requests []Request `json:"requests"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("decode the emulator's requests: %w", err)
	}
	return answer.Requests, nil
}

func (e *Emulator) readyFile() string { return filepath.Join(e.Dir, "ready") }
