# One place for every job; people, .ci/run and the hosted workflow all call these targets.
# `make PYTHON=python3.12 test` chooses the interpreter that .venv is made with.

PYTHON ?= python3
BENCHMARKS := analogy label
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help demo test check wheel-check bench studio clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make demo         a first picture from a bundled example"
	@echo "make test         the tests, without those marked slow or gpu"
	@echo "make check        format, lint, types and the rules of dependency"
	@echo "make wheel-check  build the wheel and run the main job from it in a clean environment"
	@echo "make bench        the side-by-side measurements ($(BENCHMARKS))"
	@echo "make clean        remove .venv, demo and everything else that these targets made"

demo: .venv/.light
	@.venv/bin/sembla examples coffee --out demo --force
	@.venv/bin/sembla analogy demo/coffee --out demo/result --force
	@echo "The contact sheet: demo/result/sheet.png"

test: .venv/.test
	@.venv/bin/python -m pytest -n 2 -m "not slow and not gpu"

check: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

wheel-check: .venv/.dev
	.venv/bin/python scripts/check_wheel.py

bench: .venv/.test
	@for name in $(BENCHMARKS); do .venv/bin/python -m benchmarks.$$name || exit 1; done

studio:
	@echo "There is no studio in this version: draw the layout in any paint program and give it to 'sembla analogy'." >&2
	@exit 1

clean:
	rm -rf .venv build demo dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The environment. Each stamp is one installed set of packages; the sources are linked (-e), so they need no new install.

.venv/.made:
	@for python in $(CANDIDATES); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue; \
	    echo "Making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv && touch $@ && exit 0; \
	    exit 1; \
	done; \
	echo "None of '$(CANDIDATES)' is Python 3.10 or later; install one, or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

.venv/.light: .venv/.made pyproject.toml constraints.txt
	@echo "Installing the light core into .venv"
	@$(INSTALL) --editable .
	@touch $@

.venv/.test: .venv/.made pyproject.toml constraints.txt
	@echo "Installing the light core and what the tests need into .venv"
	@$(INSTALL) --editable '.[video,test]'
	@touch $@ .venv/.light

.venv/.dev: .venv/.made pyproject.toml constraints.txt
	@echo "Installing the light core and the developers' tools into .venv"
	@$(INSTALL) --editable '.[video,test,dev]'
	@touch $@ .venv/.test .venv/.light
