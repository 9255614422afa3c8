# The commands people and CI share. Each does its own set-up from the locked dependencies.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONDONTWRITEBYTECODE :=

help: ## what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Snodo needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/runtime.stamp
	@echo "Installing the locked development dependencies …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/runtime.stamp ## the virtual environment with the hub in it

develop: $(VENV)/dev.stamp ## the same, with what tests and checks need

demo: install ## the whole hub on this machine: make demo ARGS="--check --port 8098"
	@$(BIN)/snodo demo $(ARGS)

test: develop ## every test, in parallel
	@$(BIN)/python -m pytest -n 2 --dist worksteal -q $(ARGS)

fuzz: develop ## many more generated operations than the tests': make fuzz OPERATIONS=100000
	@SNODO_FUZZ=$(or $(OPERATIONS),100000) $(BIN)/python -m pytest -n 2 --dist worksteal -q tests/api/test_generated_operations.py $(ARGS)

soak: develop ## the crash test, long: make soak KILLS=200
	@SNODO_SOAK_KILLS=$(or $(KILLS),200) $(BIN)/python -m pytest -s -q tests/e2e/crashes $(ARGS)

check: develop ## style, types, floors, migrations against tables, schema drift and breaks
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/store/test_migrations.py tests/unit/schema

bench: develop ## the measurements the README quotes, into bench/results/latest.json
	@$(BIN)/python -m bench $(ARGS)

lock: ## resolve and hash the dependencies anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --extra embedded --extra sftp pyproject.toml build-requirements.in -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --extra embedded --extra sftp --extra traces --extra dev pyproject.toml -o requirements-dev.lock

.PHONY: help install develop demo test fuzz soak check bench lock
