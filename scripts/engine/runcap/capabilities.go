//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// byNumber are the kernel's capabilities in the order of their numbers (capabilities(7)).
var byNumber = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
	"CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
	"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
	"CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
}

// bounding reads from a process's status file which capabilities it can pass on.
func bounding(status string) ([]string, error) {
	content, err := os.ReadFile(status)
	if err != nil {
		return nil, fmt.Errorf("read the bounding set: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		hex, ok := strings.CutPrefix(line, "CapBnd:")
		if !ok {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		if err != nil {
			return nil, fmt.Errorf("read the bounding set in %s: %w", status, err)
		}
		var granted []string
		for number, name := range byNumber {
			if set&(1<<number) != 0 {
				granted = append(granted, name)
			}
		}
		return granted, nil
	}
	return nil, fmt.Errorf("read the bounding set: %s has no CapBnd line", status)
}

// trimFile takes from a config.json or a process file every capability that is not granted. A file that asks for
// nothing more stays as it is.
func trimFile(file string, granted []string) error {
	before, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read what to start: %w", err)
	}
	after, err := trim(before, granted)
	if err != nil {
		return fmt.Errorf("take capabilities out of %s: %w", file, err)
	}
	if bytes.Equal(before, after) {
		return nil
	}
	return replace(file, after)
}

// replace writes beside the file and renames, so that runc never reads half of it.
func replace(file string, content []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("look at %s: %w", file, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".runcap-")
	if err != nil {
		return fmt.Errorf("write beside %s: %w", file, err)
	}
	defer func() { _ = os.Remove(temp.Name()) }()
	_, writeErr := temp.Write(content)
	if err := temp.Close(); writeErr == nil {
		writeErr = err
	}
	if writeErr == nil {
		writeErr = os.Chmod(temp.Name(), info.Mode().Perm())
	}
	if writeErr != nil {
		return fmt.Errorf("write %s: %w", temp.Name(), writeErr)
	}
	if err := os.Rename(temp.Name(), file); err != nil {
		return fmt.Errorf("replace %s: %w", file, err)
	}
	return nil
}

// trim works on the document as it stands and not on a type for it: runc knows fields that we do not.
func trim(document []byte, granted []string) ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(document, &whole); err != nil {
		return nil, fmt.Errorf("read it as JSON: %w", err)
	}
	nested, isSpec := whole["process"]
	if !isSpec {
		changed, err := trimProcess(whole, granted)
		if err != nil || !changed {
			return document, err
		}
		return json.Marshal(whole)
	}
	var process map[string]json.RawMessage
	if err := json.Unmarshal(nested, &process); err != nil {
		return nil, fmt.Errorf("read its process: %w", err)
	}
	changed, err := trimProcess(process, granted)
	if err != nil || !changed {
		return document, err
	}
	if whole["process"], err = json.Marshal(process); err != nil {
		return nil, fmt.Errorf("write its process: %w", err)
	}
	return json.Marshal(whole)
}

// trimProcess trims each of the sets (bounding, effective, ...) and tells whether any of them asked for too much.
func trimProcess(process map[string]json.RawMessage, granted []string) (bool, error) {
	raw, ok := process["capabilities"]
	if !ok {
		return false, nil
	}
	var sets map[string][]string
	if err := json.Unmarshal(raw, &sets); err != nil {
		return false, fmt.Errorf("read its capabilities: %w", err)
	}
	changed := false
	for name, asked := range sets {
		kept := slices.DeleteFunc(slices.Clone(asked), func(c string) bool { return !slices.Contains(granted, c) })
		if len(kept) != len(asked) {
			sets[name], changed = kept, true
		}
	}
	if !changed {
		return false, nil
	}
	trimmed, err := json.Marshal(sets)
	if err != nil {
		return false, fmt.Errorf("write its capabilities: %w", err)
	}
	process["capabilities"] = trimmed
	return true, nil
}
