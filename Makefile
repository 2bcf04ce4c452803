# The front door. `make help` lists the targets; the work is done by `python -m workshop`.
# It runs on GNU Make 3.81 (macOS).

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
RUN := $(PY) -m workshop

# What an executed deck is made from, besides the deck itself: a change there runs its cells again
# (prose, theme and agenda do not).
RUNTIME := $(wildcard workshop/*.py workshop/data/*.py workshop/teach/*.py workshop/teach/templates/*/* \
	demos/*.md data/README.md data/cohort.json data/cache/*.npz) requirements.txt build/.source
# What a page is made from, besides its executed deck.
PAGE := workshop.toml slides/rise.css $(wildcard slides/figures/* demos/figures/* slides/*.toml \
	workshop/*.py workshop/deck/*.py workshop/deck/templates/*/*)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all slides present agenda data cohort browser participant handouts test lint bench lock clean help FORCE
.DEFAULT_GOAL := all

all: slides build/.handouts ## Build everything in build/: each deck as HTML and PDF, and the panel's papers

# DECK is quoted everywhere: its path may have spaces. Names with spaces cannot be Make targets.
slides: $(READY) build/.data build/.browser ## The same; EDITION=scipy one edition, DECK=path/to/any.ipynb one notebook
ifdef DECK
	@$(RUN) slides --deck "$(DECK)" $(if $(EDITION),--edition "$(EDITION)")
else
	@targets=$$($(RUN) targets $(if $(EDITION),--edition "$(EDITION)")) && $(MAKE) --no-print-directory -j2 $$targets
endif

present: $(READY) build/.data ## Put a deck on stage; DECK=demos/05-….ipynb, EDITION=scipy, RESUME=1 reopens the last copy
	@$(RUN) present $(if $(DECK),--deck "$(DECK)") $(if $(EDITION),--edition "$(EDITION)") $(if $(RESUME),--resume)

agenda: $(READY) ## Print the schedule with clock times; EDITION=scipy
	@$(RUN) agenda $(if $(EDITION),--edition "$(EDITION)")

data: $(READY) ## Fetch the real data (3 MB); FROM=path/to/file.zip (or .csv) imports a local copy
	@$(RUN) data $(if $(FROM),--from "$(FROM)")

cohort: $(READY) ## Fit the synthetic cohort's parameters to the cached real data again: data/cohort.json
	@$(PY) -m tools.fit_cohort

browser: $(READY) build/.browser ## Get a Chromium to print with, where there is none

test: $(READY) build/.data build/.browser lint ## Run every test
	@$(PY) -m pytest -n 2 --dist loadgroup

lint: $(READY)
	@$(PY) -m ruff format --check . && $(PY) -m ruff check .

participant: $(READY) build/.data ## Write the participants' notebooks, without and with solutions; EDITION=scipy
	@$(RUN) participant $(if $(EDITION),--edition "$(EDITION)")

handouts: $(READY) build/.browser ## Write the panel's papers and deck; PAPER=a4 or letter, START=14:45, ABSENT="First Last", EDITION=pydata
	@$(RUN) handouts $(if $(EDITION),--edition "$(EDITION)") $(if $(PAPER),--paper "$(PAPER)") \
		$(if $(START),--start "$(START)") $(if $(ABSENT),--absent "$(ABSENT)")

bench: $(READY) build/.data build/.browser ## Measure cells, builds and scaling, and print a table
	@$(PY) -m tools.bench

lock: $(READY) ## Resolve pyproject.toml again into requirements.txt (needs the network)
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras \
		--no-emit-index-url --custom-compile-command "make lock" pyproject.toml -o requirements.txt

clean: ## Remove what was built; working copies of the stage stay in build/stage/
	@find build -mindepth 1 -maxdepth 1 ! -name stage -exec rm -rf {} + 2>/dev/null || test ! -d build

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Set-up ---------------------------------------------------------------------------------------

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "The kit needs Python 3.11 or later: install it, or name it: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv (once, about a minute) …"
	@$(PYTHON) -m venv $(VENV) || { \
		echo "Python cannot make a virtual environment: install its venv module (python3-venv)." >&2; exit 1; }
	@set -o pipefail; $(PY) -m pip install --disable-pip-version-check -r requirements.txt | awk \
		'/^Collecting/ {printf "\r  package %d", ++n} /^Installing/ {printf "\r  installing %d packages …", n} \
		{fflush()} END {print ""}'
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(PY) -c 'import matplotlib.font_manager'
	@touch $@

build/.data: $(READY)
	@mkdir -p build
	@$(RUN) data --brief
	@touch $@

build/.browser: $(READY)
	@mkdir -p build
	@$(RUN) browser
	@touch $@

# Changes only when another source of data is asked for (WORKSHOP_DATA=synthetic make).
build/.source: FORCE
	@mkdir -p build
	@echo "$(WORKSHOP_DATA)" | cmp -s - $@ || echo "$(WORKSHOP_DATA)" > $@

# --- From notebook to page ------------------------------------------------------------------------

build/executed/%.ipynb: %.ipynb $(RUNTIME)
	@$(RUN) execute --deck $< --target $@

# The panel's deck is no file: it is derived from the panel's words.
PANEL := $(wildcard panel/*.md workshop/*.py workshop/panel/*) workshop.toml slides/references.toml
build/executed/panel/panel.ipynb: $(PANEL) requirements.txt
	@$(RUN) execute --deck panel/panel.ipynb --target $@

# After the decks: both write to build/<edition>/panel/.
build/.handouts: $(PANEL) slides/rise.css $(wildcard workshop/deck/* workshop/panel/templates/*) | slides
	@$(RUN) handouts
	@touch $@

# One rule a page for each edition: build/<edition>/<deck>.html. Make 3.81 has no pattern with two
# stems, so each edition in workshop.toml gets its rules from this template.
define EDITION_RULES
build/$(1)/%.html: build/executed/%.ipynb $(PAGE)
	@$(RUN) html --deck $$*.ipynb --edition $(1) --executed $$< --target $$@

build/$(1)/%.pdf: build/$(1)/%.html workshop/deck/pdf.py
	@$(RUN) pdf --deck $$*.ipynb --html $$< --target $$@
endef
EDITIONS := $(shell sed -n 's/^\[editions\.\([A-Za-z0-9_-]*\)\].*/\1/p' workshop.toml)
$(foreach edition,$(EDITIONS),$(eval $(call EDITION_RULES,$(edition))))
