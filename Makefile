# Two commands on a machine that has Python 3.11 or later and make: `make demo` and `make test`. `make help` lists the rest.
# Everything they need is fetched once into .venv (Node too) and frontend/node_modules; a stamp there says what is done, so a second call starts at once.
.POSIX:
SHELL = /bin/sh

PORT = 8000
PYTHON = python3
BENCH = holds orders sellout scans pdf page

# What is compiled is kept, whatever the environment says: else each of the many processes compiles all of it anew, two seconds long.
python = PYTHONDONTWRITEBYTECODE= .venv/bin/python
npm = PATH="$$PWD/.venv/bin:$$PATH" npm --prefix frontend
sources = -name node_modules -prune -o -name dist -prune -o -type f
# What is imported is compiled then: to compile all that is installed takes a third of the time, and most is never imported.
install = $(python) -m pip install -qq --disable-pip-version-check --no-deps --no-compile
compile = $(python) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links $(UPGRADE) --extra build

help:
	@echo 'make demo [PORT=8000]          run it all with demo data: database, web, workers, simulated gateways; Ctrl-C stops it'
	@echo 'make test                      set-up, checks and every test'
	@echo 'make check                     format, lint, types and import walls; types and tests of the pages'
	@echo 'make format                    put the code into its format'
	@echo 'make bench [BENCH="holds …"]   measure (needs wrk)'
	@echo 'make screenshots               a picture of every page and state of the shop, into var/screenshots'
	@echo 'make lighthouse                judge every page of the shop by Lighthouse, as on a phone'
	@echo 'make lock [UPGRADE=--upgrade]  write the locks anew from pyproject.toml'
	@echo 'make clean                     remove what these commands made; data in var/ is kept'

demo: .venv/run.stamp front
	@$(python) -m alltickets.cli up --demo --port $(PORT)

# First what is fetched, beside it what comes from the system; then what needs both. Side by side, its steps would install into .venv at once.
# Three processes, each with a PostgreSQL of its own: on two cores, for a third of the time a test waits. A file's tests stay together.
test:
	@$(MAKE) -j2 .venv/dev.stamp packages
	@$(MAKE) -j2 check front .venv/payway-sdk.stamp
	$(python) -m pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder

check: check-python check-pages

check-python: .venv/dev.stamp
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy src tests simulators bench
	.venv/bin/lint-imports --no-logo

check-pages: .venv/node.stamp
	$(npm) run --silent check
	$(npm) run --silent test

format: .venv/dev.stamp
	$(python) -m ruff format .
	$(python) -m ruff check --fix .

bench: .venv/run.stamp
	@command -v wrk >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q && apt-get install -y -q wrk; } \
		|| { echo 'make bench needs the load generator wrk: install it (apt-get install wrk, brew install wrk) and run this again.' >&2; exit 1; }
	@for name in $(BENCH); do $(python) -m alltickets.cli bench "$$name" || exit 1; done

screenshots: .venv/dev.stamp front browser
	@$(python) -m tests.gallery.pictures

lighthouse: .venv/dev.stamp .venv/lighthouse.stamp front browser
	@$(python) -m tests.gallery.lighthouse

lock: .venv/run.stamp
	@$(install) uv
	$(compile) pyproject.toml -o requirements.txt
	$(compile) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@! grep -nE '^ *-|://' requirements.txt requirements-dev.txt | grep -v -e --hash=sha256: \
		|| { echo 'The locks name an address or an option: they must hold names, versions and hashes only.' >&2; exit 1; }

# The pages' scripts and styles, built anew when one of their sources is newer than the last build.
front: .venv/node.stamp
	@test -e frontend/dist/.vite/manifest.json && test -e .venv/front.stamp && test -z "$$(find frontend $(sources) -newer .venv/front.stamp -print)" \
		|| { echo 'Building the pages.'; $(npm) run --silent build && touch .venv/front.stamp; }

# A journey goes through PgBouncer: root gets it from Debian; where there is none that test is skipped and says what to install.
# Only then the browser: Debian's packages have one lock.
packages:
	@command -v pgbouncer >/dev/null || test -x /usr/sbin/pgbouncer || test "$$(id -u)" != 0 || ! command -v apt-get >/dev/null \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer; } >/dev/null \
		|| echo 'PgBouncer could not be installed: the journey through it is skipped. Install it (apt-get install pgbouncer) and run the tests again.' >&2
	@$(MAKE) -s browser

# The journeys need a Chromium. Debian's is fetched where we may, best the one without a window; elsewhere it is said what to install.
browser:
	@for name in "$$CHROMIUM" chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do \
		if test -n "$$name" && command -v "$$name" >/dev/null; then exit 0; fi; \
	done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q; then \
		for package in chromium-headless-shell chromium; do apt-get install -y -q --no-install-recommends $$package && exit 0; done; \
	fi; \
	echo 'The tests need Chromium: install it (apt-get install chromium, brew install chromium), or name one: CHROMIUM=/path make test' >&2; exit 1

clean:
	rm -rf frontend/dist frontend/node_modules frontend/lighthouse/node_modules tests/simulators/payway_sdk/node_modules .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the set-up, in steps that are done once

.venv/run.stamp: requirements.txt pyproject.toml .venv/bin/python
	@$(MAKE) -s lock_file=requirements.txt stamps=$@ install

.venv/dev.stamp: requirements-dev.txt pyproject.toml .venv/bin/python
	@$(MAKE) -s lock_file=requirements-dev.txt stamps='$@ .venv/run.stamp' install

.venv/node.stamp: frontend/package.json frontend/package-lock.json .venv/run.stamp
	@echo 'Fetching what frontend/package-lock.json lists.'
	@umask 022 && $(npm) ci --silent --ignore-scripts && touch $@ \
		|| { echo 'The set-up did not finish: mend what stands above (network? disk?) and run make again; it goes on from here.' >&2; exit 1; }

# Lighthouse alone is larger than all that the pages are built with: only those who want it fetch it.
.venv/lighthouse.stamp: frontend/lighthouse/package.json frontend/lighthouse/package-lock.json .venv/run.stamp
	@echo 'Fetching Lighthouse.'
	@umask 022 && PATH="$$PWD/.venv/bin:$$PATH" npm --prefix frontend/lighthouse ci --silent --ignore-scripts && touch $@ \
		|| { echo 'Lighthouse did not come: mend what stands above (network? disk?) and run make again.' >&2; exit 1; }

# A gateway's own library, by which its simulator is judged.
.venv/payway-sdk.stamp: tests/simulators/payway_sdk/package.json tests/simulators/payway_sdk/package-lock.json .venv/run.stamp
	@umask 022 && PATH="$$PWD/.venv/bin:$$PATH" npm --prefix tests/simulators/payway_sdk ci --silent --ignore-scripts && touch $@ \
		|| { echo "Payway's library did not come: mend what stands above (network? disk?) and run make again." >&2; exit 1; }

# Readable for all, whatever the caller's umask: PostgreSQL runs as a user of its own when root starts it.
install:
	@echo 'Fetching what $(lock_file) lists into .venv; this takes a minute or two, once.'
	@umask 022 && $(install) --require-hashes -r $(lock_file) && $(install) --no-build-isolation -e . && touch $(stamps) \
		|| { echo 'The set-up did not finish: mend what stands above (network? disk?) and run make again; it goes on from here.' >&2; exit 1; }

.venv/bin/python:
	@test -w . || { echo "This folder cannot be written by $$(id -un): move the project to one that can, or change its owner." >&2; exit 1; }
	@test "$$(df -Pk . | awk 'NR == 2 { print $$4 }')" -gt 1000000 \
		|| { echo 'The disk of this folder has less than 1 GB free, and the set-up needs that: free some space and run make again.' >&2; exit 1; }
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	test -n "$$found" \
		|| { echo "Python 3.11 or later is needed, and $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing): install one, or name it: make PYTHON=…" >&2; exit 1; }; \
	"$$found" -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "$$found comes without its venv module: on Debian or Ubuntu, apt-get install python3-venv, then run make again." >&2; exit 1; }; \
	umask 022 && "$$found" -m venv --clear .venv || { rm -rf .venv; exit 1; }

.PHONY: help demo test check check-python check-pages format bench screenshots lighthouse lock clean install front packages browser
