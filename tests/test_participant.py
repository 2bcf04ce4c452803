"""What participants get: nothing given away, everything that is given runs."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from dataclasses import replace

import nbformat
import pytest

from tests.conftest import AGENDA, SHOWN
from workshop.deck.execute import ALLOWED_WARNINGS
from workshop.deck.participant import derive
from workshop.deck.prepare import MARKER, prepare
from workshop.deck.read import read_deck, slide_type
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
        lines = cell.source.splitlines()
        if "solution" in cell.metadata.get("tags", []):
            found.update(lines)
        elif cell.cell_type == "code" and MARKER in lines:
            given.update(lines[: lines.index(MARKER)])
            found.update(lines[lines.index(MARKER) + 1 :])
        else:
            given.update(lines)
    return {line for line in found - given if len(line.strip()) > 12}


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


@pytest.mark.filterwarnings(*ALLOWED_WARNINGS)
@pytest.mark.parametrize(("edition", "deck"), SHOWN)
def test_the_given_cells_of_every_edition_run(edition, deck, monkeypatch):
    monkeypatch.chdir(ROOT / deck.rsplit("/", 1)[0])
    monkeypatch.setenv("WORKSHOP_DATA", "synthetic")
    names: dict = {}
    for source in code_of(derived(deck, solved=False, edition=AGENDA.edition(edition))):
        tree = ast.parse(source)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(tree, deck, "exec"), names)
        assert "✓" not in printed.getvalue(), "a check holds before the exercise is done"


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


def test_pictures_travel_inside(tmp_path):
    for cell in derived("slides/01-social-context.ipynb", solved=False).cells:
        assert "](figures/" not in cell.source


def test_a_badge_opens_colab_where_the_repository_has_an_address():
    deck = "slides/01-social-context.ipynb"
    somewhere = replace(AGENDA, repository="https://github.com/someone/kit")
    words, code, *_ = derived(deck, solved=False, agenda=somewhere).cells
    assert (
        "https://colab.research.google.com/github/someone/kit/blob/participant/"
        f"{LONG.key}/{deck}" in words.source
    )
    assert '"https://github.com/someone/kit"' in code.source and "fairlearn==" in code.source
    ast.parse(code.source)
    words, code, *_ = derived(deck, solved=False, agenda=replace(AGENDA, repository="")).cells
    assert "colab" not in words.source and "git" not in code.source


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
