# Each target does its own set-up. `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test bench setup lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: ## a broker, an engineer's page and a customer's shell, on this machine
	@.ci/setup demo
	@.venv/bin/jumpseat demo

test: ## lint, types, and all tests
	@.ci/setup
	@.ci/test

bench: ## echo, bulk and memory, beside plain OpenSSH; prompts; search
	@.ci/setup
	@.venv/bin/python -m bench
	@.venv/bin/python -m bench.prompts
	@.venv/bin/python -m bench.search

setup: ## .venv with bin/jumpseat, the pages, and what tests need
	@.ci/setup

lock: ## both lock files anew, from pyproject.toml
	@.ci/setup
	@.ci/lock

clean: ## away with everything that was made here
	rm -rf .venv .stamps .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist test-output \
	  jumpseat.egg-info web/node_modules web/dist broker/server/pages broker/evidence/page
	find . -name __pycache__ -prune -exec rm -rf {} +
