package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
)

// options are what the environment chooses.
type options struct {
	// profile is the set of periods: fast or real.
	profile string
	// signing are the variants to run.
	signing []lab.Signing
	// keep leaves the lab up at the end.
	keep bool
	// artifacts is the folder for logs and reports.
	artifacts string
	// lab is what to stand up.
	lab lab.Options
	// autoscaling is the scenario that all suites play or vary.
	autoscaling scenario.Scenario
	periods     scenario.Profile
}

func optionsFromEnvironment() (options, error) {
	var o options
	if _, err := choice("E2E_CLUSTER", "auto", "auto", "kwok"); err != nil {
		return o, fmt.Errorf("%w; kind and existing clusters are not supported yet", err)
	}
	if _, err := choice("E2E_AMP", "emulator", "emulator"); err != nil {
		return o, fmt.Errorf("%w; real AMP is not supported yet", err)
	}
	signing, err := choice("E2E_SIGNING", "both", "proxy", "native", "both")
	if err != nil {
		return o, err
	}
	if signing == "both" {
		o.signing = []lab.Signing{lab.SigningProxy, lab.SigningNative}
	} else {
		o.signing = []lab.Signing{lab.Signing(signing)}
	}
	keep, err := choice("E2E_KEEP", "0", "0", "1")
	if err != nil {
		return o, err
	}
	o.keep = keep == "1"
	if o.autoscaling, err = scenario.Named("autoscaling"); err != nil {
		return o, err
	}
	if o.profile, err = choice("E2E_PROFILE", "fast", o.autoscaling.ProfileNames()...); err != nil {
		return o, err
	}
	if o.periods, err = o.autoscaling.Profile(o.profile); err != nil {
		return o, err
	}
	return o, o.places()
}

// places finds the folders.
func (o *options) places() error {
	root, err := build.Root(context.Background())
	if err != nil {
		return err
	}
	cache, err := build.DefaultCache()
	if err != nil {
		return err
	}
	o.artifacts = os.Getenv("E2E_ARTIFACTS")
	if o.artifacts == "" {
		o.artifacts = filepath.Join(root, "e2e", "artifacts")
	}
	if o.artifacts, err = filepath.Abs(o.artifacts); err != nil {
		return fmt.Errorf("find the artifacts' folder: %w", err)
	}
	o.lab = lab.Options{
		Root: root, Artifacts: o.artifacts, Cache: cache, Logf: logf,
		Settings: lab.Settings{
			ScrapeInterval: time.Duration(o.periods.ScrapeInterval),
			BatchTimeout:   time.Duration(o.periods.BatchTimeout),
			HPASyncPeriod:  time.Duration(o.periods.HPASync),
		},
	}
	return nil
}

// choice reads a variable that has a few known values.
func choice(name, preset string, values ...string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return preset, nil
	}
	if !slices.Contains(values, value) {
		return "", fmt.Errorf("%s=%q is not one of %s", name, value, strings.Join(values, ", "))
	}
	return value, nil
}
