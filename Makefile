# `make run`, `make test`, `make check` and `make bench` are all one has to know; they do everything from a fresh checkout on.
# What they need first: Python 3.11 or newer.

BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Set in many containers: every start of Python would compile all its packages anew, which takes longer than most commands.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench intrude lint format requirements clean

# HOST, PORT, MARCUS_DATA_DIR, DATABASE_URL and DEMO are taken from the environment or the command line: make run PORT=9000
run: .venv/installed
	@exec $(BIN)/python manage.py up

# In three processes, since a third of a test's time is waiting; a file's tests stay together, and browser tests come last.
PYTEST = $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
test: .venv/installed-dev lint
	@scripts/ensure-browser
	@scripts/ensure-nginx
	$(PYTEST)

# What was changed alone, in seconds: formatting, lint, and the tests that concern it (tests/selection.py says which).
# make check FILE="marcus_events/log/writer.py …"; without FILE, what differs from the last commit.
FILE = $(shell git diff --name-only --diff-filter=d HEAD; git ls-files --others --exclude-standard)
check: .venv/installed-dev
	$(if $(filter %.py,$(FILE)),@$(BIN)/ruff check --quiet $(filter %.py,$(FILE)))
	$(if $(filter %.py,$(FILE)),@$(BIN)/ruff format --check --quiet $(filter %.py,$(FILE)))
	$(if $(filter %.html,$(FILE)),@$(BIN)/djade --target-version 5.2 --check $(filter %.html,$(FILE)))
	@tests=$$($(BIN)/python -m tests.selection $(FILE)) && echo "$$tests" && $(BIN)/python -m pytest --quiet $$tests

# Beside other libraries and the limits of the machine, in one run. BENCH=--quick only looks whether everything runs,
# BENCH="--only http live" measures some groups, BENCH=--document writes docs/performance.md besides.
bench: .venv/installed-bench
	-@$(MAKE) --no-print-directory .venv/installed-prefect
	$(BIN)/python -m benchmarks $(BENCH)

# Attacks on a running server, over HTTP and WebSockets, the long ones too; prints what was tried and what held.
intrude: .venv/installed-dev
	$(BIN)/python -m tests.intrude

# The settings want a key; checking code must not leave one in the data directory.
lint: export MARCUS_SECRET_KEY = for-checks-only
lint: .venv/installed-dev
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 --check {} +
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

format: .venv/installed-dev
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format --quiet
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

# Pins the newest versions that fit the .in files, with the hashes of their files, so that no other file is installed.
# Nothing of the machine that does it is written down. UPGRADE= keeps the versions as they are.
UPGRADE = --upgrade
COMPILE = $(BIN)/pip-compile --quiet $(UPGRADE) --generate-hashes --allow-unsafe --strip-extras --no-header \
	--annotation-style=line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host
requirements: .venv/installed-dev
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-dev.txt requirements-dev.in
	$(COMPILE) --output-file requirements-bench.txt requirements-bench.in
	$(COMPILE) --output-file requirements-prefect.txt requirements-prefect.in

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .postgres_*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: requirements.txt scripts/install
	@scripts/install requirements.txt && touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@scripts/install requirements-dev.txt && touch $@

.venv/installed-bench: requirements-bench.txt .venv/installed
	@scripts/install requirements-bench.txt && touch $@

# Beside the others, since its requirements exclude ours. Where it cannot be installed, it is not measured.
.venv/installed-prefect: requirements-prefect.txt .venv/installed
	@echo "Installing the packages of requirements-prefect.txt ..."
	@$(BIN)/python -m venv .venv/prefect
	@.venv/prefect/bin/python -m pip install --quiet --quiet --no-input --require-hashes --requirement $< </dev/null
	@touch $@
