"""Measure what a deck's slides show, and hold it against the bars of the design.

`python -m tools.look --deck demos/05-assess-disparities.ipynb --edition scipy` reads the built page
(`build/<edition>/<deck>.html`) and prints a line for each slide: its share of picture, the smallest
letters by kind, lines of code, words, and what misses a bar. It exits with 1 when something does.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from workshop.deck.browser import launched
from workshop.deck.pdf import MEASURE, READY
from workshop.errors import WorkshopError
from workshop.paths import ROOT

SMALLEST = {"body": 30, "code": 24, "chart": 24, "source": 18}  # px on a slide of 1280 × 720
SHARE = 0.5  # of a slide with an output, the median: chart, number or picture
LINES, LINES_MEDIAN = 8, 4  # of code on a slide
WORDS = 45  # beside the heading


@dataclass
class Slide:
    """What one slide shows; `problems` are sentences without the slide's name."""

    number: int
    title: str
    share: float
    output: bool
    smallest: dict[str, dict]
    lines: int
    longest: int
    words: int
    tables: int
    unmarked: int
    over: list[str]
    marks: int = 0
    overflow: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Return what misses a bar on this slide alone."""
        found = [
            f"{kind} text of {at['pixels']:.0f} px “{at['words']}”, at least {SMALLEST[kind]}"
            for kind, at in self.smallest.items()
            if at["pixels"] < SMALLEST[kind] - 0.5
        ]
        if self.lines > LINES:
            found.append(f"{self.lines} lines of code, at most {LINES}")
        if self.words > WORDS:
            found.append(f"{self.words} words, at most {WORDS}")
        if self.unmarked:
            found.append("a plain table without a mark")
        return found + self.over + self.overflow


def look(page_html: Path) -> list[Slide]:
    """Return what each slide of an exported deck shows, in its print view (all fragments shown)."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(120_000)
        page.goto(f"{page_html.resolve().as_uri()}?view=print")
        page.wait_for_selector(".pdf-page")
        page.evaluate(READY)
        slides = [
            Slide(number, **one.evaluate(MEASURE))
            for number, one in enumerate(page.query_selector_all(".pdf-page"), start=1)
        ]
        for number, _, cell, pixels, what in page.evaluate("() => overflow()"):
            slides[number - 1].overflow.append(f"cell '{cell}' is {pixels} px {what}")
        page.close()
    return slides


def summary(slides: list[Slide]) -> list[tuple[str, float, str, bool]]:
    """Return (what, measured, bar, reached) of the deck as a whole."""
    outputs = [slide.share for slide in slides if slide.output]
    code = [slide.lines for slide in slides if slide.lines]
    rows = []
    if outputs:
        share = median(outputs)
        rows.append(("share of picture, median", share, f"{SHARE:.2f}", share >= SHARE))
    if code:
        middle = median(code)
        rows.append(("lines of code, median", middle, f"{LINES_MEDIAN}", middle <= LINES_MEDIAN))
    tables = sum(slide.tables for slide in slides)
    rows.append(("plain tables", tables, "8 in six decks", True))
    return rows


def main() -> int:
    """Print the measures of a deck; exit code 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.look", description=__doc__)
    parser.add_argument("--deck", required=True)
    parser.add_argument("--edition", default="scipy")
    choice = parser.parse_args()
    page = (ROOT / "build" / choice.edition / choice.deck).with_suffix(".html")
    if not page.exists():
        print(
            f"{page.relative_to(ROOT)} is not there: make slides DECK={choice.deck}",
            file=sys.stderr,
        )
        return 1
    try:
        slides = look(page)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'':>3} share  body code chart source  lines words  slide")
    for slide in slides:
        letters = (slide.smallest.get(kind, {}).get("pixels") for kind in SMALLEST)
        written = " ".join(f"{pixels:5.0f}" if pixels else "    ·" for pixels in letters)
        share = f"{slide.share:5.0%}"
        print(f"{slide.number:3} {share} {written} {slide.lines:6} {slide.words:5}  {slide.title}")
        for problem in slide.problems:
            print(f"       ✗ {problem}")
    rows = summary(slides)
    for what, measured, bar, reached in rows:
        print(f"{'✓' if reached else '✗'} {what}: {measured:.2f} (bar {bar})")
    missed = sum(len(slide.problems) for slide in slides) + sum(not row[3] for row in rows)
    print(f"{missed} misses" if missed else "✓ every bar")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
