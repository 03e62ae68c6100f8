package main

import (
	"strings"

	"github.com/ampersand-amp/ampersand/fixtures/components"
)

// setting is a variable of the environment, or of make, that the suites and targets read.
type setting struct{ name, values, preset, meaning string }

// settings are all of them. A test compares the names with those that the code and the Makefile read.
func settings() []setting {
	release := components.DefaultRelease()
	return []setting{
		{"E2E_CLUSTER", "auto, kwok, kind, existing", "auto", "what the lab stands on. auto: kind where a Docker daemon answers, else KWOK; existing goes with E2E_AMP=aws"},
		{"E2E_IMAGES", "auto, published, built", "auto", "images on kind. auto: published where a registry answers, else built; the run says which and why"},
		{"E2E_KUBERNETES", strings.Join(components.KubernetesMinors(), ", "), release.Kubernetes, "version of Kubernetes"},
		{"E2E_KEDA", strings.Join(components.KEDAMinors(), ", "), release.KEDA, "version of KEDA"},
		{"E2E_AMP", "emulator, aws", "emulator", "who is AMP"},
		{"E2E_PROFILE", "fast, real", "fast; on AWS real", "periods. real is the recipe's and Kubernetes' own, some 9 minutes for the main job"},
		{"E2E_SIGNING", "proxy, native, irsa, both, all", "both", "who signs KEDA's queries. both: the first two"},
		{"E2E_SCENARIO", "files, or names of ours, with commas between", "all of ours", "what TestScenarios plays ([scenarios.md](scenarios.md)). The first gives the lab its periods and the main job its load: beside other suites begin with autoscaling"},
		{"SCENARIO", "the same", "", "the same for `make e2e-local`, instead of the main job"},
		{"E2E_BASELINE", "timeline.json of an earlier run", "", "compared.html lays this run over it"},
		{"E2E_KEEP", "0, 1", "0", "1 leaves the lab up, and says how to reach and remove it (on KWOK until Ctrl-C)"},
		{"E2E_ARTIFACTS", "a folder", "e2e/artifacts", "logs, reports, and what a failure leaves"},
		{"E2E_TIMEOUT", "a duration of Go's", "60m", "of `make`: how long a run may take; without limit with E2E_KEEP=1"},
		{"E2E_CONTEXT", "a context of the kubeconfig", "the current one", "on an existing cluster: which one ([aws.md](aws.md))"},
		{"E2E_REGISTRY", "the beginning of image names", "", "where our images are pushed to and pulled from ([aws.md](aws.md))"},
		{"E2E_YES", "0, 1", "0", "on an existing cluster: 1 agrees to the plan"},
		{"E2E_CLEANUP", "0, 1", "0", "1 removes what killed runs have left; `make e2e-aws-cleanup` sets it"},
		{"E2E_HPA_SYNC", "a duration", "15s", "on an existing cluster: the period of its HPA controller"},
		{"AMPERSAND_CACHE", "a folder", "the user's cache folder/ampersand", "built programs and images, by content"},
		{"TARGET", "a URL", "an emulator of its own", "`make conformance`: what is examined"},
		{"ARGS", "flags", "", "`make conformance`: further flags of `ampersand conformance`"},
		{"CHROMIUM", "a program", "chromium of the path", "`make test-browser`: the browser"},
		{"AXE", "a file, axe.min.js", "", "`make test-browser`: axe-core judges the console too; `make axe` fetches it"},
		{"JUNIT", "a file", "", "`make test`: the results as JUnit XML"},
		{"FUZZTIME", "a duration of Go's", "2s", "`make fuzz-smoke`: how long each fuzz test is played"},
		{"AMPERSAND_IMAGE", "the name of an image", "", "`make test-ampcontainer`: the image to try; the compose file: the image to start (ampersand:latest)"},
		{"VERSION", "v and a version", "the newest of CHANGELOG.md", "`make release`: what must be the newest ([release.md](release.md))"},
	}
}
