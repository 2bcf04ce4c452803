# The front door. `make help` lists the targets; the work is done by `python -m workshop`.
# It runs on GNU Make 3.81 (macOS).

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
RUN := $(PY) -m workshop

# What a person may ask for goes to Python by the environment, letter for letter: nothing in it is
# expanded by Make or read by a shell.
ASKED := DECK EDITION EXECUTE RESUME FROM PAPER START ABSENT STRICT THEME NOTES
$(foreach name,$(ASKED),$(eval override $(name) := $$(value $(name))))
export $(ASKED)

.DELETE_ON_ERROR:
.PHONY: all slides site present rehearse ready review agenda data cohort resample browser participant bundle handouts test lint bench lock clean help
.DEFAULT_GOAL := all

all: $(READY) build/.data build/.browser ## Build everything in build/: each deck as HTML and PDF, the panel's papers, notes to print; NOTES=0 without notes, in build/public/
	@$(RUN) build

slides: $(READY) build/.data build/.browser ## The decks alone; EDITION=scipy one edition, DECK=path/to/any.ipynb one notebook (EXECUTE=never: not run)
	@$(RUN) slides

site: $(READY) build/.data build/.browser ## Write each edition as a site that opens from a file, in build/site/; EDITION=scipy, NOTES=0 as above
	@$(RUN) site

present: $(READY) build/.data ## Put a deck on stage; DECK=demos/05-….ipynb, EDITION=scipy, RESUME=1 reopens the last copy
	@$(RUN) present

rehearse: $(READY) build/.data build/.browser ## Give the talk to itself, minutes before you do: every slide, every cell, every problem; EDITION=scipy, DECK=…
	@$(RUN) rehearse

ready: $(READY) build/.data ## On the morning, in some seconds: is all there that the stage needs? EDITION=scipy
	@$(RUN) ready

review: $(READY) build/.browser ## After the talk: the latest copy as presented, HTML and PDF, and what differs from the plan; NOTES=1 with notes
	@$(RUN) review

agenda: $(READY) ## Print the schedule with clock times and speaking time; EDITION=scipy
	@$(RUN) agenda

data: $(READY) ## Fetch the real data (3 MB); FROM=path/to/file.zip (or .csv) imports a local copy
	@$(RUN) data

cohort: $(READY) ## Fit the synthetic cohort's parameters to the cached real data again: data/cohort.json
	@$(PY) -m tools.fit_cohort

resample: $(READY) ## Repeat the decks' analysis on other splits of the patients again: data/splits.json
	@nice $(PY) -m tools.resample

browser: $(READY) build/.browser ## Get a Chromium to print with, where there is none

test: $(READY) build/.data build/.browser lint ## Run every test
	@$(PY) -m pytest -n 2

lint: $(READY) ## Check format, habits and types
	@$(PY) -m ruff format --check . && $(PY) -m ruff check . && $(PY) -m mypy

participant: $(READY) build/.data build/.browser ## Write what participants work in as a folder, for Colab and Binder; EDITION=scipy
	@$(RUN) participant

bundle: $(READY) build/.data build/.browser ## Pack what participants take home into one zip, with the site; EDITION=scipy, NOTES=0 as above
	@$(RUN) bundle

handouts: $(READY) build/.browser ## Write the panel's papers and deck; PAPER=a4 or letter, START=14:45, ABSENT="First Last", EDITION=pydata
	@$(RUN) handouts

bench: $(READY) build/.data build/.browser ## Measure cells, builds and scaling, and print a table
	@$(PY) -m tools.bench

lock: $(READY) ## Resolve pyproject.toml again into requirements.txt (needs the network; CONTRIBUTING.md: what to try then)
	$(PY) -m pip install --quiet uv
	$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --generate-hashes \
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
