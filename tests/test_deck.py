from __future__ import annotations

import json
import re

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.conftest import AGENDA, DECKS, SHOWN
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slide_type, slides_of
from workshop.paths import ROOT

M1 = "slides/01-social-context.ipynb"


def cell(source: str, kind: str = "-", *tags: str, code: bool = False):
    made = (new_code_cell if code else new_markdown_cell)(source)
    made.metadata.update(slideshow={"slide_type": kind}, tags=list(tags))
    return made


def notebook(*cells):
    return new_notebook(cells=list(cells))


# --- What the kit's own decks keep to -------------------------------------------------------------


@pytest.mark.parametrize("deck", DECKS)
def test_a_deck_is_kept_without_outputs_and_with_stable_ids(deck):
    raw = json.loads((ROOT / deck).read_text(encoding="utf-8"))
    ids = [c["id"] for c in raw["cells"]]
    assert len(set(ids)) == len(ids)
    for c in raw["cells"]:
        assert not c.get("outputs") and c.get("execution_count") is None, c["id"]
        assert not re.fullmatch(r"[0-9a-f-]{8,36}", c["id"]), f"{c['id']}: name the cell"
    assert "rise" not in raw["metadata"], "the stage sets RISE up, in one place"


@pytest.mark.parametrize("deck", DECKS)
def test_every_slide_has_one_title_notes_and_room_for_one_message(deck):
    slides = slides_of(read_deck(ROOT / deck))
    assert "title" in slides[0].tags and "recap" in [t for s in slides for t in s.tags]
    for slide in slides:
        markdown = [
            c.source for c in slide.cells if c.cell_type == "markdown" and slide_type(c) != "notes"
        ]
        titles = re.findall(r"^##? ", "\n".join(markdown), flags=re.M)
        assert len(titles) == 1, f"{deck}: {slide.cells[0].id} has {len(titles)} titles"
        spoken = re.sub(r"\s+", " ", " ".join(n.source for n in slide.notes))
        assert len(spoken.split()) >= 15, f"{deck}: {slide.cells[0].id}: notes to say are missing"
        if "references" not in slide.tags:
            prose = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^>]+>|\]\([^)]*\)", " ", "\n".join(markdown))
            words = re.findall(r"[\w’'%.,–-]*\w", prose)
            assert len(words) <= 80, f"{deck}: {slide.cells[0].id} has {len(words)} words"


@pytest.mark.parametrize("deck", DECKS)
def test_code_cells_fit_the_stage_and_stay_off_the_network(deck):
    for c in read_deck(ROOT / deck).cells:
        if c.cell_type == "code":
            lines = [line for line in c.source.splitlines() if line.strip()]
            seen = not {"set-up", "hide-input"} & set(c.metadata.get("tags", []))
            assert not seen or len(lines) <= 10, f"{c.id} is too long to read from a seat"
            assert "http" not in c.source and "!pip" not in c.source, c.id
            assert "filterwarnings" not in c.source and "simplefilter" not in c.source, c.id


@pytest.mark.parametrize("deck", DECKS)
def test_every_picture_has_a_full_description(deck):
    for c in read_deck(ROOT / deck).cells:
        if c.cell_type == "markdown":
            for alt in re.findall(r"!\[([^\]]*)\]\(", c.source):
                assert len(alt.split()) >= 8, f"{c.id}: describe the picture, not only name it"


# --- Slides -------------------------------------------------------------------------


def test_skipped_cells_vanish_and_subslides_count():
    slides = slides_of(
        notebook(
            cell("speak", "notes"),
            cell("# A", "slide"),
            cell("x", "skip"),
            cell("## B *b* `c`", "subslide"),
            cell("y", "fragment"),
            cell("say", "notes"),
        )
    )
    assert [s.title for s in slides] == ["A", "B b c"]
    assert [n.source for s in slides for n in s.notes] == ["speak", "say"]


# --- Preparing for an edition ---------------------------------------------------------------------


def test_long_slides_are_for_the_long_edition_only():
    deck = notebook(cell("# A", "slide"), cell("# B", "slide", "long"), cell("b", "fragment"))
    titles = {
        key: [s.title for s in slides_of(prepare(deck, AGENDA, edition, M1, None))]
        for key, edition in AGENDA.editions.items()
    }
    assert titles == {"pydata": ["A"], "scipy": ["A", "B"]}
    assert len(deck.cells) == 3, "the notebook given stays as it is"


def test_notes_come_before_fragments_with_the_clock_on_top():
    deck = notebook(
        cell("# A in {minutes} minutes", "slide", "pace-2"),
        cell("later", "fragment"),
        cell("say this", "notes"),
        cell("# B", "slide"),
    )
    prepared = prepare(deck, AGENDA, AGENDA.edition("pydata"), M1, None)
    assert [slide_type(c) for c in prepared.cells] == [
        "slide",
        "notes",
        "fragment",
        "slide",
        "notes",
    ]
    assert prepared.cells[0].source == "# A in 5 minutes"
    # Social context: 8 minutes from 1:33 PM; two thirds of them for A.
    assert prepared.cells[1].source == (
        "**1:33 PM** · minute 0 of 8 · 5 min for this slide\n\nsay this"
    )
    assert prepared.cells[4].source == "**1:38 PM** · minute 5 of 8 · 3 min for this slide"


@pytest.mark.parametrize(
    ("source", "label"),
    [("real", "Real data"), ("synthetic", "Synthetic cohort"), (None, "no data")],
)
def test_title_slide_and_footer_say_which_data(source, label):
    loads = "from workshop.data import load_patients" if source else "1 + 1"
    deck = notebook(cell("# Social context", "slide", "title"), cell(loads, code=True))
    prepared = prepare(deck, AGENDA, AGENDA.edition("scipy"), M1, source)
    assert label in prepared.cells[0].source
    assert "SciPy 2021 · 13 July 2021 · 9:09 AM" in prepared.cells[0].source
    footer = prepared.metadata.workshop.footer
    assert footer.startswith("Social context · SciPy 2021 · ")
    assert label.split()[0].lower() in footer


def test_schedule_and_people_come_from_workshop_toml():
    deck = notebook(cell("# Today", "slide", "agenda"), cell("# Who", "slide", "people"))
    today, who = slides_of(prepare(deck, AGENDA, AGENDA.edition("scipy"), M1, None))
    assert '<td>10:29 AM</td><td>Break</td><td><hr width="50">10 min</td>' in today.cells[0].source
    assert len(who.cells[0].source.splitlines()) == 2 + 8
    assert "- **Hilde Weerts**" in who.cells[0].source and "Laird" not in who.cells[0].source
    _, who = slides_of(prepare(deck, AGENDA, AGENDA.edition("pydata"), M1, None))
    assert "- **Kristen Laird** Project Manager" in who.cells[0].source
    assert len(who.cells[0].source.splitlines()) == 2 + 4


@pytest.mark.parametrize(("edition", "deck"), SHOWN)
def test_clock_prompts_go_from_the_sessions_start_to_its_end(edition, deck):
    shown_in = AGENDA.edition(edition)
    session = shown_in.session_of(deck)
    prepared = prepare(read_deck(ROOT / deck), AGENDA, shown_in, deck, None)
    minutes = [
        int(re.search(r"minute (\d+) of", slide.notes[0].source)[1])
        for slide in slides_of(prepared)
        if slide.pace
    ]
    assert minutes[0] == 0 and minutes == sorted(minutes)
    assert session.minutes - 4 <= minutes[-1] < session.minutes


def test_a_solution_is_revealed_as_a_fragment_of_its_own():
    exercise = cell("given = 1\n# Your turn\nfound = given + 1", code=True)
    deck = notebook(cell("# Exercise", "slide"), exercise, cell("check(found)", code=True))
    prepared = prepare(deck, AGENDA, AGENDA.edition("scipy"), M1, None)
    _, notes, given, answer, checked = prepared.cells
    assert slide_type(notes) == "notes"
    assert given.source == "given = 1\n# Your turn" and slide_type(given) == "-"
    assert answer.source == "found = given + 1" and slide_type(answer) == "fragment"
    assert slide_type(checked) == "-", "the check comes with the solution"


def test_a_strangers_deck_keeps_its_own_words():
    deck = notebook(cell("# A [@smith-1999]", "slide", "agenda", "people"))
    prepared = prepare(deck, AGENDA, AGENDA.edition(), "/elsewhere/a.ipynb", None)
    assert prepared.cells[0].source == "# A [@smith-1999]"
