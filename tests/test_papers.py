"""The panel: what people hold in their hands, the clock, the deck, and mistakes in the words."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import AGENDA
from workshop.agenda import PANEL_DECK, clock
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.panel.clock import FOLDER, read_panel
from workshop.panel.deck import panel_deck, write_panel_deck
from workshop.panel.papers import handouts, papers_of, write_handouts
from workshop.paths import ROOT
from workshop.prose import pictures
from workshop.qr import qr_code
from workshop.references import read_references

PYDATA = AGENDA.edition("pydata")
PANEL = read_panel(AGENDA, PYDATA)
QUESTIONS = [question for theme in PANEL.themes for question in theme.questions]
SHEETS = {"a4": (595, 842), "letter": (612, 792)}  # width and height in points
PAGES = {
    "moderator-guide": range(8, 13),
    "cue-card": [1],
    "brief-hanna-wallach": [1],
    "brief-kristen-laird": [1],
    "brief-triveni-gandhi": [1],
    "audience-sheet": [2],
    "question-cards": [3],
    "name-cards": [4],
}
PRINTED = [(name, size) for name in PAGES for size in SHEETS]


@dataclass(frozen=True)
class Written:
    """The papers of a panel as people get them, and how long they took."""

    folder: Path

    def pdf(self, name: str, size: str = "a4") -> pypdf.PdfReader:
        return pypdf.PdfReader(self.folder / f"{name}-{size}.pdf")

    def pages(self, name: str, size: str = "a4") -> list[str]:
        return pages_of(self.folder / f"{name}-{size}.pdf")

    def text(self, name: str, size: str = "a4") -> str:
        return squeezed("".join(self.pages(name, size)))


@cache
def pages_of(path: Path) -> list[str]:
    """Return the text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(path).pages]


def squeezed(text: str) -> str:
    """Return text without spaces, which a PDF breaks wherever a line ends."""
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Written:
    folder = tmp_path_factory.mktemp("papers") / "panel"
    write_handouts(PANEL, folder, list(SHEETS), Progress("papers"))
    return Written(folder)


@pytest.fixture(scope="module")
def without_laird(tmp_path_factory) -> Written:
    folder = tmp_path_factory.mktemp("papers") / "panel"
    panel = read_panel(AGENDA, PYDATA, start="14:45", absent="Kristen Laird")
    write_handouts(panel, folder, ["a4"], Progress("papers"))
    return Written(folder)


@pytest.fixture
def words(tmp_path):
    """Return a function that changes a copy of the panel's words, and the folder of the copy."""
    folder = tmp_path / "panel"
    shutil.copytree(FOLDER, folder)

    def change(file: str, old: str, new: str) -> Path:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, f"{old} is no longer in {file}: adapt the test"
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return folder

    return change


# --- What is printed ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "size"), PRINTED)
def test_a_paper_has_its_pages_in_its_size_with_running_title_and_numbers(written, name, size):
    pdf = written.pdf(name, size)
    assert len(pdf.pages) in PAGES[name]
    for number, page in enumerate(pdf.pages, start=1):
        assert [float(side) for side in page.mediabox[2:]] == pytest.approx(SHEETS[size], abs=1)
        text = page.extract_text()
        assert f"Page {number} of {len(pdf.pages)}" in text
        assert AGENDA.title in text


@pytest.mark.parametrize(("name", "size"), PRINTED)
def test_a_paper_is_tagged_and_says_its_title_and_language(written, name, size):
    pdf = written.pdf(name, size)
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/StructTreeRoot"]
    assert pdf.trailer["/Root"]["/Lang"] == AGENDA.language
    assert pdf.metadata.title.endswith("Panel, PyData Global 2021")
    assert len({written.pdf(other, size).metadata.title for other in PAGES}) == len(PAGES)


@pytest.mark.parametrize("size", SHEETS)
def test_every_question_stands_where_it_should(written, size):
    guide, cards = written.text("moderator-guide", size), written.text("question-cards", size)
    cue = written.text("cue-card", size)
    others = [
        written.text(name, size) for name in PAGES if not name.startswith(("mod", "que", "cue"))
    ]
    assert len(QUESTIONS) >= 12
    for question in QUESTIONS:
        text = squeezed(question.text)
        in_guide = 1 if question.reserve else 2  # on the run sheet too
        assert (guide.count(text), cards.count(text)) == (in_guide, 1), question.text
        assert cue.count(text) == (not question.reserve)
        assert not [paper for paper in others if text in paper], "panelists prepare themes"
        for follow_up in question.follow_ups:
            assert (guide.count(squeezed(follow_up)), cards.count(squeezed(follow_up))) == (1, 1)


def test_the_guide_lists_the_works_that_its_words_cite(written):
    assert len(PANEL.words.keys) >= 4
    for key in PANEL.words.keys:
        reference = read_references()[key]
        assert written.text("moderator-guide").count(squeezed(reference.address[8:])) == 1
        assert squeezed(f"({reference.cite})") in written.text("moderator-guide")


def test_every_theme_has_four_questions_with_follow_ups():
    assert len(PANEL.themes) == 3
    for theme in PANEL.themes:
        assert len(theme.questions) >= 4
        assert all(len(question.follow_ups) >= 2 for question in theme.questions)


@pytest.mark.parametrize("size", SHEETS)
def test_every_person_is_introduced_and_named_on_the_cards(written, size):
    sheet, names = written.text("audience-sheet", size), written.pages("name-cards", size)
    for person, page in zip(PANEL.people, names, strict=True):
        title = squeezed(person.title)
        assert sheet.count(title) == 1
        assert squeezed(page).count(squeezed(person.name)) == 2  # both faces
        bio = re.sub(r"\*|\]\(.+?\)|\[(?=[A-Z])", "", PANEL.bios[person.name])
        bio = re.split(r"\[own words: |\]", bio)
        introduced = squeezed(f"{person.name}{person.title}, {person.affiliation}.{bio[0]}")
        assert written.text("moderator-guide", size).count(introduced) == 1
        for name in filter(lambda name: name.startswith("brief-"), PAGES):
            own = name == f"brief-{person.name.lower().replace(' ', '-')}"
            text = written.text(name, size)
            assert all(squeezed(words) in text for words in bio) or not own
            assert text.startswith(squeezed(f"Panelist’s brief for {person.name}")) == own


@pytest.mark.parametrize("size", SHEETS)
def test_no_card_is_cut_and_no_heading_is_left_alone(written, page, size):
    cards = [squeezed(text) for text in written.pages("question-cards", size)]
    for question in QUESTIONS:
        parts = [squeezed(text) for text in (question.text, *question.follow_ups)]
        assert any(all(part in card for part in parts) for card in cards), question.number
    page.goto((written.folder / "moderator-guide.html").as_uri())
    headings = {squeezed(text) for text in page.locator("h1, h2, h3").all_inner_texts()}
    for sheet in written.pages("moderator-guide", size):
        lines = [squeezed(line) for line in sheet.splitlines() if line.strip()]
        running = ("Moderator’sguide·", "FairnessinAIsystems", "Page")
        body = [line for line in lines if not line.startswith(running)]
        assert body[-1] not in headings


@pytest.mark.parametrize("name", PAGES)
def test_a_paper_opens_from_a_file_for_everyone(written, page, name):
    page.goto((written.folder / f"{name}.html").as_uri())
    assert page.locator("html").get_attribute("lang") == AGENDA.language
    assert page.locator("script").count() == 0
    ink = "getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()"
    assert page.evaluate(ink) == "#1b2a3a"
    violations = Axe().run(page).response["violations"]
    assert not violations, [(v["id"], v["nodes"][0]["target"]) for v in violations]
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert all(url.startswith("file:") for url in page.requests)
    assert not page.errors


# paper, what is looked at, and its size in points
LARGE = [
    ("moderator-guide", ".say p, .question:not(.reserve) :is(h3, li)", 14, 14),
    ("moderator-guide", "p, li, td", 8.5, 18),
    ("cue-card", ".cue td", 11.9, 20),
    ("brief-hanna-wallach", "p, li, td", 9.3, 18),
    ("audience-sheet", "p, li, dd", 9.2, 18),
    ("name-cards", ".name", 80, 96),
]


@pytest.mark.parametrize(("name", "what", "least", "most"), LARGE)
def test_type_is_as_large_as_it_is_used(written, page, name, what, least, most):
    page.emulate_media(media="print")
    page.goto((written.folder / f"{name}.html").as_uri())
    page.evaluate("document.documentElement.dataset.density = 'tight'")
    sizes = page.eval_on_selector_all(
        what, "found => found.map((e) => parseFloat(getComputedStyle(e).fontSize) * 0.75)"
    )
    assert len(sizes) >= 4
    assert least - 0.05 <= min(sizes) and max(sizes) <= most + 0.05


def test_words_to_say_have_some_sixty_characters_a_line(written, page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})  # what A4 leaves between its margins
    page.goto((written.folder / "moderator-guide.html").as_uri())
    lengths = page.eval_on_selector_all(
        ".say p",
        """found => found.map((e) => e.innerText.length /
             Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight)))""",
    )
    assert len(lengths) >= 10
    assert max(lengths) <= 70


def test_the_cards_of_a_theme_have_its_bars_and_a_reserve_is_dashed(written, page):
    page.goto((written.folder / "question-cards.html").as_uri())
    cards = page.locator(".card").all()
    assert len(cards) == len(QUESTIONS)
    for card, question in zip(cards, QUESTIONS, strict=True):
        assert card.locator(".bars span").count() == int(question.number[0])
        style = card.locator(".frame").evaluate("(frame) => getComputedStyle(frame).borderTopStyle")
        assert style == ("dashed" if question.reserve else "solid")


def test_one_size_alone_is_printed_when_asked_for(without_laird):
    assert [path.name for path in without_laird.folder.glob("*-letter.pdf")] == []
    assert len(list(without_laird.folder.glob("*-a4.pdf"))) == len(PAGES) - 1


@pytest.mark.parametrize("address", ["", "https://github.com/you/workshop"])
def test_a_qr_code_leads_to_the_address_where_there_is_one(address):
    agenda = replace(AGENDA, repository=address)
    panel = read_panel(agenda, PYDATA)
    sheet = next(paper.html for paper in papers_of(panel) if paper.name == "audience-sheet")
    deck = prepare(panel_deck(panel), agenda, panel.edition, PANEL_DECK, None)
    thanks = next(cell.source for cell in deck.cells if "qr" in cell.metadata.get("tags", []))
    code = f'<img src="{qr_code(address)}"' if address else "<img"
    assert (code in sheet) == bool(address)
    assert [p.alt for p in pictures(thanks)] == ([f"QR code of {address}"] if address else [])


# --- The clock ------------------------------------------------------------------------------------


def rows(panel) -> list[tuple[str, int, str]]:
    return [
        (clock(part.start), part.minutes, part.theme.title if part.theme else part.title)
        for part in panel.parts
    ]


def test_the_run_sheet_goes_from_half_past_two_to_half_past_three():
    assert rows(PANEL) == [
        ("2:30 PM", 3, "Opening"),
        ("2:33 PM", 6, "Introductions"),
        ("2:39 PM", 12, "Documenting responsible AI practices"),
        ("2:51 PM", 12, "Discussing fairness within your team and organisation"),
        ("3:03 PM", 12, "Incorporating fairness into the design and evaluation of AI systems"),
        ("3:15 PM", 11, "Audience questions"),
        ("3:26 PM", 3, "One thing to do on Monday"),
        ("3:29 PM", 1, "Thanks"),
    ]
    assert clock(PANEL.parts[-1].end) == "3:30 PM"
    asked = [(clock(q.start), q.minutes) for theme in PANEL.themes for q in theme.planned]
    starts = [time for time, _ in asked]
    assert starts == ["2:40 PM", "2:46 PM", "2:52 PM", "2:58 PM", "3:04 PM", "3:10 PM"]
    assert [minutes for _, minutes in asked] == [6, 5] * 3


def test_the_guide_prints_these_times(written, page):
    page.goto((written.folder / "moderator-guide.html").as_uri())
    shown = page.locator(".run td.time").all_inner_texts()
    expected = [clock(part.start) for part in PANEL.parts]
    expected += [clock(q.start) for theme in PANEL.themes for q in theme.planned]
    assert sorted(shown) == sorted([*expected, "3:30 PM"])
    assert "2:30 PM – 3:30 PM CDT (19:30 – 20:30 UTC)" in page.locator(".when").inner_text()


def test_two_answer_each_question_and_everybody_begins_and_follows_equally_often():
    orders = [q.order for theme in PANEL.themes for q in theme.planned]
    assert [first.name for first, _ in orders] == [p.name for p in PANEL.panelists] * 2
    assert sorted(p.name for _, p in orders) == sorted(p.name for p in PANEL.panelists * 2)


def test_another_start_moves_every_time():
    moved = read_panel(AGENDA, PYDATA, start="14:45")
    assert [row[0] for row in rows(moved)][:4] == ["2:45 PM", "2:48 PM", "2:54 PM", "3:06 PM"]
    assert [row[1:] for row in rows(moved)] == [row[1:] for row in rows(PANEL)]
    assert clock(moved.parts[-1].end) == "3:45 PM"


@pytest.mark.parametrize("start", ["25:00", "2.45", "14:60", "soon"])
def test_a_start_that_is_no_time_is_refused(start):
    with pytest.raises(WorkshopError, match=f"START is '{start}'.*START=14:45"):
        read_panel(AGENDA, PYDATA, start=start)


def test_a_missing_panelist_leaves_time_to_the_others_and_the_audience():
    panel = read_panel(AGENDA, PYDATA, absent="kristen laird")
    assert [row[:2] for row in rows(panel)] == [
        ("2:30 PM", 3),
        ("2:33 PM", 5),  # three people, 90 s each, rounded up
        ("2:38 PM", 12),
        ("2:50 PM", 12),
        ("3:02 PM", 12),
        ("3:14 PM", 12),
        ("3:26 PM", 3),
        ("3:29 PM", 1),
    ]
    first = [q.order[0].name for theme in panel.themes for q in theme.planned]
    assert first == ["Hanna Wallach", "Triveni Gandhi"] * 3
    assert (PANEL.answers, panel.answers) == ([120, 90], [120, 90])
    assert (PANEL.parts[-2].seconds, panel.parts[-2].seconds) == (60, 90)


def test_two_missing_panelists_still_fill_the_hour():
    panel = read_panel(AGENDA, PYDATA, absent="Kristen Laird, Hanna Wallach")
    assert sum(part.minutes for part in panel.parts) == PANEL.session.minutes
    assert [person.name for person in panel.panelists] == ["Triveni Gandhi"]


def test_the_papers_say_who_is_missing(without_laird):
    guide = without_laird.text("moderator-guide")
    box = "Without Kristen Laird. Introductions: 5 minutes instead of 6. Audience questions: 12"
    assert guide.count(squeezed(box)) == 1
    assert squeezed("2:45 PM – 3:45 PM CDT") in guide
    assert squeezed("We miss Kristen Laird today.") in guide
    assert not list(without_laird.folder.glob("*kristen*"))
    assert "Laird" not in without_laird.text("question-cards") + without_laird.text("name-cards")
    assert "Laird" in without_laird.text("audience-sheet"), "the audience reads why"
    deck = (without_laird.folder / "panel.html").read_text(encoding="utf-8")
    assert "<strong>Kristen Laird</strong>" not in deck and "<strong>2:45 PM</strong>" in deck


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("Ada Lovelace", "ABSENT names 'Ada Lovelace', who is not a panelist .* or Triveni Gandhi"),
        ("Michael Madaio", "ABSENT names 'Michael Madaio', who is not a panelist"),
        ("Hanna Wallach, Kristen Laird, Triveni Gandhi", "ABSENT names every panelist"),
    ],
)
def test_an_unknown_name_in_absent_is_refused(absent, message):
    with pytest.raises(WorkshopError, match=message):
        read_panel(AGENDA, PYDATA, absent=absent)


# --- The deck -------------------------------------------------------------------------------------


def test_the_deck_has_a_slide_for_each_theme_question_and_part():
    titles = [slide.title for slide in slides_of(panel_deck(PANEL))]
    planned = [[t.title, *(q.text for q in t.planned)] for t in PANEL.themes]
    shown = [part.screen.splitlines()[0] for part in PANEL.parts if not part.theme]
    reserve = [question.text for question in QUESTIONS if question.reserve]
    assert titles == [PANEL.session.title, shown[1], *chain(*planned), *shown[2:], *reserve]


def test_the_decks_notes_hold_follow_ups_order_and_clock_times():
    slides = slides_of(prepare(panel_deck(PANEL), AGENDA, PANEL.edition, PANEL.session.deck, None))
    notes = {slide.title: "\n".join(note.source for note in slide.notes) for slide in slides}
    shown = {slide.title: slide.cells[0].source for slide in slides}
    for question in QUESTIONS:
        assert all(text in notes[question.text] for text in question.follow_ups)
        if not question.reserve:
            assert f"**{clock(question.start)}**" in notes[question.text]
            who = f"**{question.order[0].name}** begins, **{question.order[1].name}** follows."
            assert who in notes[question.text] and who in shown[question.text]
    for part in PANEL.parts[1:]:
        title = part.theme.title if part.theme else part.screen.splitlines()[0]
        assert f"**{clock(part.start)}**" in notes[title]


def test_the_deck_is_a_notebook_of_the_edition_with_a_panel():
    """`tests/test_export.py` and `tests/test_stage.py` go through every deck of every edition."""
    assert PYDATA.decks[-1] == PANEL_DECK and PYDATA.session_of(PANEL_DECK).kind == "panel"
    assert PANEL_DECK not in AGENDA.edition("scipy").decks
    write_panel_deck(AGENDA)
    assert read_deck(ROOT / PANEL_DECK) == panel_deck(PANEL)


def test_the_deck_is_written_with_the_papers(written):
    pdf = pypdf.PdfReader(written.folder / "panel.pdf")
    assert len(pdf.pages) == len(slides_of(panel_deck(PANEL)))
    assert pdf.trailer["/Root"]["/StructTreeRoot"]
    page = (written.folder / "panel.html").read_text(encoding="utf-8")
    assert all(part.words[:40] in page for part in PANEL.parts if not part.theme)


# --- Mistakes -------------------------------------------------------------------------------------

# file ▸ what is changed in it ▸ into what ▸ the error; {line} is the line that is changed
MISTAKES = r"""
bios.md ▸ ## Hanna Wallach ▸ ## Hannah Wallach ▸ bios.md:{line}: there is no Hannah
bios.md ▸ ## Kristen Laird\n ▸  ▸ bios.md has no '## Kristen Laird'
after.md ▸ - Same day ▸ ## Another\n\n- Same day ▸ after.md:\d+: there is nothing below 'After
bios.md ▸ Lead author ▸ ```\nLead author ▸ bios.md:{line}: the code block that opens
bios.md ▸ Lead author ▸ [me](javascript:alert(1)) ▸ bios.md:{line}: a link must lead
bios.md ▸ Lead author ▸ ![me](https://x.org/me.png) ▸ bios.md:{line}: pictures cannot
run-sheet.md ▸ | 11 + spare ▸ | 12 + spare ▸ run-sheet.md:\d+: the minutes add up to 61
run-sheet.md ▸ | 3          | ▸ | some | ▸ run-sheet.md:{line}: 'some' is no number
run-sheet.md ▸ | Theme 2 ▸ | Theme 4 ▸ run-sheet.md:{line}: there is no Theme 4
run-sheet.md ▸ | Theme 2 ▸ | Theme 1 ▸ run-sheet.md:\d+: the table must have one row for
run-sheet.md ▸ | Thanks   ▸ | Goodbye  ▸ run-sheet.md:{line}: 'Goodbye' has no words
run-sheet.md ▸ | 11 + spare ▸ | 11 ▸ run-sheet.md:\d+: one row, and only one
script.md ▸ ## Thanks ▸ ## Thnks ▸ run-sheet.md:\d+: 'Thanks' has no words
script.md ▸ {panelists} ▸ {everyone} ▸ script.md:{line}: \{everyone\} is not known
questions.md ▸ ### The rule ▸ ## Empty\n\n### The rule ▸ questions.md:\d+: the theme 'Do
questions.md ▸ - Minutes: 6\n ▸ - Minutes: 9\n ▸ questions.md:\d+: the planned questions
questions.md ▸ - Minutes: 6\n ▸ - Minutes: few\n ▸ questions.md:\d+: the minutes are 'few
questions.md ▸ - Follow-up: Where ▸ - Folow-up: Where ▸ questions.md:{line}: below 'The rule
questions.md ▸ Seen: The cohort flip ▸ Seen: The flip ▸ questions.md:\d+: 'The flip' und
bios.md ▸ [@madaio-2020] ▸ [@madaio] ▸ bios.md:{line}: \[@madaio\] is not in
audience.md ▸ ## How to ask ▸ ## How to ▸ audience.md has no '## How to ask'
"""


@pytest.mark.parametrize("mistake", MISTAKES.strip().splitlines())
def test_a_mistake_in_the_words_is_one_sentence_with_file_and_line(words, mistake):
    file, old, new, message = (part.replace("\\n", "\n") for part in mistake.split(" ▸ "))
    text = (FOLDER / file).read_text(encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    folder = words(file, old, new)
    with pytest.raises(WorkshopError, match=message.replace("{line}", str(line))) as error:
        list(papers_of(read_panel(AGENDA, PYDATA, folder=folder)))
    assert "\n" not in str(error.value)


def test_a_theme_without_questions_is_refused(words):
    text = (FOLDER / "questions.md").read_text(encoding="utf-8")
    cut = text[text.index("### To narrow") :]
    folder = words("questions.md", cut, "\n## Another theme\n\nOn the screen: a\n\nLead-in: b\n\n")
    words("questions.md", "Lead-in: b\n", "Lead-in: b\n\nSeen: Least say\n")
    with pytest.raises(WorkshopError, match=r"questions.md:\d+: the theme 'Another theme' has no"):
        read_panel(AGENDA, PYDATA, folder=folder)


def test_a_missing_file_and_strange_bytes_are_refused(words):
    folder = words("after.md", "Same day", "Same day")
    (folder / "after.md").write_bytes(b"## After\n\n\xff\xfe")
    with pytest.raises(WorkshopError, match=r"after.md cannot be read: save it as UTF-8"):
        read_panel(AGENDA, PYDATA, folder=folder)
    (folder / "after.md").unlink()
    with pytest.raises(WorkshopError, match=r"panel/after.md is missing"):
        read_panel(AGENDA, PYDATA, folder=folder)


def test_an_edition_without_a_panel_and_another_paper_are_refused():
    with pytest.raises(WorkshopError, match="The edition 'scipy' has no panel"):
        handouts("scipy")
    with pytest.raises(WorkshopError, match="PAPER is 'a3'"):
        handouts("pydata", paper="a3")


def test_html_in_the_words_stays_text(words, page, tmp_path):
    stray = '<script>window.hit = 1</script><img src="x" onerror="window.hit = 1"><b>'
    folder = words("bios.md", "Lead author", f"{stray} Lead author")
    words("questions.md", "Would you ship it?", "Would you <script>window.hit = 1</script>?")
    panel = read_panel(AGENDA, PYDATA, folder=folder)
    papers = list(papers_of(panel))
    assert len(papers) == len(PAGES)
    for paper in papers:
        (tmp_path / "paper.html").write_text(paper.html, encoding="utf-8")
        page.goto((tmp_path / "paper.html").as_uri())
        assert page.locator("script, img, b").count() == 0
        assert page.evaluate("window.hit") is None
        if paper.name == "moderator-guide":
            assert stray in page.locator(".bios").inner_text()
    assert all("<script" not in cell.source for cell in panel_deck(panel).cells)


def test_a_place_to_fill_in_is_a_marked_line_and_is_listed(words):
    folder = words("bios.md", "Lead author", "[own words: a sentence of yours]\n\nLead author")
    panel = read_panel(AGENDA, PYDATA, folder=folder)
    assert ("panel/bios.md:8", "a sentence of yours") in panel.words.blanks
    assert '<span class="blank">a sentence of yours</span>' in next(papers_of(panel)).html


def test_papers_that_cannot_be_written_leave_the_last_ones_alone(words, tmp_path):
    target = tmp_path / "build" / "panel"
    target.mkdir(parents=True)
    (target / "moderator-guide.html").write_text("the last good one", encoding="utf-8")
    folder = words("bios.md", "[own words: one", "Many words. " * 400 + "[own words: one")
    panel = read_panel(AGENDA, PYDATA, folder=folder)
    with pytest.raises(WorkshopError, match=r"moderator-guide takes \d+ pages|brief-.* takes 2"):
        write_handouts(panel, target, ["a4"], Progress("papers"))
    assert [path.name for path in target.parent.iterdir()] == ["panel"]
    assert [path.name for path in target.iterdir()] == ["moderator-guide.html"]


def test_too_much_on_a_card_is_refused(words, tmp_path):
    folder = words("questions.md", "- Follow-up: If you may", f"- Follow-up: {'more ' * 200}If you")
    panel = read_panel(AGENDA, PYDATA, folder=folder)
    with pytest.raises(WorkshopError, match=r"question-cards: there is too much on the card of qu"):
        write_handouts(panel, tmp_path / "panel", ["a4"], Progress("papers"))
    assert list(tmp_path.glob("*panel*")) == [tmp_path / "panel"]  # the copy of the words


def test_the_panels_words_name_no_person_of_their_own():
    """Names come from workshop.toml: a change there must reach every paper."""
    surnames = [person.name.split()[-1] for person in PANEL.people]
    found = {path.name for path in FOLDER.glob("*.md") if named(path, surnames)}
    assert found == {"bios.md", "sources.md"}


def named(path: Path, surnames: list[str]) -> list[str]:
    text = re.sub(r"Madaio et al\.", "", path.read_text(encoding="utf-8"))
    return [name for name in surnames if name in text]
