# Two commands: `make regenerate` and `make test`. Both set up what they need in .venv.
# `make test-slow` runs the tests that `make test` leaves out, as they take long.
# `make test-3.8` runs the tests that depend on Triton with the other supported version, in .venv-3.8.
# `make test-oldest` runs tests of calls with the oldest TVM FFI that what is generated works with, in .venv-oldest.
SUPPORTED := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: regenerate test test-slow test-3.8 test-oldest lint analyze others tutorials carry clean

regenerate: $(VENV)/installed
	$(BIN)/python -m codegen regenerate --show

test: $(VENV)/installed
	$(BIN)/python -m pytest -n auto

test-slow: $(VENV)/installed
	$(BIN)/python -m pytest -n auto -m slow

test-3.8: $(VENV)-3.8/installed
	$(VENV)-3.8/bin/python -m pytest -n auto -m triton

test-oldest: $(VENV)-oldest/installed
	$(VENV)-oldest/bin/python -m pytest -n auto $(CALLS:%=tests/generated/test_%.py)

CALLS := coercion descriptor_calls messages messages_tensors prepared process python_calls registration safe_call

lint: $(VENV)/installed
	$(BIN)/black --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $$(git ls-files 'templates/*.[ch]' 'tests/c/*.[ch]' 'tests/standin/*.[ch]' 'benchmarks/*.[ch]')

# What the analyzers of gcc and clang find in the C runtime; they are no part of .venv.
analyze:
	for source in $$(git ls-files 'templates/*.c'); do \
		gcc -std=c99 -O2 -Wall -Wextra -fanalyzer -Werror -c -o /dev/null $$source || exit 1; \
		clang-tidy --quiet $$source -- -std=c99 || exit 1; \
	done

# Kernels of other projects; most of an hour on two cores. Writes docs/coverage.md.
others: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/kernels_of_others/requirements.txt
	$(BIN)/python -m tests.kernels_of_others

# Kernels of Triton's own tutorials: TUTORIALS_OF_TRITON names the folder python/tutorials of a checkout of Triton 3.6.
tutorials: $(VENV)/installed
	TUTORIALS_OF_TRITON=$(abspath $(TUTORIALS_OF_TRITON)) $(BIN)/python -m codegen --project tests/kernels_of_others/tutorials regenerate

# Packs what a machine with a GPU and without a network needs of the wrappers, the packages and the tutorials.
carry: $(VENV)/installed
	$(BIN)/python -m tests.kernels_of_others.carry

clean:
	rm -rf $(VENV) $(VENV)-3.8 $(VENV)-oldest generated/_lib build *.egg-info

$(VENV)-3.8/installed: PINNED := triton==3.8.0
$(VENV)-oldest/installed: PINNED := apache-tvm-ffi==0.1.14.post0

$(VENV)/installed $(VENV)-3.8/installed $(VENV)-oldest/installed: pyproject.toml
	@test -n "$(PYTHON)" || { echo "tritonbind needs Python 3.11 or later: install it, or name it with make PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' $(PINNED)
	touch $@
