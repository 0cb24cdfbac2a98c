# Commands that do all their own set-up on a machine with Python 3.11+ and make:
#   make demo      the main job on embedded defaults: no key, no network beyond the package registry
#   make test      lint, types, import contracts, all tests but those behind a marker
#   make test-all  the same with those: retraining, simulation, parity, kills
PYTHON ?= python3
VENV   ?= .venv
EXTRAS ?= .venv-extras
BIN     = $(VENV)/bin
# tests that take long and whose subject changes seldom; scripts/touched_markers.py maps files to them
LONG    = retraining or simulation or parity or kills
MARKERS ?= $(LONG)
PYTEST  = $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
DEMO   ?= runs/demo
PIP     = $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test test-all lint types imports pytest marked parity cluster extras browser apertium bench picture recorded lock clean help

help:
	@sed -n '2,4p' Makefile | cut -c5-

demo: .stamp/run
	$(BIN)/safeglot run --prompts mini --limit 1 --languages en,de,es,fr,sw \
	  --target embedded/smollm2-135m --judge refusal-baseline --max-tokens 64 --out $(DEMO)
	@echo
	$(BIN)/safeglot demo

test: lint types imports pytest extras

test-all: test marked

lint: .stamp/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .stamp/dev
	$(BIN)/mypy

imports: .stamp/dev
	$(BIN)/lint-imports

pytest: .stamp/dev browser apertium
	$(PYTEST) -m "not ($(LONG))"

marked: .stamp/dev
	$(PYTEST) -m "$(MARKERS)" || [ $$? = 5 ]  # 5: none of them is here
	$(if $(findstring parity,$(MARKERS)),$(MAKE) parity)
	$(if $(findstring kills,$(MARKERS)),$(MAKE) cluster)

# with the estimators' own tests: where no published weights are, parity alone would test nothing
parity: .stamp/extras
	$(EXTRAS)/bin/python -m pytest -q tests/parity tests/extras/test_quality_models.py

# engines, translators and estimators on torch, in an environment of their own: tiny random weights
extras: .stamp/extras
	$(EXTRAS)/bin/python -m pytest -q -m "not ($(LONG))" tests/extras \
	  tests/unit/backends/models/engines tests/conformance/test_models.py

# Ray clusters on this machine, with processes and machines that are lost
cluster: .stamp/extras
	$(EXTRAS)/bin/python -m pytest -q -m kills tests/extras

browser:
	@sh scripts/need_chromium.sh

apertium:
	@sh scripts/need_apertium.sh

bench: .stamp/dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/lanes.py
	$(BIN)/python benchmarks/score.py
	$(BIN)/python benchmarks/translate.py
	$(BIN)/python benchmarks/translate_apertium.py

picture: .stamp/dev browser
	$(BIN)/python scripts/report_picture.py

recorded: .stamp/dev
	$(BIN)/python scripts/record_run.py

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "safeglot needs Python 3.11 or later; got $$($(PYTHON) --version). Name one: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)

.stamp/run: $(BIN)/python requirements/run.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements/run.lock
	$(PIP) install --quiet --no-deps -e .
	@mkdir -p .stamp && touch $@

.stamp/dev: $(BIN)/python requirements/dev.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	$(PIP) install --quiet --no-deps -e .
	@mkdir -p .stamp && touch $@

.stamp/extras: requirements/extras.txt pyproject.toml .stamp/dev
	$(PYTHON) -m venv $(EXTRAS)
	$(EXTRAS)/bin/python -m pip --disable-pip-version-check install --quiet -r requirements/extras.txt
	$(EXTRAS)/bin/python -m pip --disable-pip-version-check install --quiet -e .
	@mkdir -p .stamp && touch $@

lock:
	uv pip compile pyproject.toml --extra app --extra embedded --extra encoder --extra fast --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --quiet -o requirements/run.lock
	uv pip compile pyproject.toml --extra app --extra embedded --extra encoder --extra fast --extra parquet --extra hub --extra translate \
	  --extra xlsx --extra junit --group dev \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	  -o requirements/dev.lock

clean:
	rm -rf $(VENV) $(EXTRAS) .stamp .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
