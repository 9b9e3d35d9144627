# `make` lists the targets. Each installs what it needs through apt where it may, and else says what to install.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help build test chaos chaos-soak image host-image base-image demo bench bench-rest sim sim-many model format deps clean guard rebuild

MVN := scripts/mvn.sh
# Touched after a build. It lies where `mvn clean` removes it, and it is older than a directory from which a file was deleted.
BUILT := ctl/target/built
# Touched after the archives of classes, which tests do without.
ARCHIVED := ctl/target/archived
SOURCES := $(shell find . \( -path ./guard -o -path ./demo \) -prune -o \( -name target -o -name '.*' ! -name . ! -name .mvn \) -prune -o \
    \( -name pom.xml -o -path './*/src' -o -path './*/src/*' -o -path './.mvn/*' \) -print)
# The simulator is built by itself: a search needs neither the guard nor the launchers.
SIM := sim/target/holdfast-sim.jar
SEED := 1
HOURS := 1
REPORT := chaos-tests/target/chaos-report.html
N := 1000
FIRST := 1
LEFT := agent/target/holdfast-agent.jar ctl/target/holdfast-ctl.jar

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build what bin/holdfast-agent and bin/ctl start
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory --silent guard $(ARCHIVED)

test: ## Build and run all tests, unit and on real servers (what CI runs)
	@scripts/deps.sh test
	@$(MAKE) --no-print-directory --silent --directory guard all sanitize
	$(MVN) verify
	@touch $(BUILT)

chaos: ## Run the long tests on real servers, which make test leaves out (half an hour), and report what each fault led to
	@scripts/deps.sh chaos
	@$(MAKE) --no-print-directory guard
	@rm -rf chaos-tests/target/trials
	@$(MVN) verify -pl chaos-tests -am -Dgroups=long -DexcludedGroups=none; status=$$?; scripts/chaos.sh report $(REPORT); exit $$status
	@touch $(BUILT)

chaos-soak: ## Run pairs of faults from one seed after the other: make chaos-soak HOURS=8 [SEED=1]
	@scripts/deps.sh chaos
	@$(MAKE) --no-print-directory build
	@rm -rf chaos-tests/target/trials
	@scripts/chaos.sh soak $(HOURS) $(SEED); status=$$?; scripts/chaos.sh report $(REPORT); exit $$status

image: ## Build the images of docker-compose.yml
	@scripts/deps.sh image
	@$(MAKE) --no-print-directory build
	@scripts/image.sh

host-image: ## Build the image of the chaos tests' hosts, which are namespaces without it
	@scripts/deps.sh image
	@$(MAKE) --no-print-directory build
	@scripts/image.sh host

base-image: ## Make debian:bookworm-slim with debootstrap where it cannot be pulled, as root
	@scripts/deps.sh base-image
	@scripts/base-image.sh

demo: ## Run a cluster of three behind HAProxy on this machine, until Ctrl-C
	@scripts/deps.sh run
	@$(MAKE) --no-print-directory build
	@scripts/demo.sh

bench: ## Measure write gaps, loss, memory and CPU through switchover, crashes and stops (20 minutes)
	@scripts/deps.sh run
	@$(MAKE) --no-print-directory build
	@scripts/chaos.sh bench

bench-rest: ## Measure health checks under load and among clients of the bad sort (1 minute)
	@scripts/deps.sh bench
	@$(MAKE) --no-print-directory build
	@scripts/chaos.sh rest

model: ## Check the models of lease and sync set exhaustively (docs/model)
	@scripts/deps.sh model
	@scripts/model.sh

sim: ## Replay one run of the simulator: make sim SEED=n prints its trace, one line an event
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory --silent $(SIM)
	@scripts/sim.sh seed $(SEED)

sim-many: ## Search on all cores: make sim-many N=1000 [FIRST=1]
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory --silent $(SIM)
	@scripts/sim.sh many $(N) $(FIRST)

format: ## Format the Java sources
	@scripts/deps.sh build
	@$(MVN) --quiet --non-recursive spotless:apply

deps: ## Check for all that is needed, and install what is missing
	@scripts/deps.sh test
	@echo "Everything is there."

clean: ## Remove what was built
	@$(MAKE) --no-print-directory --silent --directory guard clean
	rm -rf target */target

guard:
	@$(MAKE) --no-print-directory --silent --directory guard

$(SIM): $(SOURCES)
	@$(MVN) --quiet package -DskipTests -pl sim -am
	@touch $@

$(BUILT): $(SOURCES) $(if $(filter-out $(wildcard $(LEFT)),$(LEFT)),rebuild)
	@echo "Building (the first time Maven fetches its plugins and libraries)."
	@$(MVN) --quiet package -DskipTests
	@touch $@

$(ARCHIVED): $(BUILT)
	@scripts/ctl-archive.sh
	@scripts/agent-archive.sh
	@touch $@
	@echo "Built: bin/holdfast-agent CONFIG.yml, bin/ctl ARGS"

rebuild:
