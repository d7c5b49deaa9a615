# classroom-climate: everything here needs only python3 (3.11 or newer) and make.
# The first call of a target makes .venv from the locked requirements; later calls start at once.

PYTHON ?= python3
export PYTHON
ROOM := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test test-servers test-browser check fix bench evidence lock clean runtime dev

help:  ## show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

demo: runtime  ## a school with simulated sensors, its pages and its API on this machine; Ctrl-C stops it
	@exec $(ROOM)/classroom-climate demo $(ARGS)

test: dev  ## tests that need no server
	@scripts/test $(ARGS)

test-servers: dev  ## tests against real mosquitto and influxd (first: scripts/install-servers)
	@scripts/test servers $(ARGS)

test-browser: dev  ## tests in Debian's chromium (first: scripts/install-servers)
	@scripts/test browser $(ARGS)

check: dev  ## style, types, layers, generated files
	@scripts/check

fix: dev  ## check, after mending what can be mended by itself
	@scripts/check --fix

bench: dev  ## measure: make bench NAME=… (QUICK=1: small); without NAME: list
	@QUICK="$(QUICK)" $(ROOM)/python scripts/measure.py bench $(NAME)

evidence: dev  ## measure into docs/evidence/: make evidence NAME=…; without NAME: list
	@QUICK="$(QUICK)" $(ROOM)/python scripts/measure.py evidence $(NAME)

lock: dev  ## write requirements/ anew from pyproject.toml (ARGS=--upgrade: newer versions)
	@scripts/lock $(ARGS)

clean:  ## remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

runtime:
	@scripts/venv runtime

dev:
	@scripts/venv dev
