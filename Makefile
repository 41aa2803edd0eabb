# PYTHON picks the interpreter (3.11 or later), VENV the virtual environment; ARGS goes to solver or pytest.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
PAGE ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report test trained bench derivations docs lint clean

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 18

report: $(VENV)/.installed ## print D, G and R of every layer for the default task
	$(VENV)/bin/solver report $(ARGS)

test: $(VENV)/.installed-test ## run the whole test suite and the doctests
	$(VENV)/bin/python -m pytest -n 2 $(ARGS)

trained: $(VENV)/.installed-torch ## train the networks of examples/trained again
	$(VENV)/bin/python examples/trained/make.py $(ARGS)

bench: $(VENV)/.installed-test ## time fast routes against plain ones and torch, as ratios
	$(VENV)/bin/python -m tests.benchmarks.routes
	$(VENV)/bin/python -m tests.benchmarks.pairs

derivations: $(VENV)/.installed-plot ## check every derivation and write build/derivations.pdf
	$(VENV)/bin/solver derive $(ARGS)

docs: $(VENV)/.installed-docs ## build the site into build/site, warnings as errors; PAGE goes to solver page
	mkdir -p build/extra
	$(VENV)/bin/solver page -o build/extra/playground.html $(PAGE)
	$(VENV)/bin/python -m sphinx --fail-on-warning --keep-going -q -E -d build/doctrees $(ARGS) docs build/site
	@echo "open build/site/index.html"

lint: $(VENV)/.installed-dev ## run ruff and mypy
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean: ## remove the virtual environment and everything generated
	rm -rf docs/derivations docs/examples docs/figures docs/changes.md docs/commands.md docs/contributing.md
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.created:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "solver needs Python 3.11 or later; set PYTHON")'
	$(PYTHON) -m venv $(VENV)
	touch $@

# One stamp per extra: an install is repeated only when pyproject.toml changes.
$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(VENV)/bin/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-%: $(VENV)/.created pyproject.toml
	$(VENV)/bin/python -m pip install --quiet --editable '.[$*]'
	touch $@
