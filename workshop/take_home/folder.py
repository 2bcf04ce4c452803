"""Write the folder that participants work in: notebooks, what their cells import, a first page.

It is what a bundle carries, and what Colab and Binder open: published as the branch `participant`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from workshop.agenda import PANEL_DECK, Agenda, Edition, clock, day
from workshop.deck.inputs import Stamp, digest, matching
from workshop.deck.needs import KIT, needed, requirements
from workshop.deck.participant import BRANCH, colab, on_github, write_notebooks
from workshop.deck.read import read_deck
from workshop.files import whole_folder
from workshop.pages import template
from workshop.paths import BUILD, ROOT
from workshop.take_home import check_setup

TEMPLATES = Path(__file__).parent / "templates"
START = "START.html"
ALSO = ("jupyterlab",)  # what participants need beside what their cells import
MADE_FROM = (
    *(*KIT, "LICENSE", "requirements.txt", "workshop/**/*.py", "workshop/take_home/templates/*"),
    *("slides/**/*.*", "demos/**/*.*", PANEL_DECK),
)


def write_folder(agenda: Agenda, edition: Edition, build: Path = BUILD) -> Path:
    """Write `participant/<edition>` in `build` where it is out of date, and return it.

    What Binder reads stands beside it. Raises WorkshopError; the last good folder stays.
    """
    target = build / "participant" / edition.key
    said = repr(replace(agenda, editions={})), repr(replace(edition, notes=True))
    stamp, made_from = Stamp(target / START, build), {"of": digest(matching(MADE_FROM), *said)}
    if stamp.read() == made_from and target.is_dir():
        return target
    with whole_folder(target) as folder:
        for path in [*matching(KIT), ROOT / "LICENSE"]:
            copy = folder / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        write_notebooks(agenda, edition, folder)
        (folder / "requirements.txt").write_text(_requirements(edition), encoding="utf-8")
        names = [str(path.relative_to(folder)) for path in folder.rglob("*")]
        (folder / START).write_text(first_page(agenda, edition, names), encoding="utf-8")
        code = Path(check_setup.__file__).read_text(encoding="utf-8")
        code = code.replace('COLAB = ""', f"COLAB = {colab(agenda, _notebook(edition))!r}")
        (folder / "check_setup.py").write_text(code, encoding="utf-8")
    shutil.copyfile(target / "requirements.txt", target.with_name("requirements.txt"))
    runtime = "python-{}.{}".format(*sys.version_info)
    target.with_name("runtime.txt").write_text(runtime, encoding="utf-8")
    stamp.write(made_from)
    return target


def first_page(agenda: Agenda, edition: Edition, files: Collection[str]) -> str:
    """Return the page that says how to begin with these files, as HTML."""
    rows = [(s, Path(s.deck).name) for s in edition.sessions if s.deck]
    kit = on_github(agenda)
    lab = f"{BRANCH}?urlpath=lab/tree/{edition.key}/notebooks"
    facts = {
        "colab": {name: colab(agenda, f"{edition.key}/notebooks/{name}") for _, name in rows},
        "binder": f"https://mybinder.org/v2/gh/{kit}/{lab}" if kit else "",
    }
    return template(TEMPLATES, "start").render(
        facts, agenda=agenda, edition=edition, rows=rows, check=check_setup, clock=clock,
        when=day(edition.date), with_site="site/index.html" in files, solved="solutions" in files,
    )  # fmt: skip


def _requirements(edition: Edition) -> str:
    decks = [read_deck(ROOT / deck) for deck in edition.decks]
    cells = [cell.source for deck in decks for cell in deck.cells if cell.cell_type == "code"]
    return requirements(needed(cells) | set(ALSO))


def _notebook(edition: Edition) -> str:
    return f"{edition.key}/notebooks/{Path(edition.decks[0]).name}"
