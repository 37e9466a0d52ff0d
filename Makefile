# One place for every job; people, .ci/run and the hosted workflow all call these targets.
# `make PYTHON=python3.12 test` chooses the interpreter that .venv is made with.

PYTHON ?= python3
BENCHMARKS := analogy label studio data metrics training analogy_training trained blending
# Playwright keeps an event loop running in its process, which other tests cannot share.
IN_BROWSER := tests/studio/browser
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
TORCH = $(shell grep '^torch==' constraints.txt)

.PHONY: help demo studio test check web web-check browser-check wheel-check bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make demo         a first picture from a bundled example"
	@echo "make studio       the page where layouts are painted, in your browser"
	@echo "make test         the tests (brings PyTorch), without those marked slow or gpu"
	@echo "make check        format, lint, types and the rules of dependency"
	@echo "make web          the studio's page from studio-web/ into src/sembla/studio/static (needs Node.js 20.19 or later)"
	@echo "make web-check    types, lint and tests of the page, and that a rebuild gives the committed files"
	@echo "make browser-check  the studio in a real browser (skipped where there is none)"
	@echo "make wheel-check  build the wheel and run the main job from it in a clean environment"
	@echo "make bench        the side-by-side measurements ($(BENCHMARKS))"
	@echo "make clean        remove .venv, demo and everything else that these targets made"

demo: .venv/.light
	@.venv/bin/sembla examples coffee --out demo --force
	@.venv/bin/sembla analogy demo/coffee --out demo/result --force
	@echo "The contact sheet: demo/result/sheet.png"

studio: .venv/.light
	@.venv/bin/sembla studio

# Two workers of one thread each: where both had two, their threads would wait for one another.
PYTEST = OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2

test: .venv/.test
	@$(PYTEST) -m "not slow and not gpu" --ignore $(IN_BROWSER)

browser-check: .venv/.test
	@$(PYTEST) -m "not slow and not gpu" $(IN_BROWSER)

check: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

web: studio-web/node_modules/.made
	cd studio-web && npm run --silent build

web-check: studio-web/node_modules/.made
	cd studio-web && npm run --silent check && npm test --silent
	@cd studio-web && npm run --silent build -- --outDir ../build/studio
	@diff -r build/studio src/sembla/studio/static \
	    || { echo "The committed page differs from its sources: run make web and commit src/sembla/studio/static." >&2; exit 1; }
	@echo "The committed page is what its sources give."

wheel-check: .venv/.dev
	.venv/bin/python scripts/check_wheel.py

bench: .venv/.test
	@for name in $(BENCHMARKS); do .venv/bin/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf .venv studio-web/node_modules build demo dist .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

studio-web/node_modules/.made: studio-web/package.json studio-web/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 20.19 or later with npm is needed to build the page." >&2; exit 1; }
	@echo "Installing the tools that build the page into studio-web/node_modules"
	@cd studio-web && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.made

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

# PyTorch goes first and alone: whatever else asks for it would take the newest build, which may be another.
.venv/.torch: .venv/.made constraints.txt
	@echo "Installing $(TORCH) into .venv"
	@$(INSTALL) "$(TORCH)"
	@touch $@

.venv/.test: .venv/.torch pyproject.toml constraints.txt
	@echo "Installing Sembla with all extras, and what the tests need, into .venv"
	@$(INSTALL) --editable '.[video,models,test]'
	@touch $@ .venv/.light

.venv/.dev: .venv/.torch pyproject.toml constraints.txt
	@echo "Installing Sembla with all extras, and the developers' tools, into .venv"
	@$(INSTALL) --editable '.[video,models,dev]'
	@touch $@ .venv/.test .venv/.light
