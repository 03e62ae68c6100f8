package main

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/ampersand-amp/ampersand/emulator"
	"github.com/ampersand-amp/ampersand/emulator/quota"
	"github.com/ampersand-amp/ampersand/emulator/workspace"
)

// durationValue is a flag that takes durations as Prometheus writes them: 150d,
// 1h30m, 60s, 0.
type durationValue struct{ d *time.Duration }

func (v durationValue) String() string {
	if v.d == nil {
		return ""
	}
	return model.Duration(*v.d).String()
}

func (v durationValue) Set(s string) error {
	d, err := model.ParseDuration(s)
	if err != nil {
		return errors.New("not a duration such as 150d, 1h30m or 60s")
	}
	*v.d = time.Duration(d)
	return nil
}

func (v durationValue) Type() string { return "DURATION" }

// choiceValue is a flag that takes one of a few words.
type choiceValue struct {
	s       *string
	choices []string
}

func (v choiceValue) String() string {
	if v.s == nil {
		return ""
	}
	return *v.s
}

func (v choiceValue) Set(s string) error {
	if !slices.Contains(v.choices, s) {
		return fmt.Errorf("must be one of %s", strings.Join(v.choices, ", "))
	}
	*v.s = s
	return nil
}

func (v choiceValue) Type() string { return strings.Join(v.choices, "|") }

// addressValue is a flag that takes HOST:PORT.
type addressValue struct{ s *string }

func (v addressValue) String() string {
	if v.s == nil {
		return ""
	}
	return *v.s
}

func (v addressValue) Set(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New("not HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("port %q is not a number from 0 to 65535", port)
	}
	*v.s = s
	return nil
}

func (v addressValue) Type() string { return "HOST:PORT" }

// quotasValue is a repeatable flag that takes NAME=VALUE, or several of them
// with commas between, which is how its environment variable is written.
type quotasValue struct{ values map[string]string }

func (v quotasValue) String() string {
	parts := make([]string, 0, len(v.values))
	for _, name := range slices.Sorted(maps.Keys(v.values)) {
		parts = append(parts, name+"="+v.values[name])
	}
	return strings.Join(parts, ",")
}

func (v quotasValue) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		name, value, err := quota.ParseAssignment(part)
		if err != nil {
			return err
		}
		if err := quota.New().Assign(map[string]string{name: value}); err != nil {
			return err
		}
		v.values[name] = value
	}
	return nil
}

func (v quotasValue) Type() string { return "NAME=VALUE" }

// workspacesValue is a repeatable flag that takes ID or ID=ALIAS, or several of
// them with commas between, which is how its environment variable is written.
type workspacesValue struct{ specs *[]emulator.WorkspaceSpec }

func (v workspacesValue) String() string {
	if v.specs == nil {
		return ""
	}
	parts := make([]string, 0, len(*v.specs))
	for _, s := range *v.specs {
		parts = append(parts, s.ID+"="+s.Alias)
	}
	return strings.Join(parts, ",")
}

func (v workspacesValue) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		id, alias, hasAlias := strings.Cut(strings.TrimSpace(part), "=")
		if err := workspace.CheckGivenID(id); err != nil {
			return err
		}
		if hasAlias {
			if err := workspace.CheckAlias(alias); err != nil {
				return err
			}
		}
		*v.specs = append(*v.specs, emulator.WorkspaceSpec{ID: id, Alias: alias})
	}
	return nil
}

func (v workspacesValue) Type() string { return "ID[=ALIAS]" }
