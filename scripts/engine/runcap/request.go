//go:build linux

package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// globalsWithValue are runc's flags before the command whose value is the next word, which is not the command then.
var globalsWithValue = []string{"log", "log-format", "root", "criu", "rootless"}

// specFile names the file in which the engine wrote the capabilities of what it is about to start: config.json in the
// bundle for a container, the process file for an exec. It is empty when nothing is started.
func specFile(args []string) string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		skip := 1
		if slices.Contains(globalsWithValue, strings.TrimLeft(args[0], "-")) {
			skip = min(2, len(args))
		}
		args = args[skip:]
	}
	if len(args) == 0 {
		return ""
	}
	switch command, flags := args[0], args[1:]; command {
	case "create", "run", "restore":
		// Without the flag the bundle is the working folder, as it is for runc.
		return filepath.Join(value(flags, "bundle", "b"), "config.json")
	case "exec":
		return value(flags, "process", "p")
	}
	return ""
}

// value returns what a flag was given, by its long or its short name; it is empty when the flag is missing.
func value(flags []string, long, short string) string {
	for i, word := range flags {
		if word == "--" {
			return ""
		}
		name, inline, hasInline := strings.Cut(word, "=")
		if name != "--"+long && name != "-"+long && name != "-"+short {
			continue
		}
		if hasInline {
			return inline
		}
		if i+1 < len(flags) {
			return flags[i+1]
		}
	}
	return ""
}
