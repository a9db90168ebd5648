# make help lists the targets. Needed: Go and make; a network only for the Go
# module proxy, the first time.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GO      ?= go
BIN     := bin
TOOLS   := $(BIN)/tools
# The examples of one provider each; overlays has its own lines.
EXAMPLES := alibaba-ack-eci daocloud harbor huawei-cce tencent-tke volcengine-vke
GOBUILD := $(GO) build -ldflags='-s -w'
# Tests, vet and staticcheck compile as builds do, so that each finds in the cache
# what another left there: of Kyverno's module alone that is minutes.
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)
# Absolute, as tests run in the folders of their packages.
ENGINE  := $(CURDIR)/$(BIN)/gen-engine-kyverno
export MIRRORGEN_ENGINE_KYVERNO = $(ENGINE)
export MIRRORGEN_ENGINE_KUBERNETES = $(CURDIR)/$(BIN)/gen-engine-kubernetes

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: gen ## generate from the sample, run all cases on all engines, print the table
	@$(BIN)/gen policies -f policies/mirrors.yaml --out policies
	@echo "building the Kyverno engine meanwhile: some minutes the first time"
	@$(MAKE) --no-print-directory engine >$(BIN)/engine-build.log 2>&1 & build=$$!; \
	$(BIN)/gen test testcases --engine reference,gatekeeper -o table && \
	if ! wait $$build; then cat $(BIN)/engine-build.log; exit 2; fi
	@$(BIN)/gen test testcases -o table

.PHONY: build
build: gen engine ## build bin/gen, bin/gen-engine-kyverno and bin/gen-engine-kubernetes

.PHONY: gen
gen: ## build bin/gen alone: all that a GitOps repository needs
	@mkdir -p $(BIN)
	$(GOBUILD) -o $(BIN)/gen ./cmd/gen

.PHONY: engine
engine: ## build bin/gen-engine-kyverno and bin/gen-engine-kubernetes
	@mkdir -p $(BIN)
	cd engines/kyverno && $(GOBUILD) -o ../../$(BIN)/gen-engine-kyverno .
	cd engines/kubernetes && $(GOBUILD) -o ../../$(BIN)/gen-engine-kubernetes .

# The engines of further versions, each a program of its own: gen test --engine
# kyverno@1.18. One of Kyverno is a folder of engines/kyverno/versions.
KYVERNOS := $(notdir $(wildcard engines/kyverno/versions/[0-9]*))
OPAS     := 1.17
pin = -modfile=versions/$(1)/go.mod -overlay=versions/$(1)/overlay.json

.PHONY: engines
engines: build $(KYVERNOS:%=engine-kyverno-%) $(OPAS:%=engine-opa-%) ## build the engines of every version

.PHONY: $(KYVERNOS:%=engine-kyverno-%)
$(KYVERNOS:%=engine-kyverno-%): engine-kyverno-%:
	@mkdir -p $(BIN)
	cd engines/kyverno && $(GOBUILD) $(call pin,$*) -o ../../$(BIN)/gen-$@ .

.PHONY: $(OPAS:%=engine-opa-%)
$(OPAS:%=engine-opa-%): engine-opa-%:
	@mkdir -p $(BIN)
	cd engines/opa && $(GOBUILD) -o ../../$(BIN)/gen-$@ .

engine-kyverno-% engine-opa-%:
	@echo 'make $@: there are $(KYVERNOS:%=engine-kyverno-%) $(OPAS:%=engine-opa-%)' >&2; exit 2

# Every generated folder of the repository; $(1) is --check, or nothing.
define render
	$(BIN)/gen policies -f policies/mirrors.yaml --out policies $(1)
	$(BIN)/gen policies -f examples/overlays/dev --out examples/overlays/rendered/dev $(1)
	$(BIN)/gen policies -f examples/overlays/prod --out examples/overlays/rendered/prod $(1)
	for e in $(EXAMPLES); do $(BIN)/gen policies -f examples/$$e/mirrors.yaml --out examples/$$e/generated $(1) || exit; done
	$(BIN)/gen nodes -f examples/harbor/nodes.yaml --out examples/harbor/nodes --runtime containerd,crio,k3s --installer script $(1)
	$(BIN)/gen nodes -f examples/huawei-cce/mirrors.yaml --out examples/huawei-cce/nodes --runtime containerd,docker --installer script $(1)
	$(BIN)/gen nodes -f examples/volcengine-vke/nodes.yaml --out examples/volcengine-vke/nodes --installer daemonset --installer-image acme-cn-beijing.cr.volces.example/library/busybox:1.37 $(1)
endef

.PHONY: policies
policies: gen ## generate policies/ and what the examples show
	$(call render)

.PHONY: check
check: gen ## fail where a generated folder differs from its MirrorSet
	$(call render,--check)

.PHONY: test
test: build ## every test, and every case in every pipeline
	cd engines/protocol && $(GO) test ./...
	cd engines/kyverno && $(GO) test ./...
	cd engines/kubernetes && $(GO) test ./...
	cd engines/opa && $(GO) test ./...
	cd engines/runtimes && $(GO) test ./...
	$(BIN)/gen test testcases --coverage
	$(BIN)/gen test testcases --policies policies
	$(BIN)/gen test examples/*/testcases
	$(BIN)/gen test examples/overlays/testcases --policies examples/overlays/rendered/dev
	$(BIN)/gen test examples/overlays/testcases --policies examples/overlays/rendered/prod
	hack/cost.sh $(BIN)/gen
	$(GO) test $$($(GO) list ./... | grep -v -e '/harness/agreement$$' -e '/cmd/gen$$')
	# An engine's program is no input that go test's cache knows of.
	$(GO) test -count=1 -timeout 30m ./harness/agreement ./cmd/gen

# What each provider's document says, held against a run of all that proves it.
PROVEN := ./diagnosis/... ./generator/node/... ./generator/preset
define providers
	@mkdir -p $(BIN)
	@$(BIN)/gen test testcases examples/*/testcases -o json=$(BIN)/cases.json >/dev/null
	@$(GO) test -json $(PROVEN) >$(BIN)/tests.json || { grep -h '"Action":"fail"' $(BIN)/tests.json; exit 1; }
	@cd engines/runtimes && $(GO) test -json ./... >../../$(BIN)/runtimes.json || { grep -h '"Action":"fail"' ../../$(BIN)/runtimes.json; exit 1; }
	@$(GO) run ./hack/providers -reports $(BIN)/cases.json -tests $(BIN)/tests.json,$(BIN)/runtimes.json $(1)
endef

.PHONY: providers
providers: build ## write the table of providers from a run of all cases and tests
	$(call providers)

.PHONY: check-providers
check-providers: build ## fail where the table of providers is not what the run shows
	$(call providers,-check)

# Which target is proven on which version. A case whose policies need a later version
# than a column's is an error of gen test, and a line of the page: hack/matrix tells.
# E2E names the reports of a run on a real API server; without, the last one's stay.
MATRIX := reference,kyverno->rego,kyverno->kyverno,mpol->vpol,map->vap,reference->gatekeeper,kyverno@1.18->rego@1.17,kyverno@1.18->kyverno@1.18,mpol@1.18->vpol@1.18,reference->gatekeeper@1.17
define matrix
	@rm -f $(BIN)/matrix.json
	@$(BIN)/gen version -o json >$(BIN)/versions.json
	@$(BIN)/gen test testcases examples/*/testcases --engine '$(MATRIX)' -o json=$(BIN)/matrix.json || test -f $(BIN)/matrix.json
	@$(GO) run ./hack/matrix -reports $(BIN)/matrix.json -versions $(BIN)/versions.json $(if $(E2E),-cluster $(E2E) -cluster-versions $(BIN)/e2e-versions.json) $(1)
endef

.PHONY: matrix
matrix: engines ## write the table of engines and versions from a run of all cases on each
	$(call matrix)

.PHONY: check-matrix
check-matrix: engines ## fail where that table is not what the run shows
	$(call matrix,-check)

.PHONY: race
race: ## the root module's tests under the race detector, without the engine programs, which it does not see
	@# The agreement test asks one engine after another: four minutes in which nothing can race.
	MIRRORGEN_ENGINE_KYVERNO= MIRRORGEN_ENGINE_KUBERNETES= $(GO) test -race $$($(GO) list ./... | grep -v '/harness/agreement$$')

.PHONY: race-engines
race-engines: ## the engine programs' tests under the race detector: ten minutes more to build the first time
	for module in protocol kyverno kubernetes opa; do (cd engines/$$module && $(GO) test -race ./...) || exit 1; done

.PHONY: lint
lint: $(TOOLS)/staticcheck $(TOOLS)/opa ## gofmt, vet, staticcheck, shellcheck where it is, opa fmt and check, tidy modules
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	for module in . engines/protocol engines/kyverno engines/kubernetes engines/opa engines/runtimes e2e; do (cd $$module && $(GO) vet ./... && $(CURDIR)/$(TOOLS)/staticcheck ./... && $(GO) mod tidy -diff) || exit 1; done
	cd engines/kyverno && $(foreach v,$(KYVERNOS),$(GO) vet $(call pin,$(v)) ./... && $(GO) mod tidy -diff $(call pin,$(v)) &&) true
	@if command -v shellcheck >/dev/null; then echo shellcheck templates/node/install.sh && shellcheck templates/node/install.sh; \
	else echo 'lint: shellcheck is not installed (Debian: apt-get install shellcheck), so templates/node/install.sh was not checked' >&2; fi
	$(TOOLS)/opa fmt --fail --list templates/rego templates/gatekeeper policies/rego/policy
	$(TOOLS)/opa check --strict templates/rego/policy
	$(TOOLS)/opa check --strict policies/rego/policy

.PHONY: interop
interop: gen $(TOOLS)/gator $(TOOLS)/conftest $(TOOLS)/opa ## gator, conftest and opa on our output
	$(TOOLS)/gator verify ./policies/gatekeeper/...
	for e in $(EXAMPLES); do $(TOOLS)/gator verify ./examples/$$e/generated/gatekeeper/... || exit; done
	$(TOOLS)/opa test policies/rego/policy
	hack/interop.sh $(TOOLS) $(BIN)/gen

.PHONY: fuzz
fuzz: build ## every fuzz test and the agreement of all engines, FUZZTIME each (default 5m)
	FUZZTIME=$${FUZZTIME:-5m} hack/fuzz.sh

.PHONY: bench
bench: gen ## Go benchmarks of the parts, and of generated policies in Kyverno
	$(GO) test -run '^$$' -bench . -benchmem ./generator/... ./harness/...
	hack/bench-kyverno.sh $(BIN)/gen
	hack/bench-cel.sh $(BIN)/gen

.PHONY: bench-peers
bench-peers: build $(TOOLS)/gator $(TOOLS)/conftest $(TOOLS)/kyverno ## whole processes side by side with gator, conftest and kyverno
	hack/bench-peers.sh $(TOOLS) $(BIN)

# What a cluster's control plane is made of, and what e2e finds it by.
CONTROL_PLANE := $(TOOLS)/etcd $(TOOLS)/kube-apiserver $(TOOLS)/kyverno-admission $(TOOLS)/kyverno-background
define in_e2e
	cd e2e && export MIRRORGEN_E2E_BIN=$(CURDIR)/$(TOOLS) MIRRORGEN_E2E_REPORT=$(CURDIR)/$(BIN)/e2e && \
	MIRRORGEN_E2E_KYVERNO=$$(cd ../tools/kyverno-controllers && $(GO) list -m -f '{{.Dir}}' github.com/kyverno/kyverno) && export MIRRORGEN_E2E_KYVERNO &&
endef

.PHONY: e2e
e2e: $(CONTROL_PLANE) ## every case, and what happens over time, on a real API server with Kyverno; loopback only
	@mkdir -p $(BIN)/e2e
	$(in_e2e) $(GO) test -count=1 -p 1 -v -timeout 60m ./...

.PHONY: bench-admission
bench-admission: $(CONTROL_PLANE) ## how long a real API server takes for a Pod: no policy, a sample's shape, each target; FLAGS=-h
	@$(in_e2e) $(GO) run ./bench-admission $(FLAGS)

$(TOOLS)/etcd: tools/kube-apiserver/go.mod
	@mkdir -p $(TOOLS)
	cd tools/kube-apiserver && $(GOBUILD) -o ../../$@ go.etcd.io/etcd/server/v3

# Its version is stamped in, as Kubernetes' own build does: without it the API
# server says v0.0.0, and what asks for its version goes wrong.
$(TOOLS)/kube-apiserver: tools/kube-apiserver/go.mod
	@mkdir -p $(TOOLS)
	cd tools/kube-apiserver && version=$$($(GO) list -m -f '{{.Version}}' k8s.io/kubernetes) && minor=$${version#v1.} && \
	$(GO) build -ldflags="-s -w -X k8s.io/component-base/version.gitVersion=$$version \
	-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$${minor%%.*}" -o ../../$@ k8s.io/kubernetes/cmd/kube-apiserver

$(TOOLS)/kyverno-admission: tools/kyverno-controllers/go.mod
	@mkdir -p $(TOOLS)
	cd tools/kyverno-controllers && $(GOBUILD) -o ../../$@ github.com/kyverno/kyverno/cmd/kyverno

$(TOOLS)/kyverno-background: tools/kyverno-controllers/go.mod
	@mkdir -p $(TOOLS)
	cd tools/kyverno-controllers && $(GOBUILD) -o ../../$@ github.com/kyverno/kyverno/cmd/background-controller

$(TOOLS)/staticcheck: tools/staticcheck/go.mod
	@mkdir -p $(TOOLS)
	cd tools/staticcheck && $(GO) build -o ../../$@ honnef.co/go/tools/cmd/staticcheck

$(TOOLS)/opa: tools/opa/go.mod
	@mkdir -p $(TOOLS)
	cd tools/opa && $(GO) build -o ../../$@ github.com/open-policy-agent/opa

$(TOOLS)/gator: tools/gator/go.mod
	@mkdir -p $(TOOLS)
	cd tools/gator && $(GO) build -o ../../$@ github.com/open-policy-agent/gatekeeper/v3/cmd/gator

$(TOOLS)/conftest: tools/conftest/go.mod
	@mkdir -p $(TOOLS)
	cd tools/conftest && $(GO) build -o ../../$@ github.com/open-policy-agent/conftest

$(TOOLS)/kyverno: tools/kyverno/go.mod
	@mkdir -p $(TOOLS)
	cd tools/kyverno && $(GO) build -o ../../$@ github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno

.PHONY: clean
clean: ## remove bin/
	rm -rf $(BIN)
