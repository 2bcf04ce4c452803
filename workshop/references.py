"""One bibliography for all decks: `[@key]` on a slide becomes (Author, year) with a link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workshop.errors import WorkshopError
from workshop.paths import ROOT
from workshop.prose import Piece, citations, with_pieces
from workshop.tables import read_tables

BIBLIOGRAPHY = ROOT / "slides" / "references.toml"


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography; `cite` is what stands in the brackets on a slide."""

    cite: str
    authors: str
    year: int
    title: str
    where: str = ""
    doi: str = ""
    link: str = ""

    @property
    def address(self) -> str:
        """Return the address that the entry links to: its DOI where it has one."""
        return f"https://doi.org/{self.doi}" if self.doi else self.link

    @property
    def entry(self) -> str:
        """Return the full entry as Markdown."""
        end = "" if self.title.endswith(("?", "!")) else "."
        where = f" *{self.where}*." if self.where else ""
        name = self.address.removeprefix("https://")
        return f"{self.authors} ({self.year}). {self.title}{end}{where} [{name}]({self.address})"


@cache
def read_references(path: Path = BIBLIOGRAPHY) -> dict[str, Reference]:
    """Return the bibliography by key.

    Raises WorkshopError, naming the key, for a wrong entry or one without a DOI or link.
    """
    references = read_tables(path, dict[str, Reference])
    for key, reference in references.items():
        if not reference.address.startswith("https://"):
            raise WorkshopError(f"{path.name}: [{key}] needs a doi or an https link.")
    return references


def with_citations(source: str, references: dict[str, Reference]) -> str:
    """Return Markdown with each `[@key]` or `[@one; @two]` as (Author, year) with links.

    Raises WorkshopError for a key that the bibliography does not have.
    """

    def link(found: Piece) -> str:
        links = []
        for key in citations(found.source):
            if key not in references:
                raise WorkshopError(f"[@{key}] is not in {BIBLIOGRAPHY.name}: add the entry.")
            links.append(f"[{references[key].cite}]({references[key].address})")
        return f"({'; '.join(links)})"

    return with_pieces(source, ["citation"], link)


def reference_list(keys: list[str], references: dict[str, Reference]) -> str:
    """Return the entries of `keys` as a Markdown list in alphabetical order."""
    entries = sorted({references[key].entry for key in keys}, key=str.lower)
    return "\n".join(f"- {entry}" for entry in entries)
