package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// newRoot returns the command tree.
func newRoot(env lookup, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "ampersand",
		Short: "A local Amazon Managed Service for Prometheus",
		Long: "Ampersand is a local Amazon Managed Service for Prometheus (AMP) for tests and\n" +
			"experiments: it verifies signatures, takes remote write and answers queries as\n" +
			"AMP does. It is not a place for data that matters.",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		// Suggestions are further lines; wrong usage is answered with one.
		DisableSuggestions: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{cmd.CommandPath(), fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{cmd.CommandPath(), err}
	})
	root.AddCommand(newServe(env, stdout, stderr), newVersion(stdout))
	return root
}

// noArgs refuses arguments that are no flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}
