# Every target sets up .venv by itself when it is missing or out of date.

PYTHONS = python3.13 python3.12 python3.11 python3.10 python3
# 3.10 is what the console needs, 3.13 the newest that TensorFlow 2.21 has wheels for.
FITS = import sys, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
BIN = .venv/bin
# Commands the tests run, each with the Debian package that has it.
DEBIAN = ssh:openssh-client ps:procps sshd:openssh-server dockerd:docker.io sudo:sudo \
  nft:nftables ip:iproute2 busybox:busybox-static tmux:tmux chromium:chromium

# Data beside the repository, where there is some.
ifneq ($(wildcard ../shared/data/.),)
EDGEAD_DATA ?= $(abspath ../shared/data)
export EDGEAD_DATA
endif

.PHONY: help demo test test-fast faults soak lint bench bench-tunnel bench-fleet bench-startup bench-training bench-memory bench-plots screenshots pictures boards boards-down debian clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/installed ## train on three embedded nodes and show it live (DEMO_ARGS=--headless for no screen)
	@$(BIN)/edgead-console demo $(DEMO_ARGS)

test: lint debian ## lint, then the tests, whole trials too (TEST_ARGS go to pytest)
	@echo "== Running the tests"
	@$(BIN)/pytest --durations=15 $(TEST_ARGS)

test-fast: .venv/installed ## the tests without those marked slow
	@echo "== Running the fast tests"
	@$(BIN)/pytest -m "not slow" $(TEST_ARGS)

faults: .venv/installed debian ## every fault at every phase of a trial, on virtual boards (root; FAULTS='worker' for some)
	@$(BIN)/pytest tests/faults -m "" -s -k "$(or $(FAULTS),fault)"

soak: .venv/installed debian ## random faults for a while, their seed printed (root; MINUTES=10 SEED=n)
	@PYTHONPATH=tests:tests/support $(BIN)/python -m faults.soak $(or $(MINUTES),10) $(SEED)

lint: .venv/installed ## formatting, lint, types and the import table
	@echo "== Checking the formatting"
	@$(BIN)/ruff format --check .
	@echo "== Checking the style"
	@$(BIN)/ruff check .
	@echo "== Checking the types"
	@$(BIN)/mypy
	@echo "== Checking who imports whom"
	@$(BIN)/lint-imports

bench: .venv/installed ## measure the paper's tables here and print both side by side (BENCH_ARGS)
	@$(BIN)/edgead-console bench $(BENCH_ARGS)

bench-tunnel: .venv/installed debian ## measure what tunnels cost, on virtual boards (root; BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.tunnel_cost $(BENCH_ARGS)

bench-fleet: .venv/installed ## measure what a hundred nodes cost the console (BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.fleet_load $(BENCH_ARGS)

bench-startup: .venv/installed ## measure how soon the app is there (BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.startup $(BENCH_ARGS)

bench-training: .venv/installed debian ## measure what the app costs while a trial trains, in tmux (BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.training_cost $(BENCH_ARGS)

bench-memory: .venv/installed ## measure the app's memory over a long trial (BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.memory $(BENCH_ARGS)

bench-plots: .venv/installed ## measure what drawing each plot costs with a hundred nodes (BENCH_ARGS)
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.plot_cost $(BENCH_ARGS)

pictures: screenshots
screenshots: .venv/installed ## take docs/'s pictures anew, from the real demo
	@$(BIN)/python tests/support/screenshots.py docs/pictures

boards: .venv/installed debian ## start three virtual boards and leave them up (root; BOARDS=n for more)
	@PYTHONPATH=tests $(BIN)/python -m testbed up $(BOARDS)

boards-down: .venv/installed ## remove every trace of the virtual boards
	@PYTHONPATH=tests $(BIN)/python -m testbed down

clean: ## remove .venv and everything built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find agents console datasets models tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml constraints.txt
	@if ! $(BIN)/python -c '$(FITS)' 2>/dev/null; then \
	  found=; for python in $(PYTHONS); do \
	    if $$python -c '$(FITS)' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.10 to 3.13 with venv found: install one (Debian: python3 and python3-venv)." >&2; \
	    exit 2; \
	  fi; \
	  echo "== Making .venv with $$($$found --version)"; \
	  $$found -m venv --clear .venv; \
	fi
	@echo "== Installing the pinned packages and edgead-console (TensorFlow: 2 GB, some minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

debian:
	@PATH="$$PATH:/usr/sbin:/sbin"; missing=; for pair in $(DEBIAN); do \
	  command -v "$${pair%%:*}" >/dev/null || missing="$$missing $${pair#*:}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "== Installing what the tests also need:$$missing"; \
	  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; : no server is to start here; \
	  apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; \
	else \
	  echo "== The tests also need (Debian names):$$missing. Install them as root; going on without."; \
	fi
