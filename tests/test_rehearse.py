"""The rehearsal finds what is wrong with a talk, and writes down what it saw."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from workshop.agenda import read_agenda
from workshop.errors import WorkshopError
from workshop.stage import copy, rehearse

TOML = """
title = "Planted"
subtitle = "Eight problems"
[editions.tried]
name = "Tried"
date = 2021-07-13
start = 09:00:00
timezone = "America/Chicago"
minutes = 3
long = true
[[editions.tried.sessions]]
title = "Wrong"
kind = "demo"
minutes = 1
deck = "demos/wrong.ipynb"
[[editions.tried.sessions]]
title = "Break"
kind = "break"
minutes = 1
[[editions.tried.sessions]]
title = "Right"
kind = "demo"
minutes = 1
deck = "demos/right.ipynb"
"""


def slide(title: str, *code: str, notes: str = "**Say:** This.", body: str = "", tags=()):
    """Return the cells of one slide."""
    key = title.lower().replace(" ", "-")
    cells = [new_markdown_cell(f"## {title}\n\n{body}", id=key)]
    cells[0].metadata.update(slideshow={"slide_type": "slide"}, tags=list(tags))
    if notes:
        cells.append(new_markdown_cell(notes, id=f"{key}-notes"))
        cells[1].metadata["slideshow"] = {"slide_type": "notes"}
    return cells + [new_code_cell(c, id=f"{key}-{n}") for n, c in enumerate(code, start=1)]


RIGHT = [
    *slide("A first", "import os\nos.getpid() > 0"),
    *slide("A second", "2 + 2", body="Larger than one.", tags=["long"]),
]
WRONG = [
    *slide("Fine", "1 + 1", notes=f"**Say:** {'word ' * 200}"),
    *slide("Slow", "import time\ntime.sleep(2.5)"),
    *slide("Much", body="- too much\n" * 20),
    *slide("Raising", "1 / 0", "'after it'"),
    *slide("Mute", notes=""),
    *slide("Outside", body='A picture: <img src="https://example.org/a.png" alt="of nothing">'),
    *slide(
        "Tiny", "from IPython.display import HTML\nHTML('<p style=\"font-size: 15px\">Eight.</p>')"
    ),
    *slide("Unsteady", "import random\nrandom.random()"),
    *slide("Warned", "import warnings\nwarnings.warn('old', stacklevel=1)"),
    *slide("Long", "\n".join(f"a{n} = {n}" for n in range(9))),
]
# The problems as they are to be told: (slide, the line's words).
PLANTED = {
    "session": (0, r"“Wrong” takes 2\.\d minutes to say, 1 planned: shorten"),
    "slow": (2, r"cell 'slow-1' takes 2\.\d s: at most 2 s"),
    "overflow": (3, r"(sticks out|scrolls) by \d+ px: say less"),
    "raising": (4, r"ZeroDivisionError: division by zero”: mend the cell"),
    "notes": (5, r"has no speaker notes: write"),
    "outside": (6, r"asks for https://example\.org/a\.png: put the file beside"),
    "tiny": (7, r"“Eight\.” has letters of 15 px, not 24: enlarge"),
    "unsteady": (8, r"cell 'unsteady-1' shows something else when run again: set a seed"),
    "warning": (9, r"UserWarning: old.*: mend what warns"),
    "code": (10, r"9 lines of code: at most 8"),
}


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory, chromium):
    """Rehearse two decks of an edition of its own; return the problems' lines and the page."""
    folder = tmp_path_factory.mktemp("rehearsed")
    (folder / "demos").mkdir()
    (folder / "workshop.toml").write_text(TOML)
    (folder / "small.css").write_text("")
    for name, cells in (("wrong", WRONG), ("right", RIGHT)):
        (folder / f"demos/{name}.ipynb").write_text(writes(new_notebook(cells=cells)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rehearse, "ROOT", folder)
        patch.setattr(copy, "ROOT", folder)
        agenda = read_agenda(folder / "workshop.toml")
        said = io.StringIO()
        with pytest.raises(WorkshopError, match=r"^\d+ problems"), redirect_stdout(said):
            rehearse.rehearse(agenda, folder=folder / "build")
    lines = [line.strip() for line in said.getvalue().splitlines() if line.startswith("  ")]
    return lines, (folder / "build/tried.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_problem_is_told_in_one_line(rehearsed, name):
    number, words = PLANTED[name]
    where = f"slide {number} “" if number else "the session "
    found = [line for line in rehearsed[0] if f"wrong.ipynb: {where}" in line]
    assert any(re.search(words, line) for line in found), found or rehearsed[0]


def test_what_is_right_has_no_problem(rehearsed):
    about = {int((re.findall(r"slide (\d+)", line) or [0])[0]) for line in rehearsed[0]}
    assert about == {number for number, _ in PLANTED.values()}
    assert all(line.startswith("demos/wrong.ipynb: ") for line in rehearsed[0])


def test_the_page_shows_every_slide_after_its_cells_ran(rehearsed, page, tmp_path):
    (tmp_path / "page.html").write_text(rehearsed[1], encoding="utf-8")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator("figure img").count() == len(PLANTED) + 1 + 2  # with the break
    page.evaluate("[...document.images].map((i) => i.loading = 'eager')")
    page.wait_for_function("[...document.images].every((image) => image.naturalWidth === 1280)")
    assert "old-1" not in page.inner_text("body")
    assert "slow-1 2.5" in page.inner_text("body")
    assert "A second (0.5 min)" in page.inner_text("body")  # what can be left out
    assert all(address.startswith(("file:", "data:")) for address in page.requests)
