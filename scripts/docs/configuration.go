package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/ampersand-amp/ampersand/emulator/quota"
)

const configurationPage = "docs/configuration.md"

// configuration makes the parts of docs/configuration.md.
func configuration(ctx context.Context, root, programs string) (map[string]string, error) {
	ampersand, err := ask(ctx, programs, "", "ampersand")
	if err != nil {
		return nil, err
	}
	proxy, err := ask(ctx, programs, "", "sigv4proxy")
	if err != nil {
		return nil, err
	}
	load, err := ask(ctx, programs, "", "load")
	if err != nil {
		return nil, err
	}
	ho11y, err := help(ctx, programs, []string{"ho11y"})
	if err != nil {
		return nil, err
	}
	app, err := environmentTable(ho11y)
	if err != nil {
		return nil, err
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return nil, fmt.Errorf("read the Makefile: %w", err)
	}
	return map[string]string{
		"ampersand": commandParts(ampersand), "sigv4proxy": flagTable(proxy.flags), "load": flagTable(load.flags), "ho11y": app,
		"quotas": quotaTable(quota.New().List()), "targets": targetTable(string(makefile)), "environment": settingTable(settings()),
	}, nil
}

// commandParts has a heading and a table for each command that has flags.
func commandParts(c command) string {
	var b strings.Builder
	for _, sub := range c.subcommands {
		fmt.Fprintf(&b, "### %s\n\n%s.\n\n", sub.name, strings.TrimSuffix(sub.about, "."))
		if len(sub.flags) > 0 {
			b.WriteString(flagTable(sub.flags) + "\n")
		}
		b.WriteString(commandParts(sub))
	}
	return b.String()
}

// flagTable has a column for the environment if one of the flags can be given there.
func flagTable(flags []flag) string {
	twins := false
	for _, f := range flags {
		twins = twins || f.environment != ""
	}
	head := []string{"flag", "environment", "default", "meaning"}
	if !twins {
		head = []string{"flag", "default", "meaning"}
	}
	var rows [][]string
	for _, f := range flags {
		row := []string{code(strings.TrimSpace(f.name + " " + f.kind))}
		if twins {
			row = append(row, codes(f.environment))
		}
		rows = append(rows, append(row, code(f.preset), f.usage))
	}
	return table(head, rows)
}

var columns = regexp.MustCompile(`\s{2,}`)

// environmentTable reads the table of the environment in ho11y's help.
func environmentTable(help string) (string, error) {
	_, rest, found := strings.Cut(help, "\nENVIRONMENT ")
	if !found {
		return "", fmt.Errorf("ho11y's help has no table of its environment:\n%s", help)
	}
	var rows [][]string
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		if line == "" {
			break
		}
		if cells := columns.Split(line, -1); len(cells) == 3 && cells[0] != "MEANING" {
			rows = append(rows, []string{code(cells[0]), code(cells[2]), cells[1]})
		}
	}
	if len(rows) == 0 {
		return "", fmt.Errorf("the table of ho11y's environment is empty:\n%s", help)
	}
	return table([]string{"environment", "default", "meaning"}, rows), nil
}

func quotaTable(quotas []quota.Value) string {
	var rows [][]string
	for _, q := range quotas {
		rows = append(rows, []string{code(q.Name), q.Default, code(q.Code), q.Description})
	}
	return table([]string{"quota", "default", "code in Service Quotas", "limits"}, rows)
}

var targetForm = regexp.MustCompile(`(?m)^([a-z0-9-]+):.*?## (.*)$`)

// targetTable is what `make help` lists.
func targetTable(makefile string) string {
	var rows [][]string
	for _, target := range targetForm.FindAllStringSubmatch(makefile, -1) {
		rows = append(rows, []string{code("make " + target[1]), target[2]})
	}
	return table([]string{"target", "does"}, rows)
}

func settingTable(settings []setting) string {
	var rows [][]string
	for _, s := range settings {
		rows = append(rows, []string{code(s.name), s.values, s.preset, s.meaning})
	}
	return table([]string{"variable", "values", "default", "meaning"}, rows)
}
