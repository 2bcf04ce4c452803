"""The front door, in a copy of the kit: what is built, what is not built again, what is said."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

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


def make(kit: Path, *arguments: str, fails: bool = False, **variables: str) -> str:
    # A make that runs the tests must not speak to the make under test.
    own = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    environment = {**own, "PYTHONPATH": str(kit), **variables}
    done = subprocess.run(
        ["make", *arguments], cwd=kit, env=environment, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode != 0) == fails, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


def test_make_builds_once_and_then_only_what_changed(kit):
    said = make(kit)
    assert re.findall(rf"^{DECK}  no cells to run; short \d+ slides ", said, flags=re.M)
    assert "handouts none" in said
    built = kit / "build/short" / DECK.replace(".ipynb", ".pdf")
    page, printed = built.with_suffix(".html").stat().st_mtime_ns, built.stat().st_mtime_ns
    assert built.stat().st_size > 10_000

    assert make(kit) == "", "an untouched make has nothing to do and nothing to say"
    assert make(kit, "slides", f"DECK={DECK}") == f"{DECK} is up to date\n"

    printer = kit / "workshop/deck/pdf.py"
    printer.write_text(printer.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert len(make(kit, "slides").splitlines()) == 1
    assert built.with_suffix(".html").stat().st_mtime_ns == page
    assert built.stat().st_mtime_ns > printed

    theme = kit / "slides/rise.css"
    theme.write_text(theme.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert len(make(kit, "slides").splitlines()) == 1
    assert built.with_suffix(".html").stat().st_mtime_ns > page

    built.unlink()
    assert len(make(kit, "slides").splitlines()) == 1 and built.exists()


def test_ready_says_in_a_line_each_what_the_morning_needs(kit):
    make(kit)
    said = make(kit, "ready")
    topics = "data, packages, fonts, offline, exports, papers, disk, port, kernel"
    assert ", ".join(re.findall(r"^✓ (\w+):", said, flags=re.M)) == topics
    assert "✗" not in said and said.splitlines()[-1].startswith("Short is ready")
    built = {path: path.stat().st_mtime_ns for path in (kit / "build").rglob("*.*")}

    deck, pins = kit / DECK, kit / "requirements.txt"
    kept = {path: path.read_text(encoding="utf-8") for path in (deck, pins)}
    changed = nbformat.read(deck, as_version=4)
    changed.cells[0].source += "\n\n![A door.](https://example.org/door.png)"
    nbformat.write(changed, deck)
    pins.write_text(kept[pins].replace("\nnbformat==", "\nnbformat==99."), encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "workshop", "ready"],
            cwd=kit, env={**os.environ, "PYTHONPATH": str(kit)}, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        for path, text in kept.items():
            path.write_text(text, encoding="utf-8")
        (kit / ".venv/.ready").touch()
    assert done.returncode == 1 and done.stderr.startswith("Short is not ready")
    wrong = dict(re.findall(r"^✗ (\w+): (.+)$", done.stdout, flags=re.M))
    assert wrong.keys() == {"packages", "offline", "exports", "papers"}
    assert "nbformat is" in wrong["packages"] and "delete .venv" in wrong["packages"]
    assert "loads https://example.org/door.png" in wrong["offline"]
    assert f"{DECK}: run make slides EDITION=short" in wrong["exports"]
    assert wrong["papers"].endswith("run make")
    assert "✓ kernel: " in done.stdout
    assert built == {path: path.stat().st_mtime_ns for path in built}, "it builds nothing"


def test_an_untouched_build_imports_nothing_of_the_chain(kit):
    """What takes long to import would be most of the half second that it may take."""
    make(kit)
    code = (
        "import sys; sys.argv = ['workshop', 'build']; from workshop.__main__ import main\n"
        "assert main() == 0\n"
        "print({'nbformat', 'nbconvert', 'playwright', 'jinja2', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=kit, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_ctrl_c_stops_at_once_and_leaves_no_kernel(kit):
    deck, told = kit / "slow.ipynb", kit / "pid"
    cell = f"import os, time\nopen({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(100)"
    nbformat.write(new_notebook(cells=[new_code_cell(cell)]), deck)
    environment = {**os.environ, "DECK": str(deck), "EDITION": ""}
    command = [sys.executable, "-m", "workshop", "slides"]
    build = subprocess.Popen(command, cwd=kit, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: told.exists() and told.read_text("utf-8"))
        kernel = psutil.Process(int(told.read_text("utf-8")))
        build.send_signal(signal.SIGINT)
        _, said = build.communicate(timeout=30)
    finally:
        build.kill()
    assert (build.returncode, said) == (130, "Stopped.\n")
    wait_for(lambda: not kernel.is_running())


def wait_for(true) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_an_edition_may_be_written_as_toml_allows(kit):
    plan = kit / "workshop.toml"
    plan.write_text(ONE_DECK.replace("[editions.short]", "[ editions . short ]"), "utf-8")
    try:
        make(kit, "slides")
    finally:
        plan.write_text(ONE_DECK, encoding="utf-8")
    assert (kit / "build/short" / DECK.replace(".ipynb", ".pdf")).exists()


def test_a_failed_build_names_the_slide_and_keeps_the_last_good_pdf(kit):
    make(kit, "slides")
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


# Each of these runs a command, or is cut short, where Make or a shell reads it.
NASTY = (
    """a 'b' "c" $HOME $$ $(touch pwned) $(shell touch pwned) ${x} `touch pwned`; touch pwned #d"""
)


@pytest.mark.parametrize("by_environment", [False, True], ids=["argument", "environment"])
@pytest.mark.parametrize(
    ("target", "variable", "says"),
    [
        ("slides", "DECK", "{}: there is no such file."),
        ("slides", "EDITION", "There is no edition '{}' in workshop.toml: choose short."),
        ("agenda", "EDITION", "There is no edition '{}' in workshop.toml: choose short."),
        ("data", "FROM", "{}"),
        ("handouts", "PAPER", "PAPER is '{}': choose a4 or letter."),
        ("handouts", "START", "{}"),
        ("handouts", "ABSENT", "a 'b'"),
        ("present", "DECK", "{}: there is no such deck."),
    ],
)
def test_what_is_asked_for_reaches_python_letter_for_letter(
    kit, target, variable, says, by_environment
):
    plan = kit / "workshop.toml"
    if variable in {"START", "ABSENT"}:
        shutil.copy2(ROOT / "workshop.toml", plan)
    asked = {variable: NASTY}
    try:
        if by_environment:
            said = make(kit, target, fails=True, **asked)
        else:
            said = make(kit, target, f"{variable}={NASTY}", fails=True)
    finally:
        plan.write_text(ONE_DECK, encoding="utf-8")
    assert says.format(NASTY).lower() in said.lower()
    assert not list(kit.rglob("pwned"))
    assert len([line for line in said.splitlines() if not line.startswith("make")]) == 1


# In code `make data`, in quotes 'make data', as the step of a workflow, on a line with its comment.
NAMED = r"(?:run:? |[`']|^(?=make [a-z]+ *(?:#|$)))make ([a-z]+)"


def test_every_target_that_a_sentence_names_is_there(kit):
    """With or without variables after it."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.M))
    files = [
        path
        for pattern in (
            *("*.md", "*/*.md", "workshop/**/*.py", "tools/*.py", "*/*.ipynb", "*/*.toml"),
            *("pyproject.toml", ".github/workflows/*.yml", ".pre-commit-config.yaml"),
        )
        for path in ROOT.glob(pattern)
        if "build" not in path.relative_to(ROOT).parts[0]
    ]
    named = {
        (found, path.name)
        for path in files
        for found in re.findall(NAMED, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert len(named) > 10
    assert {(name, where) for name, where in named if name not in targets} == set()


def test_help_names_every_public_target(kit):
    told = set(re.findall(r"^  make (\w+)", make(kit, "help"), flags=re.M))
    phony = re.search(r"^\.PHONY: (.*)$", (kit / "Makefile").read_text("utf-8"), flags=re.M)[1]
    assert told == set(phony.split())


def test_clean_keeps_what_was_typed_on_stage(kit):
    typed = kit / "build/stage/2026-01-01-100000/deck.ipynb"
    typed.parent.mkdir(parents=True, exist_ok=True)
    typed.write_text("typed", encoding="utf-8")
    make(kit, "clean")
    assert typed.read_text(encoding="utf-8") == "typed"
    assert [path.name for path in (kit / "build").iterdir()] == ["stage"]
