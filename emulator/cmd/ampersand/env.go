package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// lookup reads an environment variable, as os.LookupEnv does.
type lookup func(name string) (string, bool)

const (
	envAnnotation    = "ampersand/env"
	secretAnnotation = "ampersand/secret"
)

// bindEnv gives every flag its twin in the environment and says so in the
// flag's help: the name given in names, else AMPERSAND_ and the flag's name.
func bindEnv(flags *pflag.FlagSet, names map[string]string) {
	flags.VisitAll(func(f *pflag.Flag) {
		name, ok := names[f.Name]
		if !ok {
			name = "AMPERSAND_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		}
		setAnnotation(f, envAnnotation, name)
		f.Usage += " [" + name + "]"
	})
}

func setAnnotation(f *pflag.Flag, key, value string) {
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[key] = []string{value}
}

// applyEnv sets the flags that the command line left alone from their twins. An
// empty variable counts as none. A value that the flag does not take is an
// error, never a reason to fall back to the default.
func applyEnv(cmd *cobra.Command, env lookup) error {
	var errs []error
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		names := f.Annotations[envAnnotation]
		if len(names) == 0 || f.Changed {
			return
		}
		value, ok := env(names[0])
		if !ok || value == "" {
			return
		}
		if err := f.Value.Set(value); err != nil {
			shown := fmt.Sprintf(" %q", value)
			if f.Annotations[secretAnnotation] != nil {
				shown = ""
			}
			errs = append(errs, fmt.Errorf("invalid value%s in the environment variable %s: %w", shown, names[0], err))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return &usageError{cmd.CommandPath(), err}
	}
	return nil
}
