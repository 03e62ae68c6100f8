package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ampersand-amp/ampersand/e2e/lab"
	"github.com/ampersand-amp/ampersand/e2e/lab/build"
	"github.com/ampersand-amp/ampersand/e2e/scenario"
	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// options are what the environment chooses.
type options struct {
	// profile is the set of periods: fast or real.
	profile string
	// aws is set when AMP is AWS's.
	aws bool
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
	// scenarios are what TestScenarios plays; chosen says that somebody asked for just these.
	scenarios []scenario.Scenario
	chosen    bool
}

// fastSessions is how long STS's sessions last in the fast profile: every run then sees them end and be renewed. AWS gives no
// fewer than 15 minutes.
const fastSessions = 20 * time.Second

func optionsFromEnvironment(ctx context.Context, chosen string) (options, error) {
	var o options
	amp, err := choice("E2E_AMP", "emulator", "emulator", "aws")
	if err != nil {
		return o, err
	}
	o.aws = amp == "aws"
	signing, err := choice("E2E_SIGNING", "both", "proxy", "native", "irsa", "both", "all")
	if err != nil {
		return o, err
	}
	switch {
	case o.aws:
		if o.signing, err = signingOnAWS(signing); err != nil {
			return o, err
		}
	case signing == "both":
		o.signing = []lab.Signing{lab.SigningProxy, lab.SigningNative}
	case signing == "all":
		o.signing = []lab.Signing{lab.SigningProxy, lab.SigningNative, lab.SigningIRSA}
	default:
		o.signing = []lab.Signing{lab.Signing(signing)}
	}
	o.lab.Roles = slices.Contains(o.signing, lab.SigningIRSA)
	keep, err := choice("E2E_KEEP", "0", "0", "1")
	if err != nil {
		return o, err
	}
	o.keep = keep == "1"
	if o.autoscaling, err = scenario.Named("autoscaling"); err != nil {
		return o, err
	}
	if o.profile, err = choice("E2E_PROFILE", profilePreset(o.aws), o.autoscaling.ProfileNames()...); err != nil {
		return o, err
	}
	if o.periods, err = o.autoscaling.Profile(o.profile); err != nil {
		return o, err
	}
	if err := o.stories(chosen); err != nil {
		return o, err
	}
	if err := o.where(ctx); err != nil {
		return o, err
	}
	o.periods = o.periods.On(string(o.lab.Cluster))
	if o.lab.Cluster == lab.ClusterExisting {
		if err := o.onExisting(); err != nil {
			return o, err
		}
	}
	if o.lab.Roles && o.profile == "fast" && !o.aws {
		o.lab.Sessions = fastSessions
	}
	o.lab.Keep, o.lab.Logf = o.keep, logf
	o.lab.Settings = lab.Settings{
		ScrapeInterval: time.Duration(o.periods.ScrapeInterval),
		BatchTimeout:   time.Duration(o.periods.BatchTimeout),
		HPASyncPeriod:  time.Duration(o.periods.HPASync),
	}
	return o, o.places(ctx)
}

// stories reads the scenarios. Those that somebody has chosen bring their own periods; of ours those are played that have the
// profile, with the periods of the main job.
func (o *options) stories(chosen string) error {
	list, err := readScenarios(chosen)
	if err != nil {
		return err
	}
	o.chosen = chosen != ""
	for i, s := range list {
		periods, err := s.Profile(o.profile)
		switch {
		case err != nil && o.chosen:
			return err
		case err != nil:
			continue
		case o.chosen && i == 0:
			o.periods = periods
		case periods.ScrapeInterval != o.periods.ScrapeInterval || periods.BatchTimeout != o.periods.BatchTimeout || periods.HPASync != o.periods.HPASync:
			return fmt.Errorf("scenario %s has other periods than the lab (scrapeInterval %s, batchTimeout %s, hpaSync %s): play it by itself",
				s.Name, o.periods.ScrapeInterval, o.periods.BatchTimeout, o.periods.HPASync)
		}
		o.scenarios = append(o.scenarios, s)
	}
	return nil
}

// where chooses the cluster, its versions and its images.
func (o *options) where(ctx context.Context) error {
	cluster, err := choice("E2E_CLUSTER", "auto", "auto", string(lab.ClusterKWOK), string(lab.ClusterKind), string(lab.ClusterExisting))
	if err != nil {
		return err
	}
	if (cluster == string(lab.ClusterExisting)) != o.aws {
		return errors.New("E2E_CLUSTER=existing and E2E_AMP=aws go together: the emulator has AWS's host names only in clusters that the lab makes, " +
			"and AWS takes no tokens from those")
	}
	if cluster == "auto" {
		chosen, why := lab.ChooseCluster(ctx)
		logf("E2E_CLUSTER=auto: %s, because %s", chosen, why)
		cluster = string(chosen)
	}
	o.lab.Cluster = lab.Cluster(cluster)
	release := components.DefaultRelease()
	if release.Kubernetes, err = choice("E2E_KUBERNETES", release.Kubernetes, components.KubernetesMinors()...); err != nil {
		return err
	}
	if release.KEDA, err = choice("E2E_KEDA", release.KEDA, components.KEDAMinors()...); err != nil {
		return err
	}
	o.lab.Release = release
	images, err := choice("E2E_IMAGES", string(lab.ImagesAuto), string(lab.ImagesAuto), string(lab.ImagesPublished), string(lab.ImagesBuilt))
	if err != nil {
		return err
	}
	o.lab.Images = lab.Images(images)
	return nil
}

// places finds the folders.
func (o *options) places(ctx context.Context) error {
	root, err := build.Root(ctx)
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
	o.lab.Root, o.lab.Artifacts, o.lab.Cache = root, o.artifacts, cache
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
