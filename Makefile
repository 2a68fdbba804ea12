# One environment, .venv, for running and for developing. Both locks agree on every version
# they share, so installing the second never disturbs the first.

PYTHON ?= python3
ARGS ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock" pyproject.toml

# An environment whose Python has gone is no environment.
$(shell test -x $(BIN)/python || rm -f $(RUNTIME) $(DEV))

.DEFAULT_GOAL := help
.PHONY: help run dev test check format bench lock clean

help:
	@echo "make run      install what is needed and run the daemon here; Ctrl-C stops it"
	@echo "make dev      install the development tools"
	@echo "make test     run the tests          (make test ARGS='-m slow' for the slow ones)"
	@echo "              in two processes       (make test WORKERS=0 for one)"
	@echo "make check    format, lint, types and import contracts, changing nothing"
	@echo "make format   put the code in order"
	@echo "make bench    measure"
	@echo "make lock     write the locks again  (make lock ARGS=--upgrade for newer versions)"
	@echo "make clean    remove the environment and all caches, no data"
	@echo "PYTHON=...    the Python to build the environment with (3.11 or newer)"

run: $(RUNTIME)
	@exec $(BIN)/horarium run $(ARGS)

dev: $(DEV)

test: $(DEV)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(DEV)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: $(DEV)
	@$(BIN)/python -m bench $(ARGS)

# The largest set is settled first; the others are parts of it.
lock: $(DEV)
	$(COMPILE) $(ARGS) --group dev --output-file requirements-dev.lock >/dev/null
	$(COMPILE) $(ARGS) --constraints requirements-dev.lock --output-file requirements.lock >/dev/null
	$(COMPILE:pyproject.toml=) $(ARGS) --group build --constraints requirements-dev.lock \
		--output-file requirements-build.lock >/dev/null

clean:
	rm -rf $(VENV) build dist *.egg-info
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find actors events projections horarium tests bench -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "Horarium needs Python 3.11 or newer, and there is no '$(PYTHON)' here." >&2; \
		echo "Name one that is: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Horarium needs Python 3.11 or newer; '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1)." >&2; \
		echo "Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make an environment: its venv or ensurepip module is missing." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): pyproject.toml requirements.lock requirements-build.lock $(BIN)/python
	@echo "Installing Horarium into $(VENV)"
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	@echo "Installing the development tools into $(VENV)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
