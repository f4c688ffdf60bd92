# The commands of the project. `make help` lists them.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
UV := UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev model whisper sherpa demo run serve doctor clients test check format bench clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Minutes needs Python 3.11 or newer; $(PYTHON) is older. Name another: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian and Ubuntu: apt install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) || { echo "The package index could not be reached: check the network, or set PIP_INDEX_URL and UV_DEFAULT_INDEX to a mirror."; exit 1; }

$(VENV)/.run-stamp: pyproject.toml uv.lock | $(BIN)/uv
	@echo "Installing what Minutes needs into $(VENV) ..."
	@$(UV) sync --quiet --frozen --inexact
	@touch $@

$(VENV)/.dev-stamp: $(VENV)/.run-stamp
	@$(UV) sync --quiet --frozen --inexact --group dev
	@touch $@

model: $(VENV)/.run-stamp
	@$(BIN)/minutes models prepare

setup: model ## install everything into .venv and prepare the speech model

setup-dev: $(VENV)/.dev-stamp model

whisper: $(VENV)/.run-stamp ## install what ENGINE_MODEL=whisper:... needs
	@$(UV) sync --quiet --frozen --inexact --extra whisper

sherpa: $(VENV)/.run-stamp ## install what ENGINE_MODEL=sherpa:... needs
	@$(UV) sync --quiet --frozen --inexact --extra sherpa

demo: setup ## a recorded meeting in a simulated Discord, heard by the real bot
	@$(BIN)/minutes demo

run: setup ## start the bot (needs DISCORD_TOKEN in .env)
	@$(BIN)/minutes run

serve: setup ## start the engine alone
	@$(BIN)/minutes serve

doctor: setup ## look for what is missing or wrong
	@$(BIN)/minutes doctor

clients: setup-dev
	@$(BIN)/python -m tests.clients.install

test: setup-dev clients ## every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: setup-dev ## format, lint, types, who imports whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup-dev ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-dev ## speed, latency and accuracy, side by side (BENCH_SPEECH=folder for more recordings)
	@$(BIN)/python -m benchmarks

clean: ## remove what set-up made (recordings of meetings in data/ stay)
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
