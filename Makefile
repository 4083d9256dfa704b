# The few commands that people and CI run alike. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 3
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports unit chaos soak coverage bench profile docs lock clean engine

help: ## list these targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)$$/  make \1\t\2/' | expand -t 18

demo: $(INSTALLED) ## install into .venv, and scan the logs in fixtures/homeiq
	@scripts/demo $(BIN)/logscan

test: engine lint types imports unit ## all that must hold; on Debian, as root, it installs what is missing

lint: $(INSTALLED) ## style and layout of the code
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

imports: $(INSTALLED) ## that imports run one way
	$(BIN)/lint-imports

unit: $(INSTALLED) ## the tests, WORKERS (3) at a time: those of follow wait more than they compute
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

chaos: $(INSTALLED) ## the long and large tests of follow: hundreds of containers and kills, for an hour or so
	$(BIN)/python -m pytest -q -s -m chaos $(ARGS)

soak: $(INSTALLED) ## follow for SOAK_MINUTES (10), and see that memory stays flat
	$(BIN)/python -m pytest -q -s -m soak $(ARGS)

coverage: $(INSTALLED) ## the tests, and the lines that they leave out
	$(BIN)/python -m pytest -q --cov --cov-report=term-missing:skip-covered

bench: $(INSTALLED) ## measure the speed beside that of other tools; ARGS=--quick for a glance
	$(BIN)/python -m benchmarks.bench $(or $(ARGS),--results benchmarks/RESULTS.md)

profile: $(INSTALLED) ## tell where a scan spends its time; ARGS are options of the scan
	log=$$(mktemp) && trap 'rm -f "$$log"' EXIT && \
		$(BIN)/python -m benchmarks.corpus "$$log" --mib 64 && $(BIN)/python -m benchmarks.profile_scan "$$log" $(ARGS)

docs: $(INSTALLED) ## write docs/rules.md, docs/rules/ and the list of checked files anew from rules/
	$(BIN)/python -m logscan.ruleset.checked rules
	$(BIN)/python -m logscan.ruleset.reference docs

lock: ## write requirements.lock anew, from the newest releases that pyproject.toml allows
	scripts/lock $(PYTHON)

clean: ## remove the environment and all that was built
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

engine:
	@scripts/install-engine

# The stamp is written last, so an installation that broke off is begun again.
$(INSTALLED): requirements.lock pyproject.toml scripts/install
	@scripts/install $(PYTHON) $(VENV)
	@touch $@
