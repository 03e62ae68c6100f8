# Ampersand's targets. `make` lists them. Needed: Go and git on Linux; nothing here needs root.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# An AWS SDK that finds no credentials calls the metadata address of a cloud; this machine is in none.
export AWS_EC2_METADATA_DISABLED := true

# The race detector needs a C compiler. Without one the tests still run, and say so.
RACE := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)

# The suites are compiled like the components, so that both share what is compiled (fixtures/components/components.go).
E2E_BUILD := -trimpath -tags=grpcnotrace,remove_all_sd,enable_kubernetes_sd -gcflags=all=-dwarf=false
E2E_TIMEOUT := $(if $(filter 1,$(E2E_KEEP)),0,60m)
# Named by its folder, the package writes to the terminal itself, which the live view of a run needs.
E2E := CGO_ENABLED=0 go -C e2e test -v -count=1 -vet=off $(E2E_BUILD) -timeout $(E2E_TIMEOUT)

CITOOL := go tool -modfile=scripts/ci/go.mod
# The linter, from a folder of a module of ours: its pin is at the root, given as that folder sees it.
GOLANGCI_AT = go tool -modfile=$(1)/scripts/lint/go.mod golangci-lint
GOLANGCI := $(call GOLANGCI_AT,.)
RELEASE := CGO_ENABLED=0 go run $(E2E_BUILD) ./scripts/release

# What judges the accessibility of the console's pages; it is fetched for that and part of nothing.
AXE_VERSION := 4.14.1
AXE_SHA256 := e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: test
test: ## All tests that need no cluster, with the race detector. JUNIT=FILE writes the results for CI
	@[ -n "$(RACE)" ] || echo "no C compiler found: the tests run without the race detector (install gcc for it)"
	$(if $(JUNIT),$(CITOOL) gotestsum --format=standard-quiet --junitfile="$(JUNIT)" --,go test) $(RACE) $$(go list ./... | grep -v '/e2e$$')

.PHONY: test-clients
test-clients: ## Programs of others against the emulator: AWS CLI, curl, Prometheus 2 and 3. Needs apt (Debian, Ubuntu)
	go test -tags=clients -v -count=1 -parallel=16 -timeout=20m $(RACE) ./e2e/clients

.PHONY: test-browser
test-browser: ## The report's page and the console in a headless Chromium, which CHROMIUM names or the path has; AXE=axe.min.js has axe-core judge too
	go test -tags=clients -v -count=1 -run '^TestPageInABrowser$$' ./e2e/timeline
	AXE="$(abspath $(AXE))" go test -tags=clients -v -count=1 -timeout=20m ./e2e/console

.PHONY: axe
axe: ## The same, with axe-core fetched by npm into the cache, by its hash
	dir="$${AMPERSAND_CACHE:-$$HOME/.cache/ampersand}/axe-core-$(AXE_VERSION)"; mkdir -p "$$dir"; \
	  [ -f "$$dir/package/axe.min.js" ] || { npm pack --silent --pack-destination "$$dir" axe-core@$(AXE_VERSION) >/dev/null; \
	    echo "$(AXE_SHA256)  $$dir/axe-core-$(AXE_VERSION).tgz" | sha256sum --check --quiet; tar -xzf "$$dir/axe-core-$(AXE_VERSION).tgz" -C "$$dir" package/axe.min.js; }; \
	  $(MAKE) test-browser AXE="$$dir/package/axe.min.js"

.PHONY: test-action
test-action: ## action.yml as another repository's workflow plays it, on KWOK, with bash in the runner's place
	go test -tags=outside_action -v -count=1 -timeout=40m -run '^TestAction' ./e2e/outside

.PHONY: fuzz-smoke
fuzz-smoke: ## Each fuzz test for some seconds: FUZZTIME
	go run ./scripts/fuzz -for $(or $(FUZZTIME),2s)

.PHONY: test-outside
test-outside: ## Ampersand as strangers use it, in projects of their own in temporary folders. Needs the module proxy, no Docker
	go test -tags=outside -v -count=1 -timeout=60m ./e2e/outside

.PHONY: test-ampcontainer
test-ampcontainer: ## The testcontainers-go module with AMPERSAND_IMAGE=ampersand:latest, by itself and in a stranger's project; needs a Docker daemon and `make image`
	AMPERSAND_IMAGE="$(AMPERSAND_IMAGE)" go -C emulator/ampcontainer test -v -count=1 -timeout=20m $(RACE) ./...
	AMPERSAND_IMAGE="$(AMPERSAND_IMAGE)" go test -tags=outside,docker -v -count=1 -timeout=60m -run '^TestContainerModule$$' ./e2e/outside

.PHONY: test-image
test-image: image ## The image in containers without rights: health, samples over a restart, each program. Needs a Docker daemon
	go test -tags=docker -v -count=1 -timeout=20m -run Container ./e2e/release

.PHONY: test-compose
test-compose: image ## The compose file for users, played from another folder. Needs a Docker daemon; builds Docker Compose where docker has none
	go test -tags=compose -v -count=1 -timeout=40m -run Compose ./e2e/outside

.PHONY: test-release
test-release: ## A release for this machine and the image for both platforms: what is in it, the same bytes from another clone, a sample written and queried
	go test -tags=release -v -count=1 -timeout=60m -run Released ./e2e/release

.PHONY: e2e-local
e2e-local: ## The whole chain, 1 -> 10 -> 1, both ways of signing, with a timeline: the main job. SCENARIO=FILE plays a scenario instead. On kind if Docker answers, else KWOK
	$(E2E) -run '^$(if $(SCENARIO),TestScenarios,TestAutoscaling)$$' $(if $(SCENARIO),-args -scenario=$(SCENARIO))

.PHONY: e2e-scenarios
e2e-scenarios: ## The scenarios that E2E_SCENARIO names, all of ours without it
	$(E2E) -run '^TestScenarios$$'

.PHONY: e2e-kwok
e2e-kwok: ## The same on KWOK, named: no Docker
	E2E_CLUSTER=kwok $(E2E) -run '^TestAutoscaling$$'

.PHONY: e2e-kind
e2e-kind: ## The same on kind, named: everything in containers; needs a Docker daemon
	E2E_CLUSTER=kind $(E2E) -run '^TestAutoscaling$$'

.PHONY: e2e-aws
e2e-aws: ## Every suite that needs no emulator on an existing EKS cluster and a workspace of real AMP: docs/aws.md first. It costs money
	E2E_CLUSTER=existing E2E_AMP=aws $(E2E)

.PHONY: e2e-aws-cleanup
e2e-aws-cleanup: ## Remove what killed runs of e2e-aws have left in the AWS account and in the cluster
	E2E_CLUSTER=existing E2E_AMP=aws E2E_CLEANUP=1 $(E2E)

.PHONY: e2e-aws-standin
e2e-aws-standin: ## e2e-aws with a kind cluster for EKS and the emulator for AWS; needs a Docker daemon
	CGO_ENABLED=0 go run $(E2E_BUILD) ./scripts/standin $(MAKE) e2e-aws E2E_PROFILE=fast

.PHONY: images
images: ## The container images from pinned sources, into the local Docker
	CGO_ENABLED=0 E2E_REGISTRY= go run $(E2E_BUILD) ./scripts/images

.PHONY: images-push
images-push: ## Those that make e2e-aws needs, to the registry E2E_REGISTRY
	@[ -n "$(E2E_REGISTRY)" ] || { echo "say where to: make images-push E2E_REGISTRY=..."; exit 1; }
	CGO_ENABLED=0 E2E_REGISTRY="$(E2E_REGISTRY)" go run $(E2E_BUILD) ./scripts/images

.PHONY: image
image: ## The image ampersand:VERSION and ampersand:latest for this machine, into the local Docker: docs/release.md
	$(RELEASE) image

.PHONY: image-layout
image-layout: ## The image for linux/amd64 and linux/arm64 as an OCI image layout in dist/; needs no Docker
	$(RELEASE) layout

.PHONY: release
release: ## Archives, lists of contents, the image and checksums into dist/, nothing is published. VERSION=v0.1.0 has to be the newest of CHANGELOG.md. ARGS are further flags
	$(RELEASE) archives $(if $(VERSION),--version $(VERSION)) $(ARGS)

.PHONY: e2e
e2e: ## Every suite: autoscaling, controls, the recipe as published; E2E_SIGNING=all adds IAM roles and their failures
	$(E2E)

.PHONY: conformance
conformance: ## AMP's behaviour, check by check, at TARGET=URL with AWS's usual credentials, or at an emulator. ARGS are further flags
	go run ./emulator/cmd/ampersand conformance $(if $(TARGET),--endpoint $(TARGET),--emulator --parallel 8) $(ARGS)

.PHONY: compliance
compliance: ## The Prometheus project's remote-write suites over collector, Prometheus and emulator: docs/yardsticks.md. Needs the module proxy
	CGO_ENABLED=0 go run $(E2E_BUILD) ./scripts/compliance

.PHONY: docs
docs: ## Bring the generated parts of the documentation up to date: flags, quotas, what the conformance suite checks and finds
	go run ./scripts/docs

.PHONY: test-docs
test-docs: ## Every command of the documentation, in a copy of the repository and without a network. Needs apt (Debian, Ubuntu) once
	go test -tags=docs -v -count=1 -timeout=20m -run '^TestCommands$$' ./e2e/docs

.PHONY: bench
bench: ## Benchmarks of the emulator
	go test -run '^$$' -bench . -benchmem ./emulator/...

.PHONY: lint
lint: ## golangci-lint and gofmt; .golangci.yml says what is looked at
	@unformatted=$$(git ls-files '*.go' | xargs gofmt -l); [ -z "$$unformatted" ] || { echo "not gofmt'ed: $$unformatted"; exit 1; }
	$(GOLANGCI) run ./...
	cd emulator/ampcontainer && $(call GOLANGCI_AT,../..) run ./...

.PHONY: workflows
workflows: ## The workflows and action.yml: actionlint, pins, permissions, the matrix, and that CI runs the same targets
	$(CITOOL) actionlint -shellcheck= -pyflakes=
	go run ./scripts/workflows

.PHONY: action-inputs
action-inputs: ## For action.yml: check its inputs and say what to keep between runs
	@CGO_ENABLED=0 go run $(E2E_BUILD) ./scripts/action inputs

.PHONY: action
action: ## For action.yml: play what its inputs say
	@CGO_ENABLED=0 go run $(E2E_BUILD) ./scripts/action play $(MAKE) --no-print-directory e2e-scenarios

.PHONY: fmt
fmt: ## Format the code
	$(GOLANGCI) fmt ./...
	cd emulator/ampcontainer && $(call GOLANGCI_AT,../..) fmt ./...

.PHONY: clean
clean: ## Remove artifacts of runs and what make release wrote; the cache of built components stays (its path is in the README)
	rm -rf e2e/artifacts dist
