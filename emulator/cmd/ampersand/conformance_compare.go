package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/e2e/conformance/recording"
)

// newConformanceCompare compares two recordings.
func newConformanceCompare(stdout io.Writer) *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "compare EARLIER LATER",
		Short: "Say where two recordings of --record differ",
		Long: "Say check by check where the answers of two recordings differ: by status, type of\n" +
			"error, headers that matter, and body, but for what differs from run to run.\n" +
			"Exit codes: 0 no drift; 1 drift; 2 wrong usage.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return &usageError{cmd.CommandPath(), fmt.Errorf("two recordings are compared, %d are given", len(args))}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			earlier, err := recording.ReadFile(args[0])
			if err != nil {
				return err
			}
			later, err := recording.ReadFile(args[1])
			if err != nil {
				return err
			}
			return writeDrift(stdout, format, recording.Compare(earlier, later))
		},
	}
	cmd.Flags().Var(choiceValue{&format, []string{"text", "json"}}, "format", "form of what is printed")
	return cmd
}

// writeDrift writes a comparison; that there is drift is an error.
func writeDrift(w io.Writer, format string, d recording.Drift) error {
	write := d.WriteText
	if format == "json" {
		write = func(w io.Writer) error { return printJSON(w, d) }
	}
	if err := write(w); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	switch {
	case len(d.Checks) > 0:
		return fmt.Errorf("%d of %d checks are answered differently", len(d.Checks), d.Compared)
	case d.Compared == 0:
		return errors.New("the recordings have no check in common")
	}
	return nil
}
