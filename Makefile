# make demo   set up, generate sample deliveries, run every month, catch a bad one
# make test   set up, run the whole test suite
# make dev    the Dagster UI with its daemon, on the demo or on $ACV_HOME
# Needs Python 3.11 or newer and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# an activated environment or a user's own settings must not leak into this one
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ACV_HOME ?= $(CURDIR)/demo_home

.PHONY: demo test quick dev messages image fuzz torture cluster audit sbom bench lint lock clean help

help:
	@sed -n '1,4s/^# //p' Makefile

$(VENV)/.made:
	@echo "→ creating the virtual environment in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: requirements/run.lock pyproject.toml | $(VENV)/.made
	@echo "→ installing the packages (a minute or two, once)"
	@$(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.lock $(VENV)/.run
	@echo "→ installing the packages that only tests need (once)"
	@$(PIP) install --require-hashes -r requirements/test.lock
	@touch $@

# dbt builds and tests dbt_like_sql in the suite; what it requires goes with nothing else
$(VENV)/.dbt: requirements/dbt.lock $(VENV)/.test
	@echo "→ installing dbt in an environment of its own (once)"
	@$(PYTHON) -m venv --clear $(VENV)/dbt
	@$(VENV)/dbt/bin/python -m pip --disable-pip-version-check --quiet \
		install --require-hashes -r requirements/dbt.lock
	@touch $@

demo: $(VENV)/.run
	@$(BIN)/python -m acv_pipeline.cli.demo --home "$(ACV_HOME)"

# one more than cores: some tests mostly wait for a daemon
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
test: $(VENV)/.dbt lint
	@echo "→ running the tests"
	@$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

# the inner loop: what needs no browser, no server and no Dagster
QUICK := contract reading tidying gate ledger models test_architecture.py
quick: $(VENV)/.test
	@$(BIN)/python -m pytest -n 2 $(addprefix acv_pipeline_tests/,$(QUICK)) \
		--ignore acv_pipeline_tests/models/test_dbt.py

# the container image, made by its own steps without a container engine, and a month run in it
image: $(VENV)/.test
	@ACV_IMAGE=yes $(BIN)/python -m pytest -n 0 acv_pipeline_tests/deployment/test_image.py

fuzz: $(VENV)/.test
	@$(BIN)/python -m acv_pipeline_tests.fuzz --count 20000 --jobs 2

torture: $(VENV)/.test
	@$(BIN)/python -m acv_pipeline_tests.torture --kills 200

# a Spark master and two workers as processes of this machine, some of which are killed
cluster: $(VENV)/.test
	@ACV_CLUSTER=1 $(BIN)/python -m pytest -n 0 acv_pipeline_tests/engines/test_cluster.py $(PYTEST_ARGS)

audit: $(VENV)/.test
	@$(BIN)/python -m acv_pipeline_tests.supply_chain.audit

sbom: $(VENV)/.test
	@$(BIN)/python -m acv_pipeline_tests.supply_chain.sbom sbom.cdx.json

bench: $(VENV)/.dbt
	@ACV_DBT=$(VENV)/dbt/bin/dbt $(BIN)/python -m benchmarks $(ONLY)

lint: $(VENV)/.test
	@echo "→ checking style and types"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

# the catalogue of texts, in step with the code; what lacks its French is told by the tests
PO := acv_pipeline/language/fr/LC_MESSAGES/acv_pipeline
messages: $(VENV)/.test
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --no-location --sort-output \
		--keywords "both marked sql_text in_language:2 plural:1,2 both_plural:1,2" \
		--output $(PO).pot acv_pipeline dbt_like_sql \
		"$$($(BIN)/python -c 'import click; print(click.__path__[0])')"
	@$(BIN)/pybabel --quiet update --ignore-pot-creation-date --no-fuzzy-matching \
		--ignore-obsolete --width 96 --locale fr --input-file $(PO).pot --output-file $(PO).po
	@rm $(PO).pot
	@$(BIN)/pybabel --quiet compile --locale fr --input-file $(PO).po --output-file $(PO).mo

dev: $(VENV)/.run
	@ACV_HOME="$(ACV_HOME)" $(BIN)/python -m acv_pipeline.cli.dev

lock: $(VENV)/.test
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-strip-extras pyproject.toml -o requirements/run.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-strip-extras --extra server --extra s3 \
		--extra sftp --extra lineage pyproject.toml -c requirements/run.lock \
		-o requirements/server.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-strip-extras --extra dev pyproject.toml \
		-c requirements/server.lock -o requirements/test.lock
	@UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-strip-extras requirements/dbt.in \
		-o requirements/dbt.lock

clean:
	rm -rf $(VENV) demo_home
