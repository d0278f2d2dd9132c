# Needs Python 3.11 or later and make; everything else is installed into .venv by `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS ?= dev
STAMP := $(VENV)/.installed
# Workers take from what is left, one more than there are cores, since tests wait for servers and processes; compiled
# modules are kept, whatever the environment says of that.
WORKERS ?= 3
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(OPTIONS)

.PHONY: setup demo test test-all test-failed test-corpus test-python test-oldest test-newest test-httpx2 compatibility \
  compatibility-python coverage lint types docs bench changelog release api pictures clean

setup: $(STAMP)

$(STAMP): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  { [ -x $(BIN)/python ] || uv venv --quiet --python $(PYTHON) $(VENV); } && \
	  uv pip install --quiet --python $(BIN)/python -e '.[$(EXTRAS)]' $(addprefix -c ,$(CONSTRAINTS)); \
	else \
	  { [ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV); } && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]' $(addprefix -c ,$(CONSTRAINTS)); \
	fi
	@touch $@

demo: $(STAMP)
	cd examples/shop && ../../$(BIN)/python -m pytest -v -p no:cacheprovider -p no:randomly
	cd examples/nexus_app && ../../$(BIN)/python -m pytest -v -p no:cacheprovider -p no:randomly

test: $(STAMP)
	$(PYTEST)

# Every test on every kind of database, and the long form of tests that try many histories, combinations or orders:
# SOAK times as many examples, `make test-all SOAK=50` for a night (see tests/soak.py).
SOAK ?= 2

test-all: $(STAMP)
	KAILASH_TESTKIT_SOAK=$(SOAK) $(PYTEST) --kind every

# Those that failed in it, again, one after the other.
test-failed: $(STAMP)
	$(MAKE) test-all WORKERS=1 OPTIONS="--last-failed --last-failed-no-failures none"

# Explorations of all applications of their corpus, and the test that is written of each fault; test-all has a sample.
test-corpus: $(STAMP)
	KAILASH_TESTKIT_CORPUS=1 $(PYTEST) tests/explore

# The short form on another Python, in an environment of its own: make test-python PYTHON=python3.13
test-python:
	$(MAKE) test VENV=.venv-$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# The short form with the oldest releases that pyproject.toml allows, and with the newest of Kailash that there are, each
# in an environment of its own. The oldest DataFlow itself leaves runtimes unclosed.
test-oldest:
	$(MAKE) demo test VENV=.venv-oldest CONSTRAINTS=tests/constraints-oldest.txt OPTIONS="-W ignore:Unclosed:ResourceWarning"

# The types and the tests of the client with httpx2, and its tests with httpx, in an environment that has both; writes
# their rows of docs/compatibility.md.
test-httpx2:
	$(MAKE) setup EXTRAS=dev,httpx2 VENV=.venv-httpx2
	$(MAKE) types VENV=.venv-httpx2
	PYTHONPATH=tests:tests/docs .venv-httpx2/bin/python tests/compatibility/try_http_library.py -n $(WORKERS)

KAILASH := kailash kailash-dataflow kailash-nexus

test-newest:
	$(MAKE) setup VENV=.venv-newest
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python .venv-newest/bin/python --upgrade $(KAILASH); \
	else \
	  .venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade $(KAILASH); \
	fi
	$(MAKE) demo test VENV=.venv-newest

# The kit beside each plugin of the extra `matrix`, in an environment of its own; writes docs/compatibility.md.
compatibility:
	@[ -x .venv-compatibility/bin/python ] || $(PYTHON) -m venv .venv-compatibility
	.venv-compatibility/bin/python -m pip install --quiet --disable-pip-version-check -e '.[matrix]'
	PYTHONPATH=tests:tests/docs .venv-compatibility/bin/python tests/compatibility/try_plugins.py

# `make demo` and `make test` in a clean clone; writes their row. make compatibility-python PYTHON=python3.13
compatibility-python: $(STAMP)
	PYTHONPATH=tests:tests/docs $(BIN)/python tests/compatibility/try_clone.py $(PYTHON)

# Branch coverage of `make test-all`, with the sessions and processes that tests start; FORM= of the short form.
FORM ?= --kind every

coverage: $(STAMP)
	rm -f .coverage .coverage.*
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m coverage run -m pytest -n $(WORKERS) --dist worksteal $(FORM)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python tests/typing/check.py

# The documentation site: the pages of docs/ and the reference from the docstrings. Needs no network; a dead link fails.
docs: $(STAMP)
	$(BIN)/python -m sphinx -q -E -W --keep-going -b html -c site docs build/site
	@echo "the site is in build/site/index.html"

# What a terminal shows of a failing test, in the README: docs/images/failing_test.svg. A test says when it is stale.
pictures: $(STAMP)
	$(BIN)/python site/pictures.py

# All benchmarks, half an hour; writes benchmarks/RESULTS.md and the chart beside it. BENCH="--only create.py".
bench: $(STAMP)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python benchmarks/run_all.py $(BENCH)

# What the fragments in changelog.d/ make of the changelog.
changelog: $(STAMP)
	$(BIN)/python -m towncrier build --draft --version next

# Walks through the checklist of a release: make release VERSION=0.2.0
release: $(STAMP)
	$(BIN)/python site/release.py $(VERSION)

# Writes down the public names and signatures again; the test of them compares with what is written.
api: $(STAMP)
	KAILASH_TESTKIT_UPDATE_API=1 $(BIN)/python -m pytest -q tests/test_public_api.py

clean:
	rm -rf $(VENV) .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
