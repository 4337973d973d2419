# Everything that a contributor and CI do. `make demo` needs Python 3.11+ and Node only; each target sets up what it
# needs, and a second call of anything is quick (stamp files under .venv and node_modules).

# The first that runs and is new enough: a version manager's shim may stand for a Python that is not there.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
PYTEST_ARGS ?=
# The machine's own certificates where it has any: behind a company's proxy only they are right.
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv $(if $(wildcard /etc/ssl/certs/ca-certificates.crt),--system-certs)

.PHONY: help setup demo test check format golden synth bench contract clean
.DELETE_ON_ERROR:

help:            ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready node_modules/.ready  ## Python packages (hash-pinned) and the Node tools

$(BIN)/uv:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3-venv is needed"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: requirements.lock pyproject.toml | $(BIN)/uv
	@echo 'Python packages into $(VENV) …'
	@$(UV) pip install --quiet --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --no-deps -e .
	@touch $@

node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "Node.js with npm is needed (the AWS CDK command runs on it)"; exit 1; }
	@echo 'Node tools into node_modules …'
	@npm ci --silent --no-audit --no-fund
	@touch $@

demo: setup      ## Deploy the example DAGs to a local AWS, run them, show what came out
	@$(BIN)/python -m infra.cli.demo

test: setup      ## All tests
	@$(BIN)/pytest -q $(PYTEST_ARGS)

check: setup     ## Lint, format and types, as CI does
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup    ## Let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

golden: setup    ## Write the golden files anew; look at the difference before committing it
	@AIRSTEP_WRITE_GOLDENS=1 $(BIN)/pytest -q tests -k golden $(PYTEST_ARGS)
	@$(BIN)/python -m dag_translator.support OPERATORS.md
	@$(BIN)/python -m tests.conformance.report README.md
	@$(BIN)/python -m infra.cli.sensor_costs README.md

synth: setup     ## CloudFormation templates of all DAGs, to cdk.out
	@npx cdk synth --quiet
	@echo "cdk.out: $$(ls cdk.out/*.template.json | wc -l) templates"

bench: setup     ## The README's figures, measured here; AIRFLOW_PYTHON=… measures real Airflow beside
	@$(BIN)/python -m infra.cli.bench

contract: setup  ## The engine's contract on a real account: make contract AWS_PROFILE=…
	@AIRSTEP_CONTRACT_ENDPOINT=aws AWS_PROFILE=$(AWS_PROFILE) $(BIN)/pytest -q tests/contract $(PYTEST_ARGS)

clean:           ## Remove everything that was made here, the environments too
	rm -rf $(VENV) node_modules cdk.out demo-output .airstep .mypy_cache .ruff_cache .pytest_cache .coverage
