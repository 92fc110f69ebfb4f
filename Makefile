# Every target sets up what it needs into .venv/ and node_modules/, and may be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
CDK := $(BIN)/node node_modules/aws-cdk/bin/cdk
SEED ?= 7
STATE ?= .chartloop
PORT ?= 8040
# What a deployment is told (infra/context.py): make deploy CONTEXT="environment=prod alarm_email=on-call@hospital.example"
CONTEXT ?=
TOLD = $(foreach pair,$(CONTEXT),-c $(pair))
NAME = $(or $(patsubst name=%,%,$(filter name=%,$(CONTEXT))),chartloop)

.PHONY: build/notebook help setup dashboard demo up test check check-all mutants synth deploy destroy bench lock clean

help:
	@echo "make demo       the whole loop on this machine: three runs, three verdicts (SEED=$(SEED))"
	@echo "make up         the local cloud, staying up (STATE=$(STATE) PORT=$(PORT))"
	@echo "make dashboard  the page, built into dashboard/dist; make up serves it at /"
	@echo "make test       the tests"
	@echo "make check-all  the tests, and the long ones: crashes at every boundary, real data, both demo seeds, mutants"
	@echo "make mutants    small faults in the gate, the split, the records and the promotion: how many the tests see"
	@echo "make build/notebook  what the training notebook needs in the local cloud (chartloop up --context compute=notebook)"
	@echo "make synth      CloudFormation templates, without AWS"
	@echo "make deploy     into the AWS account of your credentials, after saying what it does and costs (CONTEXT=\"name=value ...\")"
	@echo "make destroy    takes it down again, endpoints first, and says what that stops costing"
	@echo "make bench      benchmarks against peers"

setup: .venv/ready node_modules/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Chartloop needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing Python packages into .venv/ (a few minutes the first time)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/ready: .venv/ready package-lock.json
	@echo "installing the CDK command line into node_modules/"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

NPM = cd dashboard && PATH="$(CURDIR)/$(BIN):$$PATH" npm

dashboard: dashboard/dist/index.html

dashboard/node_modules/ready: .venv/ready dashboard/package-lock.json
	@echo "installing the page's packages into dashboard/node_modules/"
	@$(NPM) ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

dashboard/dist/index.html: dashboard/node_modules/ready dashboard/index.html dashboard/stay.html dashboard/vite.config.ts $(shell find dashboard/src dashboard/public -type f)
	@$(NPM) run --silent check && $(CURDIR)/$(BIN)/node node_modules/vite/bin/vite.js build --logLevel warn
	@touch $@

demo: setup
	@$(BIN)/chartloop demo --seed $(SEED)

up: setup dashboard
	@$(BIN)/chartloop up --state $(STATE) --port $(PORT)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check dashboard
	@$(NPM) run --silent test
	$(BIN)/python -m pytest -m "not slow"

# The environment that the training notebook finds in the local cloud: the SDK and Jupyter's parts; torch and the rest come from .venv.
build/notebook: build/notebook-env/ready

build/notebook-env/ready: training/notebook-requirements.txt .venv/ready
	@echo "installing the training notebook's packages into build/notebook-env/"
	@rm -rf build/notebook-env build/notebook-new && $(BIN)/python -m venv build/notebook-new
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$(echo build/notebook-new/lib/python*/site-packages)/main.pth"
	@build/notebook-new/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r training/notebook-requirements.txt
	@mv build/notebook-new build/notebook-env && touch $@

check-all: test
	@$(MAKE) --no-print-directory build/notebook || echo "the notebook's environment cannot be made here: its test is skipped"
	$(BIN)/chartloop demo --seed 7
	$(BIN)/chartloop demo --seed 11
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m tests.mutants

mutants: setup
	$(BIN)/python -m tests.mutants

synth: setup
	$(CDK) synth --quiet $(TOLD)

deploy: setup dashboard
	$(CDK) synth --quiet $(TOLD)
	@$(BIN)/python -m infra.preview $(TOLD)
	$(CDK) deploy --app cdk.out --all
	$(BIN)/python -m infra.publish_site --name $(NAME)

destroy: setup
	$(BIN)/python -m infra.destroy --name $(NAME)
	$(CDK) destroy --all $(TOLD)

bench: setup
	@for file in $$(ls benchmarks | sed -n 's/^\([a-z].*\)\.py$$/\1/p'); do echo "== $$file"; $(BIN)/python -m benchmarks.$$file; done

# Renews the lock from pyproject.toml in an environment of its own.
lock:
	@rm -rf build/lock && $(PYTHON) -m venv build/lock
	@build/lock/bin/pip install --quiet --disable-pip-version-check "torch==2.13.0" ".[local,infra,training,dev,bench]"
	@{ echo "# Made by 'make lock'. torch $$(sed -n 's/.*torch==\([0-9.]*\).*/\1/p' pyproject.toml) installs as a CPU build where one is offered."; \
	   build/lock/bin/pip freeze --all --exclude chartloop --exclude pip | sed 's/+cpu//'; } > requirements.lock

clean:
	rm -rf .venv node_modules cdk.out build dashboard/node_modules dashboard/dist
