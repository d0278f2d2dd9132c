# Needs Python 3.11 or later and make; everything else is installed into .venv by `make setup`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := kailash_testkit examples benchmarks tests

.PHONY: setup demo test lint types docs bench soak api clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  { [ -x $(BIN)/python ] || uv venv --quiet --python $(PYTHON) $(VENV); } && \
	  uv pip install --quiet --python $(BIN)/python -e '.[dev]'; \
	else \
	  { [ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV); } && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'; \
	fi
	@touch $@

demo: $(STAMP)
	cd examples/shop && ../../$(BIN)/python -m pytest -v -p no:cacheprovider -p no:randomly
	cd examples/nexus_app && ../../$(BIN)/python -m pytest -v -p no:cacheprovider -p no:randomly

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python tests/typing/check.py

# The API reference, from the docstrings; the guides are the pages in docs/. Needs no network.
docs: $(STAMP)
	$(BIN)/pdoc -d google --no-show-source -o build/api kailash_testkit '!kailash_testkit.'

bench: $(STAMP)
	$(BIN)/python benchmarks/create.py
	$(BIN)/python benchmarks/factories.py --large
	$(BIN)/python benchmarks/journal_sqlite.py
	$(BIN)/python benchmarks/isolation.py
	$(BIN)/python benchmarks/isolation.py
	$(BIN)/python benchmarks/asgi.py
	$(BIN)/python benchmarks/generate.py
	$(BIN)/python benchmarks/servers.py

# All tests, in their long form where they try many histories, combinations or orders (see tests/soak.py);
# CI runs the short form, which is `make test`.
soak: $(STAMP)
	KAILASH_TESTKIT_SOAK=2000 $(BIN)/python -m pytest -n 2

# Writes down the public names and signatures again; the test of them compares with what is written.
api: $(STAMP)
	KAILASH_TESTKIT_UPDATE_API=1 $(BIN)/python -m pytest -q tests/test_public_api.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
