package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/ampersand-amp/ampersand/e2e/check"
)

// checkFlags are what newCheck's command was called with.
type checkFlags struct {
	options          check.Options
	endpoint, region string
	evaluate         bool
	format           string
}

// newCheck judges ScaledObjects in files.
func newCheck(env lookup, stdin io.Reader, stdout io.Writer) *cobra.Command {
	flags := checkFlags{options: check.Defaults(), format: "text"}
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Find known traps in ScaledObjects, and ask their queries as KEDA does",
		Long: "Find known traps in ScaledObjects that scale on a Prometheus query. Give their\n" +
			"TriggerAuthentications and Secrets as well to have them judged; - is standard\n" +
			"input. With --evaluate or --endpoint the queries are asked as KEDA asks them.\n" +
			"Exit code 1 says that there is a finding of level error. docs/check.md lists them.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{cmd.CommandPath(), errors.New("no file is given")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyEnv(cmd, env); err != nil {
				return err
			}
			if err := flags.check(); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			files, err := readFiles(stdin, args)
			if err != nil {
				return err
			}
			return flags.run(cmd.Context(), env, files, stdout)
		},
	}
	s, o := cmd.Flags(), &flags.options
	s.Var(durationValue{&o.ScrapeInterval}, "scrape-interval", "time between two scrapes of a pod")
	s.Var(durationValue{&o.BatchTimeout}, "batch-timeout", "longest time a sample waits in the collector")
	s.Var(durationValue{&o.HPASync}, "hpa-sync", "time between two syncs of the HPA controller")
	s.Var(durationValue{&o.PodStart}, "pod-start", "time that a pod takes to become ready")
	s.Float64Var(&o.Load, "load", 0, "value of the query to expect, for the replicas and the reaction time it leads to")
	s.IntVar(&o.Replicas, "replicas", 0, "current number of replicas (default the minimum)")
	bindEnv(s, nil) // what is asked, and how it is printed, is no matter of the environment
	s.BoolVar(&flags.evaluate, "evaluate", false, "ask the queries of their own serverAddress")
	s.StringVar(&flags.endpoint, "endpoint", "", "ask the queries of this URL instead; without a path it keeps the serverAddress's")
	s.StringVar(&flags.region, "region", "", "sign every query for this region, also one that KEDA sends through a proxy")
	s.Var(choiceValue{&flags.format, []string{"text", "json"}}, "format", "how to print")
	return cmd
}

// check judges what no flag can by itself.
func (f *checkFlags) check() error {
	o := f.options
	switch {
	case o.ScrapeInterval <= 0 || o.HPASync <= 0:
		return errors.New("--scrape-interval and --hpa-sync must be above 0")
	case o.Load < 0 || o.Replicas < 0:
		return errors.New("--load and --replicas must not be negative")
	case f.region != "" && f.endpoint == "" && !f.evaluate:
		return errors.New("--region is for --evaluate and --endpoint")
	}
	if f.endpoint != "" {
		return checkURL("--endpoint", f.endpoint)
	}
	return nil
}

// checkURL judges a flag that takes the URL of a server.
func checkURL(flag, address string) error {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s: %q is not a URL such as http://127.0.0.1:2677", flag, address)
	}
	return nil
}

func (f *checkFlags) run(ctx context.Context, env lookup, files []check.File, stdout io.Writer) error {
	report := check.Check(files, f.options)
	if f.evaluate || f.endpoint != "" {
		credentials, err := chain(ctx)
		if err != nil {
			return err
		}
		report.Evaluate(ctx, check.Evaluator{
			HTTP: plainClient(), Endpoint: f.endpoint, Credentials: credentials, Region: f.region, Now: time.Now,
		})
	}
	if err := printReport(stdout, f.format, report, func() error { return report.Print(stdout, colour(env, stdout)) }); err != nil {
		return err
	}
	if n := report.Count(check.LevelError); n > 0 {
		return fmt.Errorf("errors found: %d", n)
	}
	return nil
}

// printReport prints a report as JSON, or as text.
func printReport(stdout io.Writer, format string, report any, text func() error) error {
	if format == "json" {
		return printJSON(stdout, report)
	}
	return text()
}

// plainClient follows no redirect: a signature holds for one address.
func plainClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// chain is where the AWS SDK finds credentials. They are looked for when the first request is signed.
func chain(ctx context.Context) (aws.CredentialsProvider, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return cfg.Credentials, nil
}

// colour reports whether w is a terminal that takes colour.
func colour(env lookup, w io.Writer) bool {
	if no, _ := env("NO_COLOR"); no != "" {
		return false
	}
	if kind, _ := env("TERM"); kind == "dumb" {
		return false
	}
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// readFiles reads files; - is standard input.
func readFiles(stdin io.Reader, names []string) ([]check.File, error) {
	var files []check.File
	for _, name := range names {
		f := check.File{Name: name}
		var err error
		if name == "-" {
			f.Name = "standard input"
			f.Content, err = io.ReadAll(stdin)
		} else {
			f.Content, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, fmt.Errorf("read what to check: %w", err)
		}
		files = append(files, f)
	}
	return files, nil
}
