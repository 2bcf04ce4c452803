"""Run a deck's own cells, so that what it says in prose can be held against what they compute."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_limits

from workshop.data import load_patients
from workshop.deck.read import Slide, read_deck, slides_of
from workshop.errors import WorkshopError
from workshop.paths import ROOT


@dataclass(frozen=True)
class Ran:
    """What a deck's cells left behind, slide by slide, and what they printed.

    `at["slide"]` holds the variables as they were when the slide's cells had run: decks reuse some
    names.
    """

    deck: str
    source: str
    at: dict[str, SimpleNamespace]
    printed: dict[str, str]


@dataclass(frozen=True)
class Claim:
    """Words on a slide or in its notes, and the test of what they say."""

    slide: str
    words: str
    holds: Callable[[Ran], bool]

    def __str__(self) -> str:
        return f"{self.slide}: {self.words}"


@cache
def slides(deck: str) -> dict[str, Slide]:
    """Return the slides of a deck by the id of their first cell."""
    return {slide.cells[0].id: slide for slide in slides_of(read_deck(ROOT / deck))}


@cache
def run_deck(deck: str, source: str, long: bool = True) -> Ran:
    """Run the code cells of the long or the short deck once; WORKSHOP_DATA names the source."""
    names: dict = {}
    at, printed = {}, {}
    for key, slide in slides(deck).items():
        if "long" in slide.tags and not long:
            continue
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            for cell in slide.cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, cell.id, "exec"), names)
        at[key] = SimpleNamespace(**{name: names[name] for name in names if name[0] != "_"})
        printed[key] = output.getvalue()
    return Ran(deck, source, at, printed)


@contextlib.contextmanager
def ran_on(deck: str, source: str, long: bool = True):
    """Yield the deck as it ran on a source; skip the test where the real data are not cached."""
    if source == "real":
        try:
            load_patients(source="real")
        except WorkshopError as reason:
            pytest.skip(str(reason))
    # Threads of the linear algebra gain nothing here and fight with other work on a small machine.
    with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
        patch.setenv("WORKSHOP_DATA", source)
        yield run_deck(deck, source, long)


def stands_in_deck(claim: Claim, deck: str) -> bool:
    """Tell whether the words of a claim are on its slide or in the slide's notes."""
    text = "\n".join(cell.source for cell in slides(deck)[claim.slide].cells)
    return claim.words.casefold() in text.casefold()


def headings_not_accounted_for(claims: list[Claim], not_a_claim: set[str], deck: str) -> set[str]:
    """Return the slides whose heading is neither tested nor listed as claiming nothing, or both."""
    tested = {claim.slide for claim in claims if claim.words == slides(deck)[claim.slide].title}
    return (tested | not_a_claim) ^ set(slides(deck)) | (tested & not_a_claim)
