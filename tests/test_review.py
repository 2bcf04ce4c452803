"""After the talk: a copy from a real stage as presented, and what differs from the plan."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import nbformat
import pypdf
import pytest

from tests.conftest import AGENDA
from tests.stage import goto, on_stage, opened, run_cells, slide_with_code
from workshop.deck.read import slides_of
from workshop.errors import WorkshopError
from workshop.stage import minutes
from workshop.stage.review import Row, _with_paces, review

EDITION = AGENDA.edition("scipy")
DECK = "demos/07-document-model.ipynb"
CHOSEN = "require('custom/cells').chosen()"


@pytest.fixture(scope="module")
def presented(tmp_path_factory, chromium):
    """Present two slides of a demo, with live edits, one of which fails; review the copy."""
    folder = tmp_path_factory.mktemp("talk")
    with (
        opened(folder / "stage", edition=EDITION.key) as one,
        on_stage(chromium, one.deck(DECK)) as page,
    ):
        seen = []
        for number, typed in enumerate(["import time\nprint('now', time.time_ns())", "1 / 0"]):
            goto(page, slide_with_code(page, number))
            page.evaluate(f"text => {CHOSEN}.set_text(text)", typed)
            seen.append(page.evaluate(f"{CHOSEN}.id"))
            run_cells(page)
            page.wait_for_timeout(2500)
        page.locator(".present .output_error").wait_for()
        page.evaluate("require('custom/keep').flush()")
        copy = one.copy
    path = copy / DECK  # in JupyterLab a cell is added, and one is removed
    deck = nbformat.read(path, as_version=4)
    slide = next(s for s in slides_of(deck) if any(c.id == seen[0] for c in s.cells))
    deck.cells.insert(deck.cells.index(slide.cells[-1]) + 1, nbformat.v4.new_code_cell("6 * 7"))
    deck.cells.remove(slides_of(deck)[-1].cells[-1])
    nbformat.write(deck, path)
    page = review(AGENDA, EDITION.key, stage=folder / "stage", folder=folder / "build")
    return SimpleNamespace(
        copy=copy, deck=nbformat.read(path, as_version=4), seen=seen, page=page, folder=folder
    )


def test_the_slides_that_were_shown_are_there_as_they_were(presented, page):
    html = presented.page.parent / DECK.replace(".ipynb", ".html")
    live = next(c for c in presented.deck.cells if c.id == presented.seen[0])
    said = re.search(r"now (\d+)", live.outputs[0].text)[1]
    page.goto(html.as_uri())
    page.wait_for_selector(".reveal.ready")
    text = page.evaluate("document.querySelector('.slides').textContent")
    assert said in text, "the output that the room saw: nothing was run again"
    assert "This cell failed on stage" in text and "ZeroDivisionError" in text
    assert page.locator("aside.notes").count() == 0
    assert "as presented on" in page.inner_text("footer")
    assert EDITION.name in page.inner_text("footer")
    # The title, on which the deck opened, may have been up too shortly to count.
    shown = page.evaluate("Reveal.getTotalSlides()")
    assert shown in {2, 3}
    assert len(pypdf.PdfReader(html.with_suffix(".pdf")).pages) == shown
    assert page.errors == [] and all(url.startswith("file:") for url in page.requests)


def test_a_page_beside_says_what_differs_from_the_plan(presented, page):
    page.goto(presented.page.as_uri())
    told = {
        heading.inner_text().split(": ")[-1]: heading.evaluate("e => e.parentElement.innerText")
        for heading in page.locator(".moment h3").all()
    }
    assert "-" in told["changed"] and "+print('now', time.time_ns())" in told["changed"]
    assert "+1 / 0" in told["changed, failed"]
    assert "+6 * 7" in told["added, never run"]
    assert "removed" in told
    rows = page.locator("section tbody tr").all_inner_texts()
    never = [row for row in rows if "never reached" in row]
    assert len(rows) == len(slides_of(presented.deck))
    assert len(never) == len(rows) - len(presented.seen) or len(never) == len(rows) - 3
    assert re.search(r"0\.\d", next(row for row in rows if "never reached" not in row))


def test_notes_are_in_it_when_they_are_asked_for(presented, page):
    with_notes = review(
        AGENDA, None, notes=True, stage=presented.folder / "stage", folder=presented.folder / "n"
    )
    page.goto((with_notes.parent / DECK.replace(".ipynb", ".html")).as_uri())
    assert page.locator("aside.notes").count() >= 2


def test_where_nothing_was_presented_it_says_so(presented):
    (presented.copy / minutes.FILE).rename(presented.copy / "kept")
    with pytest.raises(WorkshopError, match=r"Nothing was presented in .*no slide came up"):
        review(AGENDA, stage=presented.folder / "stage", folder=presented.folder / "none")
    (presented.copy / "kept").rename(presented.copy / minutes.FILE)


def test_minutes_of_a_slide_add_up_until_the_stage_stops(tmp_path):
    for second, cell in ((0, "a"), (30, "b"), (90, "a"), (120, None)):
        entry = {"at": f"2026-11-22T09:{second // 60:02}:{second % 60:02}Z"}
        if cell:
            entry |= {"deck": "d.ipynb", "cell": cell}
        minutes.log(tmp_path, entry)
    file = tmp_path / minutes.FILE
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole + '{"at": "2026', encoding="utf-8")  # the machine was switched off
    date, kept = minutes.read_minutes(tmp_path)
    assert date.isoformat() == "2026-11-22"
    assert kept == {("d.ipynb", "a"): 1.0, ("d.ipynb", "b"): 1.0}
    file.write_text(whole, encoding="utf-8")
    minutes.log_end(tmp_path)
    assert set(json.loads(file.read_text(encoding="utf-8").splitlines()[-1])) == {"at"}


def test_proposed_paces_keep_their_sum_and_minutes_stay_minutes():
    def slide(*tags):
        return SimpleNamespace(
            tags=tags,
            pace=float(next((t[5:] for t in tags if t.startswith("pace-")), 1)),
            minutes=next((float(t[8:]) for t in tags if t.startswith("minutes-")), None),
        )

    real = [("", 1.0), ("", 2.0), ("pace-2", 1.0), ("minutes-5", 6.6), ("", 0.0), ("pace-0", 0.4)]
    slides = [slide(*filter(None, [tag])) for tag, _ in real]
    rows = [Row(n, "", None, took, took > 0, tag) for n, (tag, took) in enumerate(real, start=1)]
    proposed = [row.proposed for row in _with_paces(rows, slides)]
    # 4.4 minutes for paces of 4 in all: 1.1 minutes for a pace of 1.
    assert proposed == ["", "pace-2", "pace-1", "minutes-7", "", ""]
