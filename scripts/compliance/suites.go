package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The suite for receivers. Its module's own name is another than that under which it is served, so that no go.mod file can
// require it: what go.sum would do, the sum does.
const (
	receiverModule = "github.com/prometheus/compliance/remotewrite/receiver@v0.0.0-20260806071727-67b8327a2e93"
	receiverSum    = "h1:VPMEZpXBAlaQrdz+ER6AQ9ArmxkYSy/SxkUixEwtH3Q="
)

// senders runs the suite for senders.
func (s *stand) senders(ctx context.Context, root string) ([]result, error) {
	return s.test(ctx, "senders", filepath.Join(root, "e2e", "clients", "compliance"),
		"COMPLIANCE_LOGS="+s.logs,
		"COMPLIANCE_PROMETHEUS="+s.programs["prometheus"],
		"COMPLIANCE_COLLECTOR="+s.programs["collector"],
		"COMPLIANCE_PROXY="+s.programs["sigv4proxy"],
		"COMPLIANCE_WORKSPACE="+s.workspace,
		"AWS_REGION="+region, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey,
	)
}

// receivers runs the suite for receivers, from the module's own folder and with the versions of its own go.mod file.
func (s *stand) receivers(ctx context.Context) ([]result, error) {
	config := filepath.Join(s.data, "receivers.yml")
	text := fmt.Sprintf(`remote_write:
- name: ampersand
  url: %s/api/v1/remote_write
  sigv4: {region: %s, access_key: %s, secret_key: %q}
- name: prometheus
  url: %s/api/v1/write
`, s.workspace, region, accessKey, secretKey, s.prometheus)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the list of receivers: %w", err)
	}
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", receiverModule).Output()
	if err != nil {
		return nil, fmt.Errorf("download %s: %w: %s", receiverModule, err, out)
	}
	var module struct{ Dir, Sum string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, fmt.Errorf("find %s: %w", receiverModule, err)
	}
	if module.Sum != receiverSum {
		return nil, fmt.Errorf("%s has the sum %s, want %s", receiverModule, module.Sum, receiverSum)
	}
	return s.test(ctx, "receivers", module.Dir, "PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE="+config)
}

// result is how a test ended that has no tests below it.
type result struct {
	suite, test string
	passed      bool
}

// test runs the tests of a module. Only that they could not be run is an error.
func (s *stand) test(ctx context.Context, suite, dir string, env ...string) ([]result, error) {
	logf("the suite for %s; log in %s", suite, s.logs)
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=5m", "./...")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &stdout, &stderr
	ran := cmd.Run()
	if err := os.WriteFile(filepath.Join(s.logs, suite+".json"), stdout.Bytes(), 0o600); err != nil {
		return nil, fmt.Errorf("keep the suite's log: %w", err)
	}
	results, err := parse(suite, &stdout)
	if err != nil {
		return nil, err
	}
	failed := false
	for _, r := range results {
		failed = failed || !r.passed
	}
	// Then something else is the matter than a test: it does not compile, or ended early.
	if (ran != nil) != failed || len(results) == 0 {
		return nil, fmt.Errorf("run the suite for %s: %w: %s", suite, errors.Join(ran, ctx.Err()), stderr.String())
	}
	return results, nil
}

// parse reads what go test -json prints.
func parse(suite string, events *bytes.Buffer) ([]result, error) {
	var results []result
	parents := map[string]bool{}
	decoder := json.NewDecoder(events)
	for decoder.More() {
		var event struct{ Action, Test string }
		if err := decoder.Decode(&event); err != nil {
			return nil, fmt.Errorf("read the events of the suite for %s: %w", suite, err)
		}
		if event.Test == "" {
			continue
		}
		switch event.Action {
		case "run":
			for i, c := range event.Test {
				if c == '/' {
					parents[event.Test[:i]] = true
				}
			}
		case "pass", "fail", "skip":
			results = append(results, result{suite, event.Test, event.Action == "pass"})
		}
	}
	var leaves []result
	for _, r := range results {
		if !parents[r.test] {
			leaves = append(leaves, r)
		}
	}
	return leaves, nil
}
