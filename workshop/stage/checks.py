"""What must be right before the room looks: data, packages, port, and nothing from outside."""

from __future__ import annotations

import os
import re
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from workshop.data import data_source
from workshop.errors import WorkshopError
from workshop.files import near
from workshop.paths import ROOT, package_folder
from workshop.prose import loaded
from workshop.stage.copy import RISE, Copy

REQUIREMENTS = ROOT / "requirements.txt"
IN_STYLE = re.compile(r"url\(\s*[\"']?([^\"')]+)")


def say(good: bool, text: str) -> None:
    """Print what was checked with a mark, in colour on a terminal."""
    mark, colour = ("✓", 32) if good else ("✗", 31)
    print(
        f"\033[{colour}m{mark}\033[0m {text}" if sys.stdout.isatty() else f"{mark} {text}",
        flush=True,
    )


def check_data(copy: Copy) -> tuple[bool, str]:
    """Name the data; a copy that shows the real data is of no use where they are gone."""
    from workshop.deck.prepare import DATA_LABELS

    if copy.source == "real" and data_source() == "synthetic" and "WORKSHOP_DATA" not in os.environ:
        raise WorkshopError(
            f"{near(copy.folder)} shows the real data, which are not here: run make data first."
        )
    return True, f"data: {DATA_LABELS[copy.source][1]}"


def check_packages() -> tuple[bool, str]:
    """Compare what is installed with requirements.txt, for this Python and system."""
    wrong, right = [], 0
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        line = line.split(" #")[0].split(" --hash")[0].rstrip("\\").strip()
        if not line or line.startswith(("#", "-")):
            continue
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            installed = "missing"
        if installed != "missing" and requirement.specifier.contains(installed, prereleases=True):
            right += 1
        else:
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    if wrong:
        return False, f"packages: {'; '.join(wrong)}: delete .venv and run make present again"
    return True, f"packages: {right} at the pinned versions"


def check_offline(copy: Copy) -> tuple[bool, str]:
    """See that the pages need nothing from outside: RISE, its font, MathJax, every picture."""
    wanted = _installed_files()
    problems = [f"{path.name} is not installed" for path in wanted if not path.is_file()]
    found = [*copy.folder.rglob("*.ipynb"), *copy.folder.rglob("*.css")]
    shown = [p for p in found if "/." not in f"/{p.relative_to(copy.folder).as_posix()}"]
    problems += [problem for path in shown for problem in _missing(path, copy.folder)]
    decks = [path for path in shown if path.suffix == ".ipynb"]
    if problems:
        return False, f"offline: {'; '.join(problems)}"
    return True, f"offline: RISE, fonts, formulas and the pictures of {len(decks)} decks are here"


def _installed_files() -> list[Path]:
    reveal = Path(sys.prefix) / "share/jupyter/nbextensions/rise/reveal.js"
    nbclassic = package_folder("nbclassic")
    return [
        reveal / f"css/theme/{RISE['theme']}.css",
        reveal / "lib/font/source-sans-pro/source-sans-pro-regular.woff",
        nbclassic / "static/components/MathJax/MathJax.js",
    ]


def _missing(path: Path, root: Path) -> list[str]:
    """Return what a deck or style sheet loads from elsewhere or from a file that is not there."""
    import nbformat

    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        parts = [(f", cell {c.id}", loaded(c.source)) for c in cells if c.cell_type == "markdown"]
    else:
        parts = [("", IN_STYLE.findall(text))]
    found = []
    for where, addresses in parts:
        for address in addresses:
            place = f"{path.relative_to(root)}{where}"
            if re.match(r"https?:|//", address):
                found.append(f"{place} loads {address}")
            elif not re.match(r"\w+:|#", address) and not (path.parent / address).is_file():
                found.append(f"{place} shows {address}, which is not there")
    return found


def free_port(port: int) -> int:
    """Return the first free port from `port` on."""
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            # As the server does: a port that merely waits for late packets is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    raise WorkshopError(f"No port from {port} to {port + 49} is free: stop another server first.")
