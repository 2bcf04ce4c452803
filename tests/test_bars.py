"""Hold our decks against those bars of the design that need no browser; `tools.look` has more."""

from __future__ import annotations

import ast
from statistics import median

import pytest

from workshop.deck.read import Slide, read_deck, slides_of
from workshop.paths import ROOT
from workshop.prose import blocks

DEMOS, CONCEPTS = (sorted(ROOT.glob(f"{folder}/*.ipynb")) for folder in ("demos", "slides"))
UNSEEN = {"set-up", "hide-input"}
EACH = pytest.mark.parametrize("path", [*DEMOS, *CONCEPTS], ids=lambda path: path.stem)


def code_cells(slide: Slide) -> list:
    return [cell for cell in slide.cells if cell.cell_type == "code"]


def lines_shown(slide: Slide) -> int:
    """Count the lines of code that the room sees, without blank ones."""
    shown = [c for c in code_cells(slide) if not UNSEEN & set(c.metadata.get("tags", []))]
    return sum(bool(line.strip()) for cell in shown for line in cell.source.splitlines())


def asks_first(slide: Slide) -> bool:
    """Tell whether the notes ask the room before they say or explain anything."""
    labels = [block.label for note in slide.notes for block in blocks(note.source) if block.label]
    spoken = [label for label in labels if label.split()[0] in ("Say", "Ask", "Explain", "Read")]
    return (bool(spoken) and spoken[0].startswith("Ask")) or any("first" in word for word in labels)


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_code_on_stage_is_short(path):
    lines = {slide.title: lines_shown(slide) for slide in slides_of(read_deck(path))}
    shown = [count for count in lines.values() if count]
    assert shown and median(shown) <= 4, lines
    assert max(shown) <= 8, lines


def test_the_demos_show_few_plain_tables_each_with_its_mark():
    tables = []
    for path in DEMOS:
        for cell in [cell for slide in slides_of(read_deck(path)) for cell in code_cells(slide)]:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "charts.table":
                    drawn = {keyword.arg for keyword in node.keywords}
                    assert "mark" in drawn, f"{path.name}, cell {cell.id}: a table without a mark"
                    tables += [] if drawn & {"dot", "bar"} else [cell.id]
    assert len(tables) <= 8, tables


@EACH
def test_no_heading_answers_what_the_notes_ask_first(path):
    told = [
        slide.title
        for slide in slides_of(read_deck(path))
        if asks_first(slide) and "?" not in slide.title and "guess" not in slide.tags
    ]
    assert not told, (
        f"{path.name}: ask in the heading, and say the answer once the cell ran: {told}"
    )


def test_who_asks_first_is_found():
    asked = [asks_first(slide) for path in DEMOS for slide in slides_of(read_deck(path))]
    assert sum(asked) >= 10, "the decks let the room predict, and the test sees it"
