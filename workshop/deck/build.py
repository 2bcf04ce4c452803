"""Build pages: run, export and print decks in one process, two kernels at a time.

Only what changed is made again. The last good pages stay where a deck fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workshop.agenda import Agenda, Edition
from workshop.deck.inputs import Stamp, page_inputs
from workshop.deck.report import Report
from workshop.errors import WorkshopError
from workshop.files import Progress, whole
from workshop.paths import BUILD, ROOT, is_ours

# The chain itself is imported where it is needed: an untouched `make` needs none of it.

KERNELS = 2  # at a time
STEPS = ("html", "pdf")


@dataclass(frozen=True)
class Page:
    """A deck in an edition: the notebook, its name as in workshop.toml, and where its files go."""

    deck: str
    source: Path
    edition: Edition
    executed: Path
    html: Path

    @property
    def pdf(self) -> Path:
        """Return where the printed page goes."""
        return self.html.with_suffix(".pdf")


def pages_of(edition: Edition, decks: Iterable[str] = (), folder: Path = BUILD) -> list[Page]:
    """Return the pages of an edition, by default of all its decks, in `folder`."""
    return [
        Page(deck, ROOT / deck, edition, folder / "executed" / place, page.with_suffix(".html"))
        for deck in decks or edition.decks
        for place in [deck.removeprefix("build/")]
        for page in [folder / edition.folder / place]
    ]


def strangers_page(deck: Path, edition: Edition, folder: Path = BUILD) -> Page:
    """Return the page of a deck from elsewhere: `other/<name>`, numbered where that is taken."""
    source = deck.resolve()
    names = (f"{deck.stem}-{number}" if number > 1 else deck.stem for number in itertools.count(1))
    name = next(n for n in names if _owner(n, folder) in {"", str(source)})
    page = folder / "other" / f"{name}.html"
    Stamp(page, folder).write({"deck": str(source)})
    return Page(str(deck), source, edition, folder / f"executed/other/{name}.ipynb", page)


def _owner(name: str, folder: Path) -> str:
    return Stamp(folder / "other" / f"{name}.html", folder).read().get("deck", "")


def build(agenda: Agenda, pages: list[Page], folder: Path = BUILD, execute: str = "auto") -> bool:
    """Make what is out of date of the pages; all the others are built where one deck fails.

    `execute` ('auto', 'never' or 'always') is for decks from elsewhere, which are always made.
    Returns whether there was anything to do. Raises WorkshopError with one line for each deck that
    failed.
    """
    decks: dict[Path, list[tuple[Page, dict]]] = {}
    for page in pages:
        if not page.source.is_file():
            raise WorkshopError(f"{page.deck}: there is no such file.")
        wanted = page_inputs(page.source, agenda, page.edition) if is_ours(page.source) else {}
        if old_steps(page, wanted, folder):
            decks.setdefault(page.executed, []).append((page, wanted))
    if decks:
        _build(agenda, list(decks.values()), folder, execute)
    return bool(decks)


def old_steps(page: Page, wanted: dict, folder: Path) -> list[str]:
    """Return the steps, html or pdf or both, that the page needs."""
    made = Stamp(page.html, folder).read()
    new = [
        s for s in wanted if made.get(s) == wanted[s] and page.html.with_suffix(f".{s}").exists()
    ]
    return [step for step in STEPS if step not in new or "html" not in new]


def _build(agenda: Agenda, decks: list[list[tuple[Page, dict]]], folder: Path, mode: str) -> None:
    from concurrent.futures import ThreadPoolExecutor, as_completed

    from workshop.deck.browser import launched
    from workshop.deck.execute import execute

    failed: list[str] = []
    kernels = ThreadPoolExecutor(KERNELS)
    try:
        running = {}
        for pages in decks:
            page = pages[0][0]
            progress = Progress(page.deck)
            job = kernels.submit(execute, page.source, page.executed, progress, mode)
            running[job] = (progress, pages)
        with launched():
            for job in as_completed(running):
                progress, pages = running[job]
                try:
                    done, said = [job.result()], []
                    for page, wanted in pages:
                        report = _make(agenda, page, wanted, progress, folder)
                        done.append(f"{page.edition.key if wanted else ''} {report}".strip())
                        said += report.lines()
                    progress.done("; ".join(done))
                    for line in dict.fromkeys(said):
                        print(f"  {line}", flush=True)
                except WorkshopError as error:
                    progress.drop()
                    failed.append(str(error))
    finally:
        kernels.shutdown(wait=False, cancel_futures=True)
    if failed:
        raise WorkshopError("\n".join(failed))


def _make(agenda: Agenda, page: Page, wanted: dict, progress: Progress, folder: Path) -> Report:
    """Make the old files of one page, and tell what was done."""
    progress.step(f"{page.edition.key}: {' and '.join(old_steps(page, wanted, folder))}")
    report = make_page(agenda, page, "html" in old_steps(page, wanted, folder))
    Stamp(page.html, folder).write({"deck": str(page.source), **wanted})
    return report


def make_page(agenda: Agenda, page: Page, export_again: bool = True) -> Report:
    """Write an executed deck's HTML and PDF, both or none; tell what was done to the slides."""
    from workshop.deck.export import export
    from workshop.deck.pdf import print_pdf

    if not export_again:
        return Report(slides=print_pdf(page.html, page.pdf, page.deck))
    with whole(page.html) as html, whole(page.pdf) as pdf:
        report = export(page.executed, html, page.source.parent, agenda, page.edition, page.deck)
        print_pdf(html, pdf, page.deck, report)
    return report


def build_deck(
    agenda: Agenda,
    deck: Path,
    edition: str | None = None,
    execute: str = "auto",
    folder: Path = BUILD,
) -> bool:
    """Build one deck from anywhere: the kit's own for every edition, or for the one named."""
    if not is_ours(deck):
        page = strangers_page(deck, agenda.edition(edition), folder)
        return build(agenda, [page], folder, execute)
    keys = [edition] if edition else agenda.editions
    name = deck.resolve().relative_to(ROOT).as_posix()
    pages = [page for key in keys for page in pages_of(agenda.edition(key), [name], folder)]
    return build(agenda, pages, folder)
