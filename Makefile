# `make demo` is all one needs to begin with; everything that is written lies in .venv and in RECSYS_HOME.

PYTHON ?= python3.11
EXTRA ?= cpu
RECSYS_HOME ?= $(CURDIR)/.recsys
USER_ID ?= 42

BIN := .venv/bin
SUDO := $(shell command -v sudo)
export RECSYS_HOME

.PHONY: help venv chromium demo test test-long lint docs ui clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

venv: .venv/.installed  ## the environment (EXTRA=gpu for a machine with one)

# An environment knows its own place, in every script and for this package: where the checkout was moved or renamed since,
# it is made anew. What is compared are texts in the shell, which takes any letter in a path; earlier versions noted none.
PLACE := place=$$(cat .venv/.installed 2> /dev/null); \
	test -n "$$place" || place=$$(sed -n 's/^command = .* -m venv \(.*\)\/\.venv$$/\1/p' .venv/pyvenv.cfg 2> /dev/null)
ifeq ($(shell $(PLACE); test -z "$$place" || test "$$place" = "$$(pwd -P)" || echo moved),moved)
.PHONY: .venv/.installed
endif

.venv/.installed: pyproject.toml constraints.txt
	@$(PLACE); if test -n "$$place" && test "$$place" != "$$(pwd -P)"; then \
		echo "The environment was made in $$place, and is made anew here."; rm -rf .venv; fi
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not there; install Python 3.11, or name it: make PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/uv --version > /dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[$(EXTRA),dev]'
	@pwd -P > $@

chromium:  ## Debian's Chromium, in which the explore page is tested (without it, that is skipped)
	@command -v chromium > /dev/null || { $(SUDO) apt-get update --quiet; $(SUDO) apt-get install --quiet --yes --no-install-recommends chromium; }

demo: venv  ## everything of the built-in recommender, from raw logs to live recommendations
	@$(BIN)/recsys materialize demo
	@$(BIN)/recsys recommend demo --user "$(USER_ID)"
	@echo "Look at every step:  make ui     (then open the address that it prints)"
	@echo "Ask for another:     $(BIN)/recsys recommend demo --user 7 -k 5"
	@echo "Stop the server:     $(BIN)/recsys stop"

# Two workers: real servers wait as often as they compute. What shares a server stays together (tests/scheduler.py).
test: lint  ## linters and all quick tests (under 15 minutes on 2 cores)
	$(BIN)/python -m pytest -m "not long" -n 2

test-long: venv  ## fault and load tests
	$(BIN)/python -m pytest -m long

lint: venv  ## ruff, mypy and the floors of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: venv  ## these pages as a site in site/, without a network
	@NO_MKDOCS_2_WARNING=true TF_CPP_MIN_LOG_LEVEL=3 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Open site/index.html; with a search: $(BIN)/python -m http.server -b 127.0.0.1 -d site"

ui: venv  ## Dagster with its daemon, on a free port of this machine
	$(BIN)/dagster dev -w workspace.yaml

clean:  ## ends the server and removes .recsys and caches
	@if test -x $(BIN)/recsys; then $(BIN)/recsys stop; fi
	rm -rf .recsys .tmp_dagster_home_* .pytest_cache .mypy_cache .ruff_cache .hypothesis build site
