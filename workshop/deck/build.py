"""Build one deck from anywhere: execute, HTML, PDF; both appear together or not at all."""

from __future__ import annotations

from pathlib import Path

from workshop.agenda import Agenda, Edition, read_agenda
from workshop.deck.execute import execute, is_ours
from workshop.deck.export import export
from workshop.deck.pdf import print_pdf
from workshop.files import Progress, whole
from workshop.paths import ROOT


def build_deck(deck: Path, edition_key: str | None = None) -> None:
    """Write `build/<edition>/<deck>.html` and `.pdf`; a deck from elsewhere goes to `build/other/`.

    A deck of the kit is built for every edition, or for `edition_key` alone. Raises WorkshopError;
    the last good artefacts stay.
    """
    agenda = read_agenda()
    if not is_ours(deck):
        name = deck.stem
        executed = ROOT / "build/executed/other" / f"{name}.ipynb"
        execute(deck, executed)
        target = ROOT / "build/other" / f"{name}.html"
        _build(deck, str(deck), executed, target, agenda, agenda.edition(edition_key))
        return
    name = str(deck.resolve().relative_to(ROOT))
    executed = ROOT / "build/executed" / name
    execute(deck, executed)
    keys = [edition_key] if edition_key else list(agenda.editions)
    for edition in map(agenda.edition, keys):
        target = (ROOT / "build" / edition.key / name).with_suffix(".html")
        _build(deck, name, executed, target, agenda, edition)


def _build(
    deck: Path, name: str, executed: Path, target: Path, agenda: Agenda, edition: Edition
) -> None:
    progress = Progress(f"build    {target.relative_to(ROOT)} and .pdf")
    with whole(target) as page, whole(target.with_suffix(".pdf")) as pdf:
        export(executed, page, deck.resolve().parent, agenda, edition, name)
        progress.step("printing")
        pages = print_pdf(page, pdf, name)
    progress.done(f"{pages} pages")
