# Everything runs in .venv, which `make setup` prepares; the other targets see to it first.
# `make help` lists the targets.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE :=
export PYTHONSAFEPATH :=

PYTEST_ARGS ?=
BROWSER := tests/browser
DATABASE := tests/database
E2E := tests/e2e
PARTS := tests/unit tests/stateful tests/parity tests/checkers tests/test_architecture.py tests/test_supply_chain.py
EXPLORATION := tests/e2e/test_exploration.py
LONG_TESTS := $(EXPLORATION) tests/e2e/test_real_events.py tests/e2e/test_exactly_once.py tests/e2e/test_portable.py
DRILL_ARGS ?= --tag basics
BENCH_ARGS ?= pipeline
SWEEP_ARGS ?=
RACES_ARGS ?=
STORM_ARGS ?= --seed 1 --rounds 50
MUTANTS ?=
MUTATION_ARGS ?= --samples 200 --seed 1
SOAK_ARGS ?=
FUZZ_INPUTS ?= 1000000
FUZZ_CASES ?= 10000
FUZZ_SEED ?= $(shell date +%s)
LOCK_ARGS ?=

.PHONY: help
help: ## List the targets.
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

.PHONY: setup
setup: ## Prepare .venv: Python 3.13, pinned packages, warm caches. Nothing to do the second time.
	@.ci/setup

.PHONY: lint
lint: setup ## Check style, types, import contracts and the templates of every stage, as CI does.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	rm -rf .wavetank/templates
	$(BIN)/wavetank template --to .wavetank/templates
	$(BIN)/cfn-lint .wavetank/templates/*.json

.PHONY: format
format: setup ## Put the code in the one format, and mend what can be mended.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: test
test: setup ## Run the tests of modules, services and architecture, in minutes. PYTEST_ARGS='-k name -x' narrows them.
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PARTS) $(PYTEST_ARGS)

.PHONY: e2e-test
e2e-test: setup ## Run the tests of the whole: command, drills, life cycle, in minutes. PYTEST_ARGS narrows them.
	$(BIN)/python -m pytest -n 2 --dist loadfile $(E2E) --ignore $(EXPLORATION) $(PYTEST_ARGS)

.PHONY: wheel-test
wheel-test: setup ## Build the wheel, install it in clean environments, and run the README's text for newcomers from it.
	$(BIN)/python -m pytest tests/wheel $(PYTEST_ARGS)

.PHONY: long-test
long-test: setup ## Run the tests that take minutes: sweep, storm and mutants; all real events; 200 rounds of two writers.
	WAVETANK_LONG_TESTS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(LONG_TESTS) $(PYTEST_ARGS)

.PHONY: browser-test
browser-test: setup ## Run the tests that need a browser (chromium), skipped by name without one. PYTEST_ARGS narrows them.
	$(BIN)/python -m pytest $(BROWSER) $(PYTEST_ARGS)

.PHONY: database-test
database-test: setup ## Run the tests that need MariaDB and PostgreSQL, skipped by name without them. PYTEST_ARGS narrows them.
	$(BIN)/python -m pytest $(DATABASE) $(PYTEST_ARGS)

.PHONY: docker-test
docker-test: setup ## Run the tests that need a Docker engine. PYTEST_ARGS narrows them.
	TESTCONTAINERS_RYUK_DISABLED=true $(BIN)/python -m pytest tests/docker $(PYTEST_ARGS)

.PHONY: javascript
javascript: setup ## Install the AWS SDK for JavaScript into the cache, for the tests that call a stack from Node.
	@.ci/javascript

.PHONY: pictures
pictures: setup ## Make the pictures of the docs anew: an hour of traffic on a stack, and a browser (chromium).
	$(BIN)/python -m tests.pictures

.PHONY: soak
soak: setup ## Let hostile and ordinary traffic meet for ten minutes; all must be back after. SOAK_ARGS='--minutes 2'.
	$(BIN)/python -m tests.soak $(SOAK_ARGS)

.PHONY: fuzz
fuzz: setup ## Feed a million damaged inputs, and events of 10,000 generated types. FUZZ_INPUTS=, FUZZ_CASES= for fewer.
	FUZZ_INPUTS=$(FUZZ_INPUTS) FUZZ_CASES=$(FUZZ_CASES) FUZZ_SEED=$(FUZZ_SEED) \
		$(BIN)/python -m pytest -q -s tests/unit/pipeline/test_fuzz.py tests/unit/pipeline/test_landing.py

.PHONY: drill
drill: setup ## Start stacks, deploy, run the basic drills, print the verdicts. DRILL_ARGS='duplicates --seed 7' for one.
	$(BIN)/wavetank drill $(DRILL_ARGS)

.PHONY: drills
drills: setup ## Run the whole catalogue of drills, several at a time. Five to ten minutes on two cores.
	$(BIN)/wavetank drill --all

.PHONY: sweep
sweep: setup ## Let every AWS call of every function go wrong. SWEEP_ARGS='partitioner' for one function.
	$(BIN)/wavetank sweep $(SWEEP_ARGS)

.PHONY: races
races: setup ## Stop each actor at each AWS call while another runs. RACES_ARGS='concatenator planner', '--minutes 5'.
	$(BIN)/wavetank races $(RACES_ARGS)

.PHONY: storm
storm: setup ## Let random things go wrong at once. STORM_ARGS='--seed 7 --rounds 20' for others.
	$(BIN)/wavetank storm $(STORM_ARGS)

.PHONY: mutants
mutants: setup ## Break the pipeline in known ways; each has to be caught. MUTANTS='no-dedupe' for one.
	$(BIN)/wavetank mutants $(MUTANTS)

.PHONY: rights
rights: setup ## Run every drill, and list the rights that none used; each has to be in pipeline/template/rights.toml.
	mkdir -p build && rm -f build/rights.jsonl
	WAVETANK_RIGHTS=$(CURDIR)/build/rights.jsonl $(BIN)/wavetank drill --all
	$(BIN)/wavetank rights --used build/rights.jsonl

.PHONY: mutation
mutation: setup ## Change the pipeline by chance; each change has to be noticed. MUTATION_ARGS='--cause volume --seed 7'.
	$(BIN)/wavetank mutation $(MUTATION_ARGS)

.PHONY: bench
bench: setup ## Run a benchmark. BENCH_ARGS='pipeline --json FILE' names it.
	$(BIN)/wavetank bench $(BENCH_ARGS)

COMPILE := UV_SYSTEM_CERTS=true $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.13 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command 'make lock'

.PHONY: lock
lock: setup ## Write the locks anew from pyproject.toml. LOCK_ARGS='--upgrade' takes newer versions.
	$(COMPILE) --extra stack --extra database --extra dev $(LOCK_ARGS) --output-file requirements.lock
	$(COMPILE) --extra stack --constraints requirements.lock --output-file emulator/requirements.lock
	{ echo '# Written by `make lock`: what the image is built with.'; \
		sed -n '/^\(setuptools\|uv\)==/,/[^\]$$/p' requirements.lock; } >emulator/installer.lock

.PHONY: clean
clean: ## Stop this checkout's stacks; remove .venv, caches and reports. What stacks share is in the user's cache.
	@if [ -x $(BIN)/wavetank ]; then $(BIN)/wavetank down --all || true; fi
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find pipeline emulator scenarios tests -name __pycache__ -type d -prune -exec rm -rf {} +
