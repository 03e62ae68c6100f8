package main

import (
	"fmt"
	"io"
	"os"
	"strings"

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
	root.SetVersionTemplate(versionLine() + "\n")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{cmd.CommandPath(), err}
	})
	root.AddCommand(newServe(env, stdout, stderr), newHealth(env, stdout), newConformance(env, stdout, stderr), newQuotas(stdout), newExplain(env, stdout), newFaults(env, stdout), newCheck(env, os.Stdin, stdout), newDoctor(env, stdout), newVersion(stdout))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	checkTopics(root)
	return root
}

// checkTopics has cobra's own commands refuse what they do not know: they print
// their help and call it a success.
func checkTopics(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return &usageError{root.CommandPath(), fmt.Errorf("unknown help topic %q", strings.Join(args, " "))}
				}
				return nil
			}
		case "completion":
			cmd.Args = noArgs
			// Cobra looks at the arguments of commands that run only.
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// noArgs refuses arguments that are no flags.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}
