"""Read an exported deck: its slides, what they show, and their notes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

BLOCKS = ["h1", "h2", "h3", "h4", "p", "li", "pre", "summary", "dt", "dd"]
# What is revealed in the room, what only the presenter sees, and what is no prose.
NOT_SAID_YET = ".fragment, .celltag_solution, .celltag_references, .input, aside, script, style"


@dataclass(frozen=True)
class Slide:
    """A slide as people get it: `prose` are its lines with (kind, text), `notes` are HTML."""

    number: int
    id: str
    title: str
    prose: tuple[tuple[str, str], ...]
    notes: str
    names: tuple[str, ...]  # of classes and functions in its code
    answers: bool = False  # what the room has guessed just before

    @property
    def words(self) -> str:
        """Return all that stands on the slide, in one line."""
        return " ".join(text for _, text in self.prose)


def slides_of_page(page: Path) -> list[Slide]:
    """Return the slides of an exported deck in order."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    sections = [s for s in soup.select(".reveal .slides section") if not s.find("section")]
    return [_slide(number, section) for number, section in enumerate(sections, start=1)]


def _slide(number: int, section: Tag) -> Slide:
    notes = "".join(aside.decode_contents() for aside in section.select("aside.notes"))
    code = " ".join(box.get_text() for box in section.select(".input"))
    names = dict.fromkeys(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", code))
    answers = section.select_one(".celltag_guess") is not None
    for gone in section.select(NOT_SAID_YET):
        gone.decompose()
    for picture in section.select("img, svg, [role=img]"):
        described = picture.get("alt") or picture.get("aria-label") or ""
        _replace(picture, [f"Picture: {described}"] if described else [])
    for table in section.find_all("table"):
        _replace(table, _rows(table))
    blocks = [block for block in section.find_all(BLOCKS) if not block.find(BLOCKS)]
    prose = [(block.name, _line(block)) for block in blocks]
    title = next((text for kind, text in prose if kind in {"h1", "h2"}), "")
    shown = tuple((kind, text) for kind, text in prose if text and text != title)
    return Slide(number, str(section.get("id", "")), title, shown, notes, tuple(names), answers)


def _replace(element: Tag, lines: list[str]) -> None:
    """Put paragraphs in the place of an element."""
    for line in lines:
        paragraph = BeautifulSoup("", "html.parser").new_tag("p")
        paragraph.string = line
        element.insert_before(paragraph)
    element.decompose()


def _rows(table: Tag) -> list[str]:
    """Return a table as sentences: each value with the heading above it."""
    heads = [_line(cell) for row in table.select("thead tr")[-1:] for cell in row(["th", "td"])]
    lines = []
    for row in table.select("tbody tr"):
        name, *values = [_line(cell) for cell in row(["th", "td"])] or [""]
        if len(heads) == len(values) + 1:
            values = [f"{head} {v}" for head, v in zip(heads[1:], values, strict=True)]
        lines.append(f"{name}: {', '.join(filter(None, values))}.")
    return lines


def _line(block: Tag) -> str:
    """Return a block's text in one line."""
    for end in block.find_all("br"):
        end.replace_with(" ")
    return " ".join(block.get_text().split())
