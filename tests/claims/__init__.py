"""Run a deck's own cells, so that what it says in prose can be held against what they compute.

Beside this file lies one table for each live demo, named like its deck. `tests/test_claims.py`
asserts them all. CONTRIBUTING.md says how to add a claim.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell
from threadpoolctl import threadpool_limits

from workshop.data.load import real_cache
from workshop.deck.prepare import MARKER
from workshop.deck.read import Slide, read_deck, slides_of
from workshop.paths import ROOT

DEMOS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("demos/*.ipynb"))
SOURCES = ("synthetic", "real")


@dataclass(frozen=True)
class Claim:
    """Words on a slide or in its notes, and the test of what they say.

    `holds` is given the deck as it was when the slide's cells had run; it is None for words that
    only must stand there (a definition, a warning).
    """

    slide: str
    words: str
    holds: Callable[[At], bool] | None

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the data on which the claim must hold."""
        return getattr(self.holds, "sources", SOURCES)


def on_real(holds: Callable[[At], bool]) -> Callable[[At], bool]:
    """Mark the test of a claim that is about the real data alone."""
    holds.sources = ("real",)
    return holds


class At:
    """The names of a deck as they were when a slide's cells had run: `at.frame`.

    `at["another-slide"]` is the same for another slide, `at.printed` what the slide's cells showed,
    `at.source` the data they ran on.
    """

    def __init__(self, ran: Ran, slide: str):
        self._ran, self._slide = ran, slide

    def __getattr__(self, name: str):
        try:
            return self.names[name]
        except KeyError:
            where = f"the slide {self._slide!r} of {self._ran.deck}"
            raise AttributeError(f"no cell up to {where} makes the name {name!r}") from None

    def __getitem__(self, slide: str) -> At:
        return At(self._ran, slide)

    @property
    def names(self) -> dict:
        """All names, to be changed by nobody."""
        return self._ran.names[self._slide]

    @property
    def printed(self) -> str:
        """What the slide's cells printed and showed, as text."""
        return self._ran.outputs[self._slide]

    @property
    def source(self) -> str:
        """The data on which the deck ran: synthetic or real."""
        return self._ran.source


@dataclass
class Ran:
    """What a deck's cells left behind, slide by slide, and what they showed."""

    deck: str
    source: str
    names: dict[str, dict] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    now: dict = field(default_factory=dict)

    def again(self, slide: str) -> str:
        """Run a slide's cells once more, and return what they show."""
        return self._show(slides(self.deck)[slide].cells, self.now)

    def checked(self, slide: str, typed: str | None = None) -> str:
        """Return what an exercise's check prints after `typed` (code), or with all left open."""
        cells = [cell for cell in slides(self.deck)[slide].cells if cell.cell_type == "code"]
        check = [cell for cell in cells if "check" in cell.metadata.get("tags", [])]
        if typed is not None:  # instead of a part of the solution
            return self._show([new_code_cell(typed), *check], dict(self.names[slide]))
        order = list(self.names)
        given = [new_code_cell(c.source.partition(MARKER)[0]) for c in cells if c not in check]
        return self._show(given + check, dict(self.names[order[order.index(slide) - 1]]))

    def _show(self, cells: list, names: dict) -> str:
        """Run code cells, and return what they print and what their last expressions show.

        Threads of the linear algebra gain nothing here and fight with other work.
        """
        shown = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, threadpool_limits(1):
            patch.setenv("WORKSHOP_DATA", self.source)
            for cell in cells:
                if cell.cell_type != "code":
                    continue
                body = ast.parse(cell.source).body
                last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
                with contextlib.redirect_stdout(shown):
                    exec(compile(ast.Module(body, []), cell.id, "exec"), names)
                    value = last and eval(
                        compile(ast.Expression(last.value), cell.id, "eval"), names
                    )
                if value is not None:
                    html = getattr(value, "_repr_html_", value.__repr__)
                    shown.write(f"{getattr(value, 'alt', None) or html()}\n")
        return shown.getvalue()


@cache
def slides(deck: str) -> dict[str, Slide]:
    """Return the slides of a deck by the id of their first cell."""
    return {slide.cells[0].id: slide for slide in slides_of(read_deck(ROOT / deck))}


def table_of(deck: str) -> Path:
    """Return the file with the claims of a deck, from the root."""
    return Path("tests/claims", Path(deck).stem + ".py")


def table(deck: str):
    """Return the module with the claims of a deck."""
    if not (ROOT / table_of(deck)).exists():
        raise pytest.UsageError(f"{deck} has no {table_of(deck)}: CONTRIBUTING.md says what it is.")
    return importlib.import_module(f"tests.claims.{Path(deck).stem}")


def claims_of(deck: str) -> list[Claim]:
    """Return the claims of a deck in the order of its table."""
    return [
        Claim(slide, words, holds)
        for slide, sentences in table(deck).CLAIMS.items()
        for words, holds in sentences.items()
    ]


def run_slides(deck: str, source: str, last: str = "") -> Ran:
    """Run the code cells of a deck's slides in order, up to the slide `last` where it is given."""
    ran = Ran(deck, source)
    for key in slides(deck):
        try:
            ran.outputs[key] = ran.again(key)
        except Exception as error:
            ran.failed = f"slide {key!r}: {type(error).__name__}: {error}"
            return ran
        ran.names[key] = dict(ran.now)
        if key == last:
            break
    return ran


@lru_cache(maxsize=4)
def run(deck: str, source: str) -> Ran:
    """Run a whole deck once on a source; skip the test where the real data are not cached."""
    if source == "real" and not real_cache().exists():
        pytest.skip("the real data are not cached: run `make data`")
    return run_slides(deck, source)
