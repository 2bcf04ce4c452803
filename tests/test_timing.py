"""How long a slide is planned to take, and how long it takes to say."""

from __future__ import annotations

import pytest

from tests.test_deck import M1, cell, notebook
from workshop.agenda import read_agenda
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.deck.timing import planned_minutes, speaking_in, speaking_minutes
from workshop.errors import WorkshopError
from workshop.paths import ROOT

EDITIONS = ("pydata", "scipy")


def only_slide(*cells):
    (slide,) = slides_of(notebook(*cells))
    return slide


def said(words: int) -> str:
    return " ".join(["word"] * words)


@pytest.mark.parametrize(
    ("notes", "minutes"),
    [
        (f"**Say:** {said(130)}", 1),
        (f"{said(65)}", 0.5),
        (f"**Say:** {said(26)}\n\n**Explain, from the top:** {said(26)}", 0.4),
        (f"**Read aloud:** {said(13)}\n\n**Transition:** “{said(13)}” – now", 27 / 130),
        (f"**Ask:** {said(13)}", 0.1 + 10 / 60),
        (f"**Ask first:** {said(13)}\n\n**Ask:** {said(13)}", 0.2 + 20 / 60),
        (f"**Our answers:** {said(50)}\n\n- {said(9)}\n- {said(9)}\n\n{said(13)}", 0.1),
        (f"**Watch for:** {said(9)}\n\n**If the cell fails:** {said(9)}\n\n**Hint.** {said(9)}", 0),
        (f"**1:34 PM** · minute 0 of 9 · 6 min for this slide\n\n**Say:** {said(13)}", 0.1),
        (f"**Builds on** {said(9)}\n\n{said(13)} with **bold words**", 16 / 130),
    ],
)
def test_what_is_said_counts_and_what_is_for_the_presenters_eye_does_not(notes, minutes):
    slide = only_slide(cell("# A", "slide"), cell(notes, "notes"))
    assert speaking_minutes(slide) == pytest.approx(minutes)


def test_live_cells_and_the_rooms_own_minutes_count():
    cells = [
        cell("import pandas", "-", "set-up", code=True),
        cell("1 + 1", code=True),
        cell("2 + 2", "fragment", code=True),
        cell(" ", code=True),
    ]
    notes = cell(f"**Say:** {said(13)}", "notes")
    slide = only_slide(cell("# A", "slide", "minutes-4"), notes, *cells)
    assert speaking_minutes(slide) == pytest.approx(0.1 + 2 * 3 / 60)
    for tag in ("exercise", "discussion"):
        slide = only_slide(cell("# A", "slide", tag, "minutes-4"), notes, *cells)
        assert speaking_minutes(slide) == pytest.approx(4 + 0.1 + 2 * 3 / 60)
    reserve = only_slide(cell("# A", "slide", "pace-0"), notes)
    assert speaking_minutes(reserve) == 0


def test_an_exercise_takes_as_long_before_and_after_its_solution_is_cut_off():
    deck = notebook(
        cell("# Exercise", "slide"),
        cell("**Say:** one two", "notes"),
        cell("given = 1\n# Your turn\nfound = 2", code=True),
    )
    prepared = prepare(deck, read_agenda(), read_agenda().edition("scipy"), M1, None)
    (before,), (after,) = slides_of(deck), slides_of(prepared)
    assert len(after.cells) == len(before.cells) + 1
    assert speaking_minutes(after) == speaking_minutes(before) == pytest.approx(2 / 130 + 3 / 60)


def test_minutes_are_shared_by_pace_after_what_a_slide_asks_for():
    slides = slides_of(
        notebook(
            cell("# A", "slide"),
            cell("# B", "slide", "exercise", "minutes-5"),
            cell("# C", "slide", "pace-2"),
            cell("# D", "slide", "pace-0"),
            cell("# E", "slide", "minutes-0.5"),
        )
    )
    assert planned_minutes(slides, 10) == [1.5, 5, 3, 0, 0.5]
    assert planned_minutes(slides[1:2], 8) == [5]
    with pytest.raises(WorkshopError, match=r"M\.ipynb: .* ask for 5.5 minutes, .* has 5: lower"):
        planned_minutes(slides, 5, "M.ipynb")


def test_a_session_takes_what_its_edition_shows(monkeypatch):
    deck = notebook(
        cell("# A", "slide"),
        cell(said(130), "notes"),
        cell("# B", "slide", "long"),
        cell(said(260), "notes"),
    )
    monkeypatch.setattr("workshop.deck.timing.read_deck", lambda path: deck)
    minutes = {key: speaking_in(edition) for key, edition in read_agenda().editions.items()}
    assert minutes["pydata"][M1] == 1 and minutes["scipy"][M1] == 3
    panels = [s.deck for s in read_agenda().edition("pydata").sessions if s.kind == "panel"]
    assert panels and not set(panels) & set(minutes["pydata"])


def test_clock_prompts_follow_the_planned_minutes():
    deck = notebook(
        cell("# A", "slide"), cell("# B", "slide", "minutes-3"), cell("# C", "slide", "pace-1.5")
    )
    prepared = prepare(deck, read_agenda(), read_agenda().edition("pydata"), M1, None)
    assert [slide.notes[0].source for slide in slides_of(prepared)] == [
        "**1:33 PM** · minute 0 of 8 · 2 min for this slide",
        "**1:35 PM** · minute 2 of 8 · 3 min for this slide",
        "**1:38 PM** · minute 5 of 8 · 3 min for this slide",
    ]


# ------------------------------------------------------------------------ our own hours hold


def shown(edition: str) -> dict[str, list]:
    """Return the slides of each of our own decks as an edition shows them."""
    chosen = read_agenda().edition(edition)
    decks = [s.deck for s in chosen.sessions if s.deck and s.kind != "panel"]
    return {deck: slides_of(read_deck(ROOT / deck), chosen.long) for deck in decks}


@pytest.mark.parametrize("edition", EDITIONS)
def test_each_session_leaves_a_tenth_of_its_minutes_to_the_room(edition):
    chosen = read_agenda().edition(edition)
    for deck, minutes in speaking_in(chosen).items():
        session = chosen.session_of(deck)
        assert 0 < minutes <= 0.9 * session.minutes, f"{deck}: {minutes:.1f} of {session.minutes}"


def test_the_hour_of_tutorial_has_sixty_slides_at_most():
    assert sum(map(len, shown("pydata").values())) <= 60


def test_discussions_take_half_an_hour_in_the_long_edition():
    minutes = [
        slide.minutes
        for slides in shown("scipy").values()
        for slide in slides
        if "discussion" in slide.tags
    ]
    assert None not in minutes and sum(minutes) == 30


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_exercise_with_code_takes_five_minutes_or_more(edition):
    with_code = [
        slide
        for slides in shown(edition).values()
        for slide in slides
        if any("exercise-code" in cell.metadata.get("tags", []) for cell in slide.cells)
    ]
    assert with_code or edition == "pydata"
    for slide in with_code:
        assert "exercise" in slide.tags and (slide.minutes or 0) >= 5, slide.title


def test_the_limitation_and_the_stop_condition_take_three_minutes_or_more():
    (slide,) = [
        slide
        for slide in shown("pydata")["slides/07-accountability.ipynb"]
        if "exercise" in slide.tags
    ]
    assert slide.minutes >= 3
