package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/ampersand-amp/ampersand/emulator/explain"
)

// explainTimeout is how long a running emulator may take to answer.
const explainTimeout = 10 * time.Second

// explainFlags are what newExplain's command was called with.
type explainFlags struct {
	url, output string
	last        bool
}

// newExplain asks a running emulator why it refused a request.
func newExplain(env lookup, stdout io.Writer) *cobra.Command {
	flags := explainFlags{output: "text"}
	cmd := &cobra.Command{
		Use:   "explain [REQUEST-ID]",
		Short: "Say why a running emulator refused a request",
		Long: "Say why a running emulator refused a request: the cause in plain words, what to do,\n" +
			"and what client and server signed, as far as it can be found out. The id is the\n" +
			"answer's x-amzn-RequestId. Without one, list the last refusals.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyEnv(cmd, env); err != nil {
				return err
			}
			if err := flags.check(args); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), explainTimeout)
			defer cancel()
			client := explain.Client{URL: flags.url, HTTP: &http.Client{}}
			if len(args) == 0 && !flags.last {
				return flags.list(ctx, client, stdout)
			}
			return flags.one(ctx, client, args, stdout)
		},
	}
	cmd.Flags().StringVar(&flags.url, "url", "http://127.0.0.1:2677", "the emulator's address")
	bindEnv(cmd.Flags(), nil) // what is asked for is no matter of the environment
	cmd.Flags().VarP(choiceValue{&flags.output, []string{"text", "json"}}, "output", "o", "how to print")
	cmd.Flags().BoolVar(&flags.last, "last", false, "explain the newest refusal")
	return cmd
}

// check judges what no flag can by itself.
func (f explainFlags) check(args []string) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("unexpected argument %q", args[1])
	case len(args) == 1 && args[0] == "":
		return errors.New("the request id is empty")
	case len(args) == 1 && f.last:
		return errors.New("give a request id or --last, not both")
	}
	if u, err := url.Parse(f.url); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--url: %q is not an address such as http://127.0.0.1:2677", f.url)
	}
	return nil
}

func (f explainFlags) list(ctx context.Context, client explain.Client, stdout io.Writer) error {
	refusals, err := client.Refusals(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("list the refusals: %w", err)
	case f.output == "json":
		return printJSON(stdout, explain.List{Requests: refusals})
	case len(refusals) == 0:
		_, err = fmt.Fprintln(stdout, "None of the last requests was refused.")
		return err
	}
	return explain.PrintList(stdout, refusals)
}

func (f explainFlags) one(ctx context.Context, client explain.Client, args []string, stdout io.Writer) error {
	find := client.Last
	if len(args) == 1 {
		find = func(ctx context.Context) (explain.Request, error) { return client.Find(ctx, args[0]) }
	}
	request, err := find(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("explain a request: %w", err)
	case f.output == "json":
		return printJSON(stdout, request)
	}
	return explain.Print(stdout, request)
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
