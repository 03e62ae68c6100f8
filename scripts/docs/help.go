package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// command is what a program tells about itself or one of its commands.
type command struct {
	name        string // as it is typed
	about       string
	flags       []flag
	subcommands []command
}

// flag is one of a command's flags.
type flag struct{ name, kind, environment, preset, usage string }

// ask asks a program for help, and its commands for theirs. The help is what users see, so it is what the page is made
// from: nothing can be in one and not in the other.
func ask(ctx context.Context, dir, about string, words ...string) (command, error) {
	c := command{name: strings.Join(words, " "), about: about}
	help, err := help(ctx, dir, words)
	if err != nil {
		return c, err
	}
	section := ""
	for line := range strings.Lines(help) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, " ") && strings.HasSuffix(line, ":") {
			section = line
		}
		if f, ok := parseFlag(line); ok {
			if f.name != "--help" && f.name != "-h, --help" && f.name != "-v, --version" {
				c.flags = append(c.flags, f)
			}
			continue
		}
		name, about, ok := strings.Cut(strings.TrimSpace(line), " ")
		if section != "Available Commands:" || !ok || !strings.HasPrefix(line, "  ") || name == "help" {
			continue
		}
		sub, err := ask(ctx, dir, strings.TrimSpace(about), append(words[:len(words):len(words)], name)...)
		if err != nil {
			return c, err
		}
		c.subcommands = append(c.subcommands, sub)
	}
	return c, nil
}

func help(ctx context.Context, dir string, words []string) (string, error) {
	args := slices.Concat(words[1:], []string{"--help"})
	out, err := exec.CommandContext(ctx, filepath.Join(dir, words[0]), args...).Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for help: %w", strings.Join(words, " "), err)
	}
	return string(out), nil
}

var (
	flagForm  = regexp.MustCompile(`^\s+((?:-\w, )?--[\w.-]+)(?: (\S+))?\s{2,}(.+)$`)
	usageForm = regexp.MustCompile(`^(.*?)(?: \[([A-Z][^\]]*)\])?(?: \(default (.*)\))?$`)
)

// parseFlag reads a line of a help as pflag writes it.
func parseFlag(line string) (flag, bool) {
	parts := flagForm.FindStringSubmatch(line)
	if parts == nil {
		return flag{}, false
	}
	usage := usageForm.FindStringSubmatch(parts[3])
	return flag{name: parts[1], kind: parts[2], environment: usage[2], preset: strings.Trim(usage[3], `"`), usage: usage[1]}, true
}
