.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
PURE := errors.py,redaction.py,config.py,source/*,audit/*,images/*,migrations/*,rollout/*,smoke/*,release/*
comma := ,
PURE_FILES := alecia_pipeline/$(subst $(comma),$(comma)alecia_pipeline/,$(PURE))

# Every test process would compile the tests anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install system lint unit check test demo bench bench-audit bench-plan bench-growth bench-build bench-mutations lock clean
help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.venv/.installed: requirements.lock pyproject.toml
	python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

install: .venv/.installed  ## make .venv from the hash-pinned lock, with .venv/bin/alecia

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet alecia_pipeline
	$(BIN)/deptry .

unit: install
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto -m "not engine"
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --include='$(PURE_FILES)' --fail-under=100

check: lint unit  ## lint, types, layers, and the unit tests (sockets off; pure packages at 100 %)

system:
	sandbox/packages.sh

test: system check  ## set up everything and run every test: engine, registry, VPS, PostgreSQL, browser
	$(BIN)/python -m alecia_pipeline_tests.box $(BIN)/coverage run -m pytest -q -n 4 --dist loadscope --no-loadscope-reorder -m engine
	$(BIN)/coverage combine -q --append
	$(BIN)/coverage report --fail-under=95

demo: install  ## set up everything and release a scratch copy of the sample to a VPS in a container
	$(BIN)/python sandbox/demo.py

bench: install  ## print the medians of what a user waits for; after make demo
	$(BIN)/python bench/release.py

bench-audit: install  ## REPO=… CASES=…: the audit's recall, precision, CPU and memory, beside knip and depcheck
	$(if $(and $(REPO),$(CASES)),,$(error usage: make bench-audit REPO=repository.git CASES=cases.csv))
	$(BIN)/python bench/audit.py --repo $(REPO) --cases $(CASES)

bench-plan: install  ## REPO=… [DECISIONS=… APPS=…]: what a plan costs and how right it is, beside turbo
	$(if $(REPO),,$(error usage: make bench-plan REPO=repository.git [DECISIONS=decisions.csv APPS=apps.json]))
	$(BIN)/python bench/plan.py --repo $(REPO) $(if $(DECISIONS),--decisions $(DECISIONS) --apps $(APPS))

bench-growth: install  ## what a plan costs with 500 packages and 80,000 lines of lockfile
	$(BIN)/python bench/growth.py

bench-build: install  ## a one-line change in website until its image is in the registry, beside plain docker; after make demo
	$(BIN)/python bench/build.py

bench-mutations: install  ## each file of the demo changed once: do plans and BuildKit agree?; after make demo
	$(BIN)/python -m bench.mutations

lock:  ## renew requirements.lock (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
	  --no-emit-find-links --no-header --upgrade --group dev pyproject.toml -o requirements.lock

clean:  ## remove what the targets made (the sandbox: alecia sandbox reset)
	if [ -d .cache/test-sandbox ]; then $(BIN)/python -m alecia_pipeline_tests.box --reset; fi
	rm -rf .venv .cache build *.egg-info .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
