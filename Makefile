# Two commands on a fresh machine: `make demo` and `make test`. They need Python 3.11 to 3.13 and fetch the rest themselves.

PYTHON ?= python3
UV := $(PYTHON) tools/get_uv.py
RUN := $(UV) run --locked
# Node 20 or newer where the machine has it, else PyPI's
NODE = $(shell command -v npm >/dev/null 2>&1 && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null || \
  echo UV_PROJECT_ENVIRONMENT=.venv-web $(UV) run --locked --only-group web)
JOBS ?= auto
ARGS ?=
DIR ?=

.DEFAULT_GOAL := help
.PHONY: help demo web ohif review test lint types contracts tests reliability format bench bench-quick docs clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1#\2/p' $(MAKEFILE_LIST) | awk -F'#' '{printf "%-18s %s\n", $$1, $$2}'

demo: ## a synthetic trial, measured and reported (DIR=folder to put it elsewhere)
	@$(UV) run --no-dev --locked carpet demo $(DIR)

web: ## the page of the reading room, from web/ (a wheel has it built already)
	$(NODE) npm --prefix web ci --no-fund --no-audit
	$(NODE) npm --prefix web run build

ohif: ## the second viewer for `carpet ohif DIR --ohif .ohif`, and for its tests (50 MB from npm)
	$(RUN) python tools/get_ohif.py .ohif $(NODE) npm

review: ## read the scans of a trial in the browser (DIR=folder of the trial; by default the demo's)
	@[ -f src/carpet/review/static/index.html ] || $(MAKE) --no-print-directory web
	@$(UV) run --no-dev --locked carpet review $(or $(DIR),carpet-demo)

test: lint types contracts tests ## all checks and all tests (ARGS="-k tlg" is handed to pytest)

lint: ## style, as ruff sees it
	$(RUN) ruff check .
	$(RUN) ruff format --check .

types: ## types, as mypy sees them
	$(RUN) mypy
	$(RUN) mypy tools

contracts: ## which room imports which
	$(RUN) lint-imports

tests: ## the tests alone (JOBS=1 for one process)
	$(RUN) pytest -n $(JOBS) $(ARGS)

reliability: ## the reliability programme and its score (ARGS="--only T1" or --night)
	$(RUN) python -m validation.reliability $(ARGS)

format: ## rewrite the code in the house style
	$(RUN) ruff check --fix --exit-zero .
	$(RUN) ruff format .

docs: ## print docs/reference from the code
	$(RUN) python tools/print_docs.py

bench: web ## time carpet beside the script a user would write, and the reading room in Chromium (minutes)
	$(RUN) python benchmarks/lesion_table.py
	$(RUN) python benchmarks/reading_room.py

bench-quick: ## the same on an ordinary PET, two runs
	$(RUN) python benchmarks/lesion_table.py --quick --runs 2

clean: ## remove what was fetched and made here
	rm -rf web/node_modules src/carpet/review/static .ohif .venv .venv-* .uv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
