"""What each step from notebook to page is made from, said once; compared by content, not time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from urllib.parse import quote

from workshop.agenda import Agenda, Edition
from workshop.files import whole
from workshop.paths import BUILD, ROOT

# What a deck's cells import, read or are pinned to, and what runs them.
CELLS = (
    *(f"workshop/{name}.py" for name in ("__init__", "errors", "files", "fonts", "markdown")),
    *(f"workshop/{name}.py" for name in ("pages", "paths", "prose")),
    "workshop/data/*.py",
    "workshop/teach/**/*.*",
    "workshop/deck/execute.py",
    "demos/*.md",
    "data/*.*",
    "requirements.txt",
)
DATA = ("data/cache/*.npz",)  # only for a deck that loads them
# What turns an executed deck into HTML. Of the deck's folder only the files that it names count.
PAGE = (
    "workshop/*.py",
    "workshop/data/*.py",  # what the sources are called
    "workshop/deck/*.py",
    "workshop/deck/templates/**/*.*",
    "slides/rise.css",
    "requirements.txt",
)
PRINT = (
    "workshop/deck/pdf.py",
    "workshop/deck/browser.py",
    "workshop/deck/templates/deck/print.js",
)
ELSEWHERE = {"workshop/deck/pdf.py", "workshop/__main__.py", "workshop/deck/execute.py"}
# Nothing on a page comes from these.
ELSEWHERE |= {"workshop/deck/participant.py", "workshop/deck/needs.py"}
REFERENCES = ("slides/references.toml",)  # only for a deck that cites
PANEL = ("panel/*.md", "workshop/*.py", "workshop/panel/*.py")
PAPERS = (*PANEL, "workshop/paper.css", "workshop/panel/templates/*", *PAGE, *PRINT, *REFERENCES)


def page_inputs(deck: Path, agenda: Agenda, edition: Edition) -> dict[str, str]:
    """Return digests of what a deck's page is made from: {"html": …, "pdf": …}.

    Light: it reads files and imports nothing of the chain. `pdf` is what printing needs besides.
    """
    text = deck.read_text(encoding="utf-8", errors="replace")
    files = [*matching(PAGE), *_named(text, deck), *(matching(REFERENCES) if "[@" in text else ())]
    said = [text, repr(replace(agenda, editions={})), repr(edition)]
    if '"code"' in text:
        files += matching(CELLS)
    if "workshop.data" in text:
        files += matching(DATA)
        said.append(os.environ.get("WORKSHOP_DATA", ""))
    return {"html": digest(files, *said), "pdf": digest(matching(PRINT))}


def papers_inputs(agenda: Agenda) -> dict[str, str]:
    """Return a digest of what the panel's papers are made from."""
    return {"papers": digest(matching(PAPERS), repr(agenda))}


def matching(patterns: Iterable[str]) -> list[Path]:
    """Return the project's files that match; of PAGE without what makes no page."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    kept = found if patterns is not PAGE else {p for p in found if _name(p) not in ELSEWHERE}
    return sorted(path for path in kept if path.suffix != ".pyc")


def digest(files: Iterable[Path], *said: str) -> str:
    """Return one fingerprint of files, their names included, and of what is said besides."""
    known = hashlib.sha256(json.dumps(said).encode())
    for path in files:
        status = path.stat()
        known.update(f"{_name(path)} {_content(path, status.st_mtime_ns, status.st_size)}".encode())
    return known.hexdigest()


@cache
def _content(path: Path, changed: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def _named(text: str, deck: Path) -> list[Path]:
    """Return the files beside a deck, or in folders below, whose names stand in it."""
    files = (p for p in sorted(deck.parent.rglob("*.*")) if p.is_file() and p.suffix != ".ipynb")
    return [p for p in files if p.name in text or quote(p.name) in text]


class Stamp:
    """Remember in `build/stamps/` what a file was made from when it was last made whole."""

    def __init__(self, target: Path, folder: Path = BUILD):
        self.path = folder / "stamps" / f"{target.relative_to(folder)}.json"

    def read(self) -> dict:
        """Return what was written last; nothing where there is none, or it is damaged."""
        try:
            return json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def write(self, made_from: dict) -> None:
        """Remember what the target was made from."""
        with whole(self.path) as temporary:
            temporary.write_text(json.dumps(made_from, indent=1), encoding="utf-8")
