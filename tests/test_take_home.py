"""What people take home: notes to print, the copy to read, and pages without a note."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import AGENDA
from workshop.agenda import PANEL_DECK, clock
from workshop.deck.build import Page, make_page
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.markdown import tree
from workshop.panel.clock import read_panel
from workshop.panel.deck import panel_deck
from workshop.panel.papers import PUBLIC, write_handouts
from workshop.paths import ROOT
from workshop.prose import plain
from workshop.stage.card import write_card
from workshop.stage.show import KEYS
from workshop.take_home import notes as notes_module
from workshop.take_home.access import names_in, terms_in, write_access_copy
from workshop.take_home.notes import write_notes
from workshop.take_home.page import slides_of_page

PYDATA = AGENDA.edition("pydata")
SHEETS = {"a4": (595, 842), "letter": (612, 792)}  # width and height in points
LONG = " ".join(f"word{number}." for number in range(1500))
PAGE = """
<div class="reveal"><div class="slides">
<section><section id="one"><div class="celltag_result"><h2>One &amp; only</h2>
<p>Seen <strong>by</strong> all<br>of us.</p><p class="fragment">Not yet</p>
<div class="input">from fairlearn.metrics import MetricFrame</div>
<img src="data:," alt="Four dots."><svg role="img" aria-label="Two doors."></svg><img alt="">
<table><thead><tr><th>race</th><th>stays</th></tr></thead>
<tbody><tr><th>Black</th><td>19,210</td></tr></tbody></table></div>
<aside class="notes"><p>Said</p></aside></section>
<section id="two"><div class="celltag_guess"><h2>It turns around</h2></div></section></section>
<section><section><div class="celltag_solution"><p>The solution</p></div></section></section>
</div></div>
"""


def squeezed(text: str) -> str:
    """Return text without spaces, which a PDF breaks wherever a line ends."""
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Path:
    """Write what the audience of an edition without notes gets of the panel."""
    folder = tmp_path_factory.mktemp("public") / "panel"
    panel = read_panel(AGENDA, replace(PYDATA, notes=False))
    write_handouts(panel, folder, ["a4"], Progress("papers"))
    return folder


@pytest.fixture(scope="module")
def deck(tmp_path_factory) -> Path:
    """Write the panel's deck as a page and its PDF, one of its notes very long."""
    folder = tmp_path_factory.mktemp("deck")
    page = folder / "panel.html"
    source = folder / "panel.ipynb"
    nbformat.write(panel_deck(read_panel(AGENDA, PYDATA)), source)
    make_page(AGENDA, Page(PANEL_DECK, source, PYDATA, source, page))
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("</aside>", f"<p>{LONG}</p></aside>", 1), encoding="utf-8")
    return page


# --- Notes to print -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def printed(deck) -> dict[str, pypdf.PdfReader]:
    paths = write_notes(deck, AGENDA, PYDATA, "Panel")
    return {size: pypdf.PdfReader(path) for size, path in zip(SHEETS, paths, strict=True)}


@pytest.mark.parametrize("size", SHEETS)
def test_every_slide_is_a_vector_picture_two_on_a_page(printed, deck, size):
    pdf = printed[size]
    text = squeezed("".join(page.extract_text() for page in pdf.pages))
    slides = slides_of(panel_deck(read_panel(AGENDA, PYDATA)))
    assert len(slides) == len(slides_of_page(deck)) >= 15
    assert all(squeezed(slide.title) in text for slide in slides)
    assert [float(side) for side in pdf.pages[0].mediabox[2:]] == pytest.approx(SHEETS[size], abs=1)
    assert len(pdf.pages) <= len(slides) / 2 + 4, "two slides a page, and the long note"
    for page in pdf.pages:
        objects = page["/Resources"].get("/XObject", {}).values()
        assert all(found.get_object()["/Subtype"] == "/Form" for found in objects)


@pytest.mark.parametrize("size", SHEETS)
def test_printed_notes_are_tagged_and_describe_each_slide(printed, deck, size):
    root = printed[size].trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == AGENDA.language
    described = [alt for alt in alts(root["/StructTreeRoot"]) if alt.startswith("Slide ")]
    assert [alt.split(":")[0] for alt in described] == [
        f"Slide {slide.number}" for slide in slides_of_page(deck)
    ]


def alts(element) -> list[str]:
    """Return the descriptions in a PDF's tree of tags, in order."""
    element = element.get_object()
    if isinstance(element, list):
        return [alt for child in element for alt in alts(child)]
    if not isinstance(element, dict):
        return []
    own = [str(element["/Alt"])] if "/Alt" in element else []
    return own + (alts(element["/K"]) if "/K" in element else [])


def test_every_note_is_printed_and_none_over_a_slide(deck, monkeypatch):
    """Look where the pictures and the lines stand before the slides take the pictures' place."""
    monkeypatch.setattr(notes_module, "_put_slides_in", lambda target, deck: None)
    running = r"Page \d+ of \d+|Panel, PyData Global 2021|Fairness in AI systems|•"
    slides = slides_of(panel_deck(read_panel(AGENDA, PYDATA)))
    notes = ["".join(map(plain, tree(note.source))) for slide in slides for note in slide.notes]
    assert len(notes) == len(slides)
    for path in write_notes(deck, AGENDA, PYDATA, "Panel"):
        pages = pypdf.PdfReader(path).pages
        text = squeezed("".join(re.sub(running, "", page.extract_text()) for page in pages))
        assert {int(number) for number in re.findall(r"word(\d+)\.", text)} >= set(range(1500))
        for note in notes:
            assert squeezed(re.sub(running, "", note)) in text
        boxes_of_pages = [placed(page) for page in pages]
        assert sum(len(boxes) for boxes, _ in boxes_of_pages) == len(slides)
        for boxes, lines in boxes_of_pages:
            for left, low, right, high in boxes:
                over = [t for x, y, t in lines if left < x < right - 1 and low + 1 < y < high - 1]
                assert not over


def placed(page) -> tuple[list[tuple[float, ...]], list[tuple[float, float, str]]]:
    """Return a page's pictures (left, low, right, high) and its pieces of text (x, y, text)."""
    boxes, lines = [], []

    def draw(operator, operands, cm, tm) -> None:
        if operator == b"Do":
            xs, ys = sorted((cm[4], cm[4] + cm[0])), sorted((cm[5], cm[5] + cm[3]))
            boxes.append((xs[0], ys[0], xs[1], ys[1]))

    def write(text, cm, tm, font, size) -> None:
        if text.strip():
            x, y = tm[4], tm[5]
            lines.append((cm[0] * x + cm[4], cm[3] * y + cm[5], text))

    page.extract_text(visitor_operand_before=draw, visitor_text=write)
    assert lines
    return boxes, lines


def test_a_deck_and_a_pdf_that_differ_are_refused(deck, tmp_path):
    other = tmp_path / "other.html"
    other.write_text(PAGE, encoding="utf-8")
    other.with_suffix(".pdf").write_bytes(deck.with_suffix(".pdf").read_bytes())
    with pytest.raises(WorkshopError, match=r"other.html has 3 slides, but its PDF \d+ pages"):
        write_notes(other, AGENDA, PYDATA, "Other")


# --- The access copy ------------------------------------------------------------------------------


def test_a_slide_is_read_as_prose_without_code_notes_and_answers(tmp_path):
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    one, two, three = slides_of_page(tmp_path / "page.html")
    assert (one.title, one.notes, one.names) == ("One & only", "<p>Said</p>", ("MetricFrame",))
    assert [text for _, text in one.prose] == [
        "Seen by all of us.",
        "Picture: Four dots.",
        "Picture: Two doors.",
        "Black: stays 19,210.",
    ]
    assert two.answers and not three.prose


def test_the_access_copy_holds_the_slides_and_what_captioners_need(tmp_path, page):
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    write_access_copy({PANEL_DECK: tmp_path / "page.html"}, AGENDA, PYDATA, tmp_path)
    page.goto((tmp_path / "access-copy.html").as_uri())
    text = page.locator("main").inner_text()
    for words in ("Picture: Four dots.", "Black: stays 19,210.", "MetricFrame: “metric frame”"):
        assert words in text
    for words in ("Said", "Not yet", "It turns around", "The solution", "import"):
        assert words not in text
    assert all(name in text for name in PYDATA.people)
    assert page.locator("h2").first.inner_text() == "Panel 2:30 PM, 60 minutes"
    assert not Axe().run(page).response["violations"]
    for size in SHEETS:
        root = pypdf.PdfReader(tmp_path / f"access-copy-{size}.pdf").trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root


def test_the_glossary_gives_the_terms_that_are_used():
    terms = dict(terms_in("The False negative rates of MetricFrame; labels."))
    assert list(terms) == ["false negative rate", "label"]
    assert all(meaning.strip() for meaning in terms.values())
    assert names_in([]) == []


# --- The speaker card -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", AGENDA.editions)
def test_the_speaker_card_is_one_page_with_clock_keys_and_what_to_leave_out(tmp_path, page, key):
    edition = AGENDA.edition(key)
    write_card(AGENDA, edition, tmp_path)
    folder = tmp_path / key / "speaker"
    page.goto((folder / "speaker-card.html").as_uri())
    rows = [row.split("\t") for row in page.locator("tbody tr").all_inner_texts()]
    for row, session in zip(rows, edition.sessions, strict=False):
        assert row[:3] == [clock(session.start), str(session.minutes), session.title]
        if session.kind in {"talk", "demo"}:
            slides = slides_of(read_deck(ROOT / session.deck), edition.long)
            long = [str(n) for n, slide in enumerate(slides, start=1) if "long" in slide.tags]
            assert row[-1] == session.deck.replace(".ipynb", ".html")
            cuts = re.findall(r"\d+", re.sub(r"\(\d+ min\)", "", row[4])) if row[5:] else []
            assert cuts == long
    assert rows[-1][0] == clock(edition.sessions[-1].end)
    assert not Axe().run(page).response["violations"]
    for size, measures in SHEETS.items():
        pdf = pypdf.PdfReader(folder / f"speaker-card-{size}.pdf")
        assert len(pdf.pages) == 1
        assert [float(n) for n in pdf.pages[0].mediabox[2:]] == pytest.approx(measures, abs=1)
        text = squeezed(pdf.pages[0].extract_text())
        for press in KEYS:
            if not press.get("quiet"):
                assert squeezed(press["does"].removeprefix("rescue: ")) in text
        assert squeezed((tmp_path / key).as_uri()) in text


# --- Without notes --------------------------------------------------------------------------------


def test_an_edition_without_notes_holds_none_of_their_text(public):
    found = {path.stem.removesuffix("-a4") for path in public.iterdir()}
    assert found == PUBLIC | {"panel"}
    notes = [c.source for s in slides_of(panel_deck(read_panel(AGENDA, PYDATA))) for c in s.notes]
    sentences = [squeezed(line) for note in notes for line in note.splitlines() if len(line) > 50]
    assert len(sentences) >= 40
    for path in public.iterdir():
        if path.suffix == ".pdf":
            text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
        else:
            text = path.read_text(encoding="utf-8")
        assert not [line for line in sentences if line in squeezed(text)], path.name
