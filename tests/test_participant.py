"""What participants get: nothing given away, everything that is given runs."""

from __future__ import annotations

import ast
import base64
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.conftest import AGENDA, SHOWN
from workshop.deck.participant import derive
from workshop.deck.prepare import MARKER, prepare
from workshop.deck.read import read_deck, slide_type
from workshop.errors import WorkshopError
from workshop.markdown import to_html
from workshop.paths import ROOT
from workshop.teach.exercises import check

LONG = next(edition for edition in AGENDA.editions.values() if edition.long)


def derived(deck: str, solved: bool, agenda=AGENDA, edition=LONG):
    shown = prepare(read_deck(ROOT / deck), agenda, edition, deck, "synthetic")
    return derive(shown, ROOT / deck, agenda, f"{edition.key}/{deck}", solved)


def code_of(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def answers(deck: str) -> set[str]:
    """Return the lines that a participant should find alone: in a solution and nowhere else."""
    given, found = set(), set()
    for cell in read_deck(ROOT / deck).cells:
        lines = [line.strip() for line in cell.source.splitlines()]
        if "solution" in cell.metadata.get("tags", []):
            found.update(lines)
        elif cell.cell_type == "code" and MARKER in lines:
            given.update(lines[: lines.index(MARKER)])
            found.update(lines[lines.index(MARKER) + 1 :])
        else:
            given.update(lines)
    return {line for line in found - given if len(line) > 12}


@pytest.mark.parametrize("deck", LONG.decks)
def test_the_starter_gives_no_answer_and_no_notes_away(deck):
    exercises = [c for c in read_deck(ROOT / deck).cells if MARKER in c.source.splitlines()]
    assert bool(answers(deck)) >= bool(exercises)
    starter = derived(deck, solved=False)
    text = json.dumps([cell.source for cell in starter.cells], ensure_ascii=False)
    for answer in answers(deck):
        assert json.dumps(answer, ensure_ascii=False)[1:-1] not in text
    assert not any(slide_type(cell) == "notes" for cell in starter.cells)
    assert "**Say:**" not in text
    nbformat.validate(starter)


def test_there_are_at_least_six_exercises_with_solution_and_check():
    cells = [cell for deck in LONG.decks for cell in read_deck(ROOT / deck).cells]
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", [])]
    for tag in ("exercise-code", "check", "solution"):
        assert tags.count(tag) >= 6, tag
    given = [c for c in cells if "exercise-code" in c.metadata.get("tags", [])]
    assert all(MARKER in cell.source.splitlines() for cell in given)


@pytest.mark.parametrize("deck", LONG.decks)
def test_the_solution_runs_and_passes_its_checks(deck, executed):
    notebook = nbformat.read(executed(deck), as_version=4)
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    solution = code_of(derived(deck, solved=True))[1:]
    assert "\n".join(solution) == "\n".join(cell.source for cell in ran)
    for cell in ran:
        if "check" in cell.metadata.get("tags", []):
            printed = "".join(output.get("text", "") for output in cell.outputs)
            assert printed.startswith("✓") and "✗" not in printed, printed


# --- Pictures -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory) -> str:
    """Start JupyterLab as a participant has it, but rendering cells out of sight; its address."""
    home = tmp_path_factory.mktemp("lab")
    settings = home / "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}', encoding="utf-8")
    places = {
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        **{f"JUPYTER_{name}_DIR": home / name for name in ("CONFIG", "DATA", "RUNTIME")},
    }
    told = home / "log"
    with told.open("w") as log:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"),
                *("--ip=127.0.0.1", f"--ServerApp.root_dir={home}", "--IdentityProvider.token="),
            ],
            env={**os.environ, **{name: str(path) for name, path in places.items()}},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + 120
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", told.read_text("utf-8"))):
            assert time.monotonic() < until and server.poll() is None, told.read_text("utf-8")
            time.sleep(0.2)
        yield home, found[0]
    finally:
        server.terminate()
        server.wait(30)


def test_every_picture_of_every_notebook_shows_in_jupyterlab(jupyterlab, page):
    """All the cells with pictures stand in one notebook, to open JupyterLab once."""
    home, address = jupyterlab
    shown = [
        cell
        for edition, deck in SHOWN
        for cell in derived(deck, solved=False, edition=AGENDA.edition(edition)).cells
        if "data:image" in cell.source
    ]
    cells = {cell.source: nbformat.v4.new_markdown_cell(cell.source) for cell in shown}
    wanted = sum(cell.source.count("]: data:") for cell in cells.values())
    assert wanted >= 20 and all("![" in source for source in cells)
    nbformat.write(nbformat.v4.new_notebook(cells=[*cells.values()]), home / "all.ipynb")
    page.goto(f"{address}/lab/tree/all.ipynb")
    pictures = page.locator(".jp-MarkdownOutput img")
    expect(pictures).to_have_count(wanted, timeout=300_000)
    facts = pictures.evaluate_all(
        """async all => {
          await Promise.all(all.map(image => image.decode().catch(() => {})));
          return all.map(image => [image.naturalWidth, image.clientWidth, image.alt]);
        }"""
    )
    assert [fact for fact in facts if not (fact[0] >= 300 and fact[1] >= 200)] == []
    assert all(len(alt.split()) >= 8 for *_, alt in facts)


def test_a_picture_follows_the_rules_of_vs_code_and_colab():
    """VS Code's Markdown takes PNG, JPEG, GIF and WebP as data, no SVG; Colab no attachment."""
    notebook = derived("slides/01-social-context.ipynb", solved=False)
    text = "\n".join(cell.source for cell in notebook.cells)
    kinds = set(re.findall(r"(?:\]: |src=\")data:([\w/+]+)", text))
    assert kinds == {"image/png"}
    assert "attachment:" not in text and "](figures/" not in text
    assert not any(cell.get("attachments") for cell in notebook.cells)


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAA"
    "DUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def with_picture(folder: Path, source: str, **more):
    cell = nbformat.v4.new_markdown_cell(source, id="shows", **more)
    shown = nbformat.v4.new_notebook(cells=[cell])
    return derive(shown, folder / "a.ipynb", AGENDA, "a.ipynb", solved=False).cells[-1]


@pytest.mark.parametrize(
    "source",
    [
        "![a pixel](<a b.png>)",
        '![a pixel](a%20b.png "its title") and more',
        '<img src="a b.png" alt="a pixel">',
        "![a pixel](attachment:p%20q.png)",
    ],
)
def test_a_picture_is_found_however_it_is_written(tmp_path, source):
    (tmp_path / "a b.png").write_bytes(base64.b64decode(PIXEL))
    attached = {"p q.png": {"image/png": PIXEL}}
    page = to_html(with_picture(tmp_path, source, attachments=attached).source)
    (image,) = re.findall(r"<img[^>]*>", page) or [with_picture(tmp_path, source).source]
    assert f"data:image/png;base64,{PIXEL}" in image and 'alt="a pixel"' in image


@pytest.mark.parametrize("source", ["![a](absent.svg)", "![a](attachment:absent.svg)"])
def test_a_missing_picture_is_one_sentence(tmp_path, source):
    with pytest.raises(WorkshopError, match=r"a\.ipynb, cell 'shows': the picture .*absent.svg"):
        with_picture(tmp_path, source)


# --- Setting up -----------------------------------------------------------------------------------


def test_a_link_opens_colab_where_the_repository_has_an_address():
    deck = "slides/01-social-context.ipynb"
    somewhere = replace(AGENDA, repository="https://github.com/someone/kit")
    words, code, *_ = derived(deck, solved=False, agenda=somewhere).cells
    assert (
        "https://colab.research.google.com/github/someone/kit/blob/participant/"
        f"{LONG.key}/{deck})" in words.source
    )
    assert "'https://github.com/someone/kit'" in code.source and "'pandas==" in code.source
    words, code, *_ = derived(deck, solved=False, agenda=replace(AGENDA, repository="")).cells
    assert "colab" not in words.source and "git" not in code.source


@pytest.mark.parametrize(
    "repository", ['https://x.org/a", "b"]); print("run', "https://x.org/a'+1+'", "--upload-pack=x"]
)
def test_an_address_never_becomes_code(repository):
    somewhere = replace(AGENDA, repository=repository)
    _, code, *_ = derived("slides/01-social-context.ipynb", solved=False, agenda=somewhere).cells
    (clone,) = [
        node.value
        for node in ast.walk(ast.parse(code.source))
        if isinstance(node, ast.Assign) and node.targets[0].id == "clone"
    ]
    options = ["--depth", "1", "--branch", "participant", "--"]
    assert ast.literal_eval(clone) == ["git", "clone", *options, repository, "kit"]


def test_a_set_up_cell_is_an_ordinary_cell():
    tagged = nbformat.v4.new_code_cell("import pandas", id="first")
    tagged.metadata["tags"] = ["set-up"]
    title = nbformat.v4.new_markdown_cell("# A deck", id="title")
    title.metadata["slideshow"] = {"slide_type": "slide"}
    deck = nbformat.v4.new_notebook(cells=[title, tagged])
    shown = prepare(deck, AGENDA, LONG, "demos/05-train-model.ipynb", None)
    cells = derive(shown, ROOT / "demos/a.ipynb", AGENDA, "a.ipynb", solved=False).cells
    assert cells[-1].id == "first" and cells[-1].source == "import pandas"
    assert not cells[-1].metadata.get("jupyter") and not cells[-1].metadata.get("collapsed")


def test_a_check_tells_whether_an_answer_holds_and_never_raises(capsys):
    check(lambda: 1 + 1 == 2, "One and one are two")
    check(lambda: 1 + 1 == 3, "One and one are three")
    check(lambda: nobody_defined_this, "It is defined")  # noqa: F821
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "✓ One and one are two",
        "✗ Not yet: it should be that one and one are three",
        "✗ Not yet (NameError: name 'nobody_defined_this' is not defined)",
    ]
