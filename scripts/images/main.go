// Command images builds every container image of a kind lab from pinned sources and gives them to the local Docker: `make
// images`. E2E_KUBERNETES and E2E_KEDA choose versions as they do for the suites. With E2E_REGISTRY it builds only what a cluster on AWS
// pulls of ours, and pushes it there: `make images-push`.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/lab/cluster/kind"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "images: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	release := components.DefaultRelease()
	release.Kubernetes = cmp.Or(os.Getenv("E2E_KUBERNETES"), release.Kubernetes)
	release.KEDA = cmp.Or(os.Getenv("E2E_KEDA"), release.KEDA)
	if err := release.Validate(); err != nil {
		return err
	}
	if err := kind.DaemonAnswers(ctx); err != nil {
		return fmt.Errorf("no Docker daemon answers, and the images have to go somewhere: %w", err)
	}
	root, err := build.Root(ctx)
	if err != nil {
		return err
	}
	cache, err := build.DefaultCache()
	if err != nil {
		return err
	}
	options := lab.Options{
		Root: root, Cache: cache, Release: release,
		Logf: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	}
	if registry := os.Getenv("E2E_REGISTRY"); registry != "" {
		references, err := lab.PushImages(ctx, options, registry)
		for _, reference := range references {
			fmt.Println("pushed", reference)
		}
		return err
	}
	images, err := lab.BuildImages(ctx, options)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "IMAGE\tCOMPRESSED\tUNPACKED\tDIGEST")
	for _, img := range images {
		_, _ = fmt.Fprintf(table, "%s\t%.1f MB\t%.1f MB\t%s\n", img.Ref(), megabytes(img.Size), megabytes(img.Unpacked), img.Digest)
	}
	return table.Flush()
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }
