package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ampersand-amp/ampersand/e2e/doctor"
)

// doctorFlags are what newDoctor's command was called with.
type doctorFlags struct {
	kubeconfig, context, namespace, scaledObject string
	collector, region, format                    string
	allNamespaces                                bool
	timeout                                      time.Duration
}

// newDoctor examines the chains of a cluster.
func newDoctor(env lookup, stdout io.Writer) *cobra.Command {
	flags := doctorFlags{format: "text", timeout: time.Minute}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Walk a running chain hop by hop and name the broken one",
		Long: "Walk a running chain hop by hop, from the workload's pods over collector, store and\n" +
			"KEDA to the HPA, and name the first broken hop with the evidence. It only reads.\n" +
			"Queries are signed with your own AWS credentials. Exit code 1 says that a hop is broken.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return &usageError{cmd.CommandPath(), err}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), flags.timeout)
			defer cancel()
			return flags.run(ctx, env, stdout)
		},
	}
	s := cmd.Flags()
	s.StringVar(&flags.kubeconfig, "kubeconfig", "", "kubeconfig file [KUBECONFIG, a list of files]")
	s.StringVar(&flags.context, "context", "", "context of the kubeconfig (default its current one)")
	s.StringVarP(&flags.namespace, "namespace", "n", "", "namespace of the ScaledObjects (default the context's)")
	s.BoolVarP(&flags.allNamespaces, "all-namespaces", "A", false, "examine the ScaledObjects of all namespaces")
	s.StringVar(&flags.scaledObject, "scaledobject", "", "examine this ScaledObject only")
	s.StringVar(&flags.collector, "collector", "", "label selector of the collector's pods (default found by their images)")
	s.StringVar(&flags.region, "region", "", "sign every query for this region")
	s.Var(durationValue{&flags.timeout}, "timeout", "how long the examination may take")
	s.Var(choiceValue{&flags.format, []string{"text", "json"}}, "format", "how to print")
	return cmd
}

// check judges what no flag can by itself.
func (f *doctorFlags) check() error {
	switch {
	case f.allNamespaces && (f.namespace != "" || f.scaledObject != ""):
		return errors.New("--all-namespaces goes without --namespace and --scaledobject")
	case f.timeout <= 0:
		return errors.New("--timeout must be above 0")
	}
	return nil
}

func (f *doctorFlags) run(ctx context.Context, env lookup, stdout io.Writer) error {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	if list, _ := env("KUBECONFIG"); list != "" {
		rules.Precedence = filepath.SplitList(list)
	}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: f.context})
	cluster, err := loader.ClientConfig()
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	namespace := f.namespace
	if namespace == "" && !f.allNamespaces {
		if namespace, _, err = loader.Namespace(); err != nil {
			return fmt.Errorf("read the kubeconfig: %w", err)
		}
	}
	credentials, err := chain(ctx)
	if err != nil {
		return err
	}
	report, err := doctor.Examine(ctx, doctor.Config{
		REST: cluster, Namespace: namespace, ScaledObject: f.scaledObject, Collector: f.collector,
		Credentials: credentials, Region: f.region, HTTP: plainClient(), Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("examine the cluster: %w", err)
	}
	if err := printReport(stdout, f.format, report, func() error { return report.Print(stdout, colour(env, stdout)) }); err != nil {
		return err
	}
	if report.Broken() {
		return errors.New("a chain is broken")
	}
	return nil
}
