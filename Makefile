# Each target does its own set-up. `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test faults bench setup lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: ## a broker, an engineer's page and a customer's shell, on this machine
	@.ci/setup demo
	@.venv/bin/jumpseat demo

test: ## lint, types, and all tests
	@.ci/setup
	@.ci/test

faults: ## some minutes of kills, failing calls, power cuts and tamperings; LONG=1: all, for hours
	@.ci/setup
	@.venv/bin/python -m tests.faults.crashes --quiet $(if $(LONG),--kills 3000 --cuts 500,--kills 60 --cuts 5) --failing --frames
	@.venv/bin/python -m tests.simulation --seeds $(if $(LONG),20000,500)
	@.venv/bin/python -m tests.tampering --count $(if $(LONG),112000,3000)

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
