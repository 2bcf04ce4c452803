"""The front door, in a copy of the kit: what is built, what is not built again, what is said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.deck.execute import RUNTIME
from workshop.paths import ROOT

DECK = "slides/01-social-context.ipynb"
ONE_DECK = f"""
title = "Fairness"
subtitle = "Short"
[editions.short]
name = "Short"
date = 2026-11-22
start = 10:00:00
timezone = "Europe/Berlin"
minutes = 10
[[editions.short.sessions]]
title = "Social context"
kind = "talk"
minutes = 10
deck = "{DECK}"
"""


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Path:
    """Copy the kit, with an edition of one deck and the set-up of this run."""
    folder = tmp_path_factory.mktemp("kit")
    for name in ("slides", "demos", "panel", "data", "workshop", "tests"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder)
    (folder / "workshop.toml").write_text(ONE_DECK, encoding="utf-8")
    (folder / ".venv/bin").mkdir(parents=True)
    python = folder / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (folder / ".venv/.ready").touch()
    return folder


def make(kit: Path, *arguments: str, fails: bool = False) -> str:
    # A make that runs the tests must not speak to the make under test.
    own = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    environment = {**own, "PYTHONPATH": str(kit)}
    done = subprocess.run(
        ["make", *arguments], cwd=kit, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode != 0) == fails, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


def test_make_builds_once_and_then_only_what_changed(kit):
    steps = re.findall(r"^(execute|html|pdf|handouts) ", make(kit), flags=re.M)
    assert steps == ["execute", "html", "pdf", "handouts"]
    built = kit / "build/short" / DECK.replace(".ipynb", ".pdf")
    assert built.stat().st_size > 10_000 and built.with_suffix(".html").exists()

    assert make(kit) == "", "an untouched make has nothing to do and nothing to say"

    theme = kit / "slides/rise.css"
    theme.write_text(theme.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert re.findall(r"^(\w+) ", make(kit, "slides"), flags=re.M) == ["html", "pdf"]


def test_a_failed_build_names_the_slide_and_keeps_the_last_good_pdf(kit):
    make(kit)
    built = kit / "build/short" / DECK.replace(".ipynb", ".pdf")
    good = built.read_bytes()
    theme = kit / "slides/rise.css"
    before = theme.read_text(encoding="utf-8")
    theme.write_text(before + "\n.reveal .slides p { font-size: 90px !important }", "utf-8")
    try:
        said = make(kit, "slides", fails=True)
        assert re.search(rf"{DECK}: slide \d+ “.+”, cell '.+' is \d+ px", said)
        assert built.read_bytes() == good
    finally:
        theme.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("agenda", "EDITION=nope"), "There is no edition 'nope' in workshop.toml: choose short."),
        (("slides", "DECK=no such deck.ipynb"), "no such deck.ipynb: there is no such file."),
        (("data", "FROM=no such file.zip"), "no such file.zip"),
    ],
)
def test_a_mistake_is_one_sentence_and_a_failure(kit, arguments, says):
    said = make(kit, *arguments, fails=True)
    assert says in said
    assert len([line for line in said.splitlines() if not line.startswith("make")]) == 1


def test_help_names_every_public_target(kit):
    told = set(re.findall(r"^  make (\w+)", make(kit, "help"), flags=re.M))
    phony = re.search(r"^\.PHONY: (.*)$", (kit / "Makefile").read_text("utf-8"), flags=re.M)[1]
    assert told == set(phony.split()) - {"FORCE", "lint"}


def test_clean_keeps_what_was_typed_on_stage(kit):
    typed = kit / "build/stage/2026-01-01-100000/deck.ipynb"
    typed.parent.mkdir(parents=True, exist_ok=True)
    typed.write_text("typed", encoding="utf-8")
    make(kit, "clean")
    assert typed.read_text(encoding="utf-8") == "typed"
    assert [path.name for path in (kit / "build").iterdir()] == ["stage"]


def test_make_and_the_cache_agree_on_what_an_execution_depends_on():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^RUNTIME := (.*?)\n\n|^RUNTIME := (.*?)\n#", makefile, flags=re.M | re.S)
    words = set(re.findall(r"[\w./*-]+", listed[0]))
    assert set(RUNTIME) <= words
