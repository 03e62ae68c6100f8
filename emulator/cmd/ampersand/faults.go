package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/emulator/fault"
)

// faultsTimeout is how long a running emulator may take to answer.
const faultsTimeout = 10 * time.Second

// faultsFlags are what all commands of newFaults take.
type faultsFlags struct {
	url, output string
}

// newFaults lists and changes the fault rules of a running emulator.
func newFaults(env lookup, stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "List and change the fault rules of a running emulator",
		Long: "List and change the fault rules of a running emulator: what makes requests slow,\n" +
			"fail or answer something else, on purpose. `ampersand serve --faults FILE` has\n" +
			"them from the start. docs/faults.md describes the rules.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newFaultsList(env, stdout), newFaultsPut(env, stdout), newFaultsDelete(env, stdout))
	return cmd
}

// faultsCommand is one of them; do gets a client and the arguments.
func faultsCommand(env lookup, use, short string, args cobra.PositionalArgs,
	do func(ctx context.Context, client fault.Client, flags faultsFlags, args []string) error,
) *cobra.Command {
	flags := faultsFlags{output: "text"}
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(cmd *cobra.Command, all []string) error {
			if err := args(cmd, all); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyEnv(cmd, env); err != nil {
				return err
			}
			if u, err := url.Parse(flags.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--url: %q is not an address such as http://127.0.0.1:2677", flags.url)}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), faultsTimeout)
			defer cancel()
			return do(ctx, fault.Client{URL: flags.url, HTTP: &http.Client{}}, flags, args)
		},
	}
	cmd.Flags().StringVar(&flags.url, "url", "http://127.0.0.1:2677", "the emulator's address")
	bindEnv(cmd.Flags(), nil) // the form of output is no matter of the environment
	cmd.Flags().VarP(choiceValue{&flags.output, []string{"text", "json"}}, "output", "o", "how to print")
	return cmd
}

func newFaultsList(env lookup, stdout io.Writer) *cobra.Command {
	return faultsCommand(env, "list", "List the rules with their states and hits", cobra.NoArgs,
		func(ctx context.Context, client fault.Client, flags faultsFlags, _ []string) error {
			reports, err := client.List(ctx)
			if err != nil {
				return fmt.Errorf("list the fault rules: %w", err)
			}
			return flags.print(stdout, reports)
		})
}

func newFaultsPut(env lookup, stdout io.Writer) *cobra.Command {
	return faultsCommand(env, "put FILE", "Put a file's list of rules in place of all there are; - is standard input", cobra.ExactArgs(1),
		func(ctx context.Context, client fault.Client, flags faultsFlags, args []string) error {
			rules, err := readFaults(args[0])
			if err != nil {
				return err
			}
			reports, err := client.Replace(ctx, rules)
			if err != nil {
				return fmt.Errorf("put the fault rules: %w", err)
			}
			return flags.print(stdout, reports)
		})
}

func newFaultsDelete(env lookup, stdout io.Writer) *cobra.Command {
	var all bool
	oneOrAll := func(_ *cobra.Command, args []string) error {
		if all == (len(args) == 1) || len(args) > 1 {
			return errors.New("give the name of one rule, or --all")
		}
		return nil
	}
	cmd := faultsCommand(env, "delete NAME", "Remove a rule, which ends its effect at once", oneOrAll,
		func(ctx context.Context, client fault.Client, flags faultsFlags, args []string) error {
			remove := client.Clear
			if !all {
				remove = func(ctx context.Context) error { return client.Delete(ctx, args[0]) }
			}
			if err := remove(ctx); err != nil {
				return fmt.Errorf("delete fault rules: %w", err)
			}
			reports, err := client.List(ctx)
			if err != nil {
				return fmt.Errorf("list the fault rules: %w", err)
			}
			return flags.print(stdout, reports)
		})
	cmd.Flags().BoolVar(&all, "all", false, "remove all rules")
	return cmd
}

func (f faultsFlags) print(stdout io.Writer, reports []fault.Report) error {
	if f.output == "json" {
		return printJSON(stdout, fault.List{Faults: reports})
	}
	if len(reports) == 0 {
		_, err := fmt.Fprintln(stdout, "There are no fault rules.")
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tSTATE\tSINCE\tHITS\tACTION\tEFFECT") // Flush tells
	for _, r := range reports {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", r.Rule.Name, r.State, r.Since.Format(time.RFC3339), r.Hits, r.Rule.Action, r.Rule.Effect())
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the fault rules: %w", err)
	}
	return nil
}

// readFaults reads a file of rules.
func readFaults(path string) ([]fault.Rule, error) {
	var raw []byte
	var err error
	if path == "-" {
		raw, err = io.ReadAll(os.Stdin)
	} else {
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the fault rules: %w", err)
	}
	rules, err := fault.DecodeList(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}
