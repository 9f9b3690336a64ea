# Two commands: `make regenerate` and `make test`. Both set up what they need in .venv.
# `make help` lists all: what stands behind `##` in this file.
SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
RECORDED := 3.4 3.6

.DEFAULT_GOAL := regenerate
.PHONY: help regenerate test test-slow test-3.8 test-oldest test-record lint analyze analyze-gcc analyze-clang-tidy others tutorials carry clean

help: ## lists these commands
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

regenerate: $(VENV)/installed ## checks generated/, brings it up to date, builds its library, shows what is there
	$(BIN)/python -m codegen regenerate --show

test: $(VENV)/installed ## runs the tests, without those marked slow; needs no GPU
	$(BIN)/python -m pytest -n auto --dist worksteal

test-slow: $(VENV)/installed ## runs the tests that take long
	$(BIN)/python -m pytest -n auto --dist worksteal -m slow

test-3.8: $(VENV)-3.8/installed ## runs the tests that depend on Triton with 3.8.0, in .venv-3.8
	$(VENV)-3.8/bin/python -m pytest -n auto --dist worksteal -m triton

test-oldest: $(VENV)-oldest/installed ## runs tests of calls with the oldest TVM FFI that generated code works with, in .venv-oldest
	$(VENV)-oldest/bin/python -m pytest -n auto --dist worksteal $(CALLS:%=tests/generated/test_%.py)

test-record: $(VENV)/installed $(RECORDED:%=$(VENV)-record-%/installed) ## records and serves programs with other Tritons, in .venv-record-3.4 and .venv-record-3.6
	$(BIN)/python -m pytest tests/tritonbind/test_other_tritons.py

CALLS := coercion descriptor_calls messages messages_tensors prepared process python_calls registration safe_call

lint: $(VENV)/installed ## black, ruff, mypy and clang-format
	$(BIN)/black --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(git ls-files 'templates/*.[ch]' 'tests/c/*.[ch]' 'tests/standin/*.[ch]' 'benchmarks/*.[ch]')

analyze: analyze-gcc analyze-clang-tidy ## both analyzers of the C runtime, which are no part of .venv

analyze-gcc: ## gcc's analyzer, on the C runtime
	git ls-files 'templates/*.c' | xargs -P "$$(nproc)" -n 1 \
		gcc -std=c99 -O2 -Wall -Wextra -fanalyzer -Werror -c -o /dev/null

analyze-clang-tidy: ## clang-tidy, by version 23 of which the C runtime is clean
	for source in $$(git ls-files 'templates/*.c'); do \
		clang-tidy --quiet $$source -- -std=c99 || exit 1; \
	done

others: $(VENV)/installed ## generates kernels of other projects, and docs/coverage.md; most of an hour on two cores
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/kernels_of_others/requirements.txt
	$(BIN)/python -m tests.kernels_of_others

tutorials: $(VENV)/installed ## generates kernels of Triton's tutorials, in TUTORIALS_OF_TRITON=.../python/tutorials of Triton 3.6
	TUTORIALS_OF_TRITON=$(abspath $(TUTORIALS_OF_TRITON)) $(BIN)/python -m codegen --project tests/kernels_of_others/tutorials regenerate

carry: $(VENV)/installed ## packs wrappers, packages and tutorials for a machine with a GPU and without a network
	$(BIN)/python -m tests.kernels_of_others.carry

clean: ## removes what these commands made, but for generated/
	rm -rf $(VENV) $(VENV)-* generated/_lib build *.egg-info

$(VENV)-3.8/installed: PINNED := triton==3.8.0
$(VENV)-oldest/installed: PINNED := apache-tvm-ffi==0.1.14.post0

$(VENV)/installed $(VENV)-3.8/installed $(VENV)-oldest/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "tritonbind needs Python 3.11 or later: install it, or name it with make PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' $(PINNED)
	touch $@

# As a user has it: tritonbind alone, beside a Triton that it does not bring. The rest is for the tests.
$(VENV)-record-%/installed: build/wheel/built
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile build/wheel/*.whl triton==$*.0 numpy hypothesis pytest
	touch $@

build/wheel/built: pyproject.toml setup.py $(wildcard tritonbind/*.p* tritonbind/*/*.py)
	rm -rf build
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir $(@D) .
	touch $@
