# Two commands matter: `make run` opens the cockpit, `make test` proves it.
# Everything else is for those who change it; `make help` lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help run test check lint types contracts bench crash-matrix plans lab lab-test lab-full lab-faults lab-down docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gbtui needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[dev]'
	@touch $@

run: $(STAMP) ## open the cockpit (the demo host when this machine has no LXD)
	@$(BIN)/gbtui $(ARGS)

test: $(STAMP) ## run the tests that need nothing but this machine
	$(BIN)/python -m pytest tests -n auto

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

check: lint types contracts test ## the gate: lint, types, import contracts, tests

bench: $(STAMP) ## measure, as ratios in one run against what an operator would use instead
	$(BIN)/python -m tests.bench

docs: $(STAMP) ## write what the documentation takes from the code, pictures included
	$(BIN)/python docs/make_docs.py

crash-matrix: $(STAMP) ## kill every operation and every runbook at every point on the demo host, and count what held
	$(BIN)/python -m tests.crash_matrix
	$(BIN)/python -m tests.runbook_crash_matrix
	$(BIN)/python -m tests.killed_walk

plans: $(STAMP) ## write the plans that the tests compare anew; read the difference
	GBTUI_PLANS=write $(BIN)/python -m pytest -q tests/unit/operations/test_operations_plans.py

lab: ## build (cached) and boot the production twin
	tests/lab/lab up

lab-test: $(STAMP) lab ## the lab tests and the contract suite against the twin
	GBTUI_LAB=1 $(BIN)/python -m pytest tests/lab tests/contract --durations=6

lab-full: $(STAMP) lab ## all tests on the twin: every operation, the crash matrix, walks, a reboot (hours)
	GBTUI_LAB=1 GBTUI_LAB_FULL=1 $(BIN)/python -m pytest tests/lab tests/contract

lab-faults: $(STAMP) lab ## every fault on the twin: what the checks find of it, and the remedy that clears it
	$(BIN)/python -m tests.lab_faults $(FAULTS)

lab-down: ## end the twin
	tests/lab/lab down

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
