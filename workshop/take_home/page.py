"""Read an exported deck: its slides, what they show, and their notes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

BLOCKS = ["h1", "h2", "h3", "h4", "p", "li", "pre", "summary", "dt", "dd"]
PICTURES = "img, svg, [role=img]"
NO_PROSE = ".input, aside, script, style"
NOT_SAID_YET = ".fragment, .celltag_solution, .celltag_references"  # revealed in the room


@dataclass(frozen=True)
class Slide:
    """A slide as people get it: `prose` are its lines with (kind, text), `notes` are HTML.

    `title` is what the prose calls it, `heading` its first heading, of a list of references too;
    `found` is all that can be searched for: what stands on the slide, what its pictures show, its
    code, its notes.
    """

    number: int
    id: str
    title: str
    heading: str
    prose: tuple[tuple[str, str], ...]
    notes: str
    names: tuple[str, ...]  # of classes and functions in its code
    found: dict[str, str]
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
    first = section.find(["h1", "h2"])
    heading = _line(first) if first else ""
    found = _found(section)
    names = dict.fromkeys(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", found["code"]))
    answers = section.select_one(".celltag_guess") is not None
    for gone in section.select(NOT_SAID_YET):
        gone.decompose()
    for picture in section.select(PICTURES):
        described = picture.get("alt") or picture.get("aria-label") or ""
        _replace(picture, [f"Picture: {described}"] if described else [])
    for table in section.find_all("table"):
        _replace(table, _rows(table))
    blocks = [block for block in section.find_all(BLOCKS) if not block.find(BLOCKS)]
    prose = [(block.name, _line(block)) for block in blocks]
    title = next((text for kind, text in prose if kind in {"h1", "h2"}), "")
    shown = tuple((kind, text) for kind, text in prose if text and text != title)
    id_ = str(section.get("id", ""))
    return Slide(number, id_, title, heading, shown, notes, tuple(names), found, answers)


def _found(section: Tag) -> dict[str, str]:
    """Return a slide's words by where they stand; its code and notes are taken out of it."""
    pictures = [p.get("alt") or p.get("aria-label") or "" for p in section.select(PICTURES)]
    for gone in section.select(".prompt"):
        gone.decompose()
    code = "\n".join(box.get_text() for box in section.select(".input"))
    notes = "\n".join(words(aside) for aside in section.select("aside.notes"))
    for gone in section.select(NO_PROSE):
        gone.decompose()
    found = {"text": words(section), "pictures": " ".join(map(str, pictures))}
    return {
        where: " ".join(text.split())
        for where, text in {**found, "code": code, "notes": notes}.items()
    }


def words(element: Tag) -> str:
    """Return all words in an element, those of neighbouring blocks apart."""
    return re.sub(r"\s+(?=[.,;:!?)])", "", element.get_text(" "))


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
