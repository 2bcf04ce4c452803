"""Hold what each live demo says against what its own cells compute, on both sources of data.

The claims themselves are tables in `tests/claims/`, one for each deck.
"""

from __future__ import annotations

import inspect

import pytest

from tests.claims import DEMOS, SOURCES, At, Claim, claims_of, run, slides, table, table_of
from workshop.paths import ROOT

# What Fairlearn 0.15's reductions do with pandas 3, said in pandas' own words.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting a value on a Series via .at:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Setting an item of incompatible dtype:DeprecationWarning"),
]
EACH_DECK = pytest.mark.parametrize("deck", DEMOS)


def for_each(things):
    """Parametrize (deck, source, thing) over what `things(deck)` yields: (thing, name, sources)."""
    return pytest.mark.parametrize(
        ("deck", "source", "thing"),
        [
            pytest.param(deck, source, thing, id=f"{deck}-{source}-{name}")
            for deck in DEMOS
            for source in SOURCES
            for thing, name, sources in things(deck)
            if source in sources
        ],
    )


def claims(deck):
    for claim in claims_of(deck):
        if claim.holds:
            yield claim, f"{claim.slide}: {claim.words}", claim.sources


def particulars(deck):
    """Yield the tests that a table holds besides its claims: of `at`, of `real` or `synthetic`."""
    for name, test in vars(table(deck)).items():
        if name.startswith("test_"):
            given = next(iter(inspect.signature(test).parameters))
            yield test, name.removeprefix("test_"), SOURCES if given == "at" else (given,)


def as_it_ran(deck: str, source: str):
    ran = run(deck, source)
    if ran.failed:
        pytest.skip(f"{deck} does not run: see test_the_deck_runs")
    return ran


def line(deck: str, words: str) -> str:
    """Return where the table of a deck has some words: its file and line."""
    lines = (ROOT / table_of(deck)).read_text(encoding="utf-8").splitlines()
    number = next((n for n, text in enumerate(lines, start=1) if words in text), 1)
    return f"{table_of(deck)}, line {number}"


# ------------------------------------------------------------------------------ what decks say


@EACH_DECK
@pytest.mark.parametrize("source", SOURCES)
def test_the_deck_runs(deck, source):
    failed = run(deck, source).failed
    assert not failed, f"{deck} fails on the {source} data at {failed}"


@for_each(claims)
def test_a_claim_holds(deck, source, thing: Claim):
    ran = as_it_ran(deck, source)
    try:
        problem = "" if thing.holds(At(ran, thing.slide)) else "does not hold"
    except Exception as error:
        problem = f"cannot be tested ({type(error).__name__}: {error})"
    if problem:
        pytest.fail(
            f"{deck}, slide {thing.slide!r}: on the {source} data this sentence {problem}:\n"
            f"    “{thing.words}”\n"
            "Say on the slide what is true now, then change the words and the test here:\n"
            f"    {line(deck, thing.words)}\n{inspect.getsource(thing.holds)}",
            pytrace=False,
        )


@for_each(particulars)
def test_what_a_deck_relies_on(deck, source, thing):
    ran = as_it_ran(deck, source)
    thing(At(ran, list(slides(deck))[-1]))


def exercises(deck):
    for key, slide in slides(deck).items():
        if any("check" in cell.metadata.get("tags", []) for cell in slide.cells):
            yield key, key, SOURCES


@for_each(exercises)
def test_an_exercise_passes_solved_and_fails_open_or_wrong(deck, source, thing: str):
    ran = as_it_ran(deck, source)
    assert "✓" in ran.outputs[thing] and "✗" not in ran.outputs[thing]
    assert "✗" in ran.checked(thing), "with nothing typed, a check must not pass"
    for typed, says in getattr(table(deck), "WRONG_ANSWERS", {}).get(thing, {}).items():
        assert says in ran.checked(thing, typed), typed


@EACH_DECK
def test_each_claim_stands_on_its_slide(deck):
    problems = []
    for claim in claims_of(deck):
        slide = slides(deck).get(claim.slide)
        text = " ".join(cell.source for cell in slide.cells) if slide else ""
        if plain(claim.words) not in plain(text):
            what = "no longer says" if slide else "is not in the deck; it said"
            problems.append(f"slide {claim.slide!r} {what} “{claim.words}”")
            problems.append(f"    change the claim, or delete it: {line(deck, claim.words)}")
    if problems:
        pytest.fail("\n".join([f"{deck}:", *problems]), pytrace=False)


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@EACH_DECK
def test_each_heading_is_a_tested_claim_or_says_that_it_is_none(deck):
    tested = {(claim.slide, plain(claim.words)) for claim in claims_of(deck) if claim.holds}
    problems = []
    for key, slide in slides(deck).items():
        claimed, tagged = (key, plain(slide.title)) in tested, "no-claim" in slide.tags
        if not claimed and not tagged:
            problems.append(
                f"slide {key!r}: nothing tests its heading “{slide.title}”. If it says what the "
                f"data show, add a claim to {table_of(deck)}; if it asks, defines or draws, tag "
                "the slide's first cell no-claim"
            )
        elif claimed and tagged:
            problems.append(
                f"slide {key!r}: its heading “{slide.title}” is tested, and the slide is tagged "
                f"no-claim. Take one away: the tag, or the claim ({line(deck, slide.title)})"
            )
    if problems:
        pytest.fail("\n".join([f"{deck}:", *problems]), pytrace=False)


# ------------------------------------------------------------------- what a presenter relies on


@pytest.mark.parametrize("deck", DEMOS)
def test_slides_run_again_in_any_order_and_show_the_same(deck):
    ran = as_it_ran(deck, "synthetic")
    changed = [key for key in reversed(slides(deck)) if ran.again(key) != ran.outputs[key]]
    assert not changed, f"{deck}: run again from the last slide up, these show something else"
