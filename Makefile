# Every command of the project; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup production lock sbom demo test check fmt unit thorough stories contract integration e2e crash fuzz simulate bench bench-lists docs

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
PACKAGES := schemas producers processors sinks tocsin

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv, fetch Apache Kafka; as root also what tests need from Debian (a second run does nothing)
	@deploy/setup/python.sh
	@deploy/setup/kafka.sh
	@deploy/setup/debian.sh

production:  ## make .venv from the run-time lock alone, without test tools; and fetch Apache Kafka
	@deploy/setup/python.sh production
	@deploy/setup/kafka.sh

demo: setup  ## run the whole pipeline with a short real story, until Ctrl-C
	@$(BIN)/tocsin demo

test: setup  ## run every test
	@deploy/setup/debian.sh required
	@$(PYTEST)
	@$(MAKE) --no-print-directory crash
	@$(MAKE) --no-print-directory fuzz

check: setup  ## lint, types, import rules, schema compatibility
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run make fmt"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m schemas.compatibility

fmt: setup  ## format, and fix what can be fixed
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

unit: setup  ## fast tests, no servers
	@$(PYTEST) tests/unit

thorough: setup  ## unit tests with fifty times as many examples of each property
	@HYPOTHESIS_PROFILE=thorough $(PYTEST) tests/unit

stories: setup  ## the core: records in, decisions out
	@$(PYTEST) tests/stories

contract: setup  ## behaviour suites, library facts, vectors
	@$(PYTEST) tests/contract

integration: setup  ## on real Kafka and real PostgreSQL
	@$(PYTEST) tests/integration

e2e: setup  ## a real Alertmanager, a real browser
	@deploy/setup/debian.sh required
	@$(PYTEST) tests/e2e

crash: setup  ## kill everything in turn under load, fill its disks, then check the promises (SEED=1 CRASH_SECONDS=180)
	@$(BIN)/python -m tests.crash $(if $(SEED),--seed $(SEED)) $(if $(CRASH_SECONDS),--seconds $(CRASH_SECONDS))

fuzz: setup  ## broken requests against a live stack, a good client beside them (SEED=1 FUZZ_SECONDS=180)
	@$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(FUZZ_SECONDS),--seconds $(FUZZ_SECONDS))

simulate: setup  ## months of operation on the virtual clock, another seed each time (SEED=1 MONTHS=12)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(MONTHS),--months $(MONTHS))

bench: setup  ## measure, ~6 minutes (ARGS="--only core --json new.json", ARGS="--compare old.json new.json")
	@$(BIN)/python -m tests.bench $(ARGS)

bench-lists: setup  ## measure each list and count of the API at a million alerts, ~4 minutes
	@$(BIN)/python -m tests.bench_lists

docs: setup  ## write docs/settings.md and docs/configuration.md anew
	@$(BIN)/python -m tocsin.documentation

LOCK := uv pip compile --no-config --python-version 3.11 --universal --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-find-links

lock:  ## pin requirements.in and requirements-dev.in anew (needs uv)
	@$(LOCK) --quiet requirements.in -o requirements.lock
	@$(LOCK) --quiet --constraint requirements.lock requirements-dev.in -o requirements-dev.lock

sbom: setup  ## write build/sbom.cdx.json: all that a production install is made of (CycloneDX)
	@$(BIN)/python -m deploy.sbom
