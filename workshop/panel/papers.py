"""Write the panel's papers, as HTML and as PDF, and its deck: all of them, or none."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import nbformat
from jinja2 import Environment
from playwright.sync_api import Page

from workshop.agenda import PANEL_DECK, Person, clock, day, read_agenda
from workshop.deck import build
from workshop.deck.browser import launched
from workshop.deck.pdf import READY
from workshop.deck.prepare import prepare
from workshop.errors import WorkshopError
from workshop.files import Progress, whole_folder
from workshop.pages import environment
from workshop.panel.clock import Panel, read_panel, span
from workshop.panel.deck import panel_deck
from workshop.panel.words import Section
from workshop.paper import SIZES, paper_style, print_paper
from workshop.paths import BUILD
from workshop.prose import blocks
from workshop.qr import qr_code

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "papers.css"
PUBLIC = {"audience-sheet", "name-cards"}  # papers without the moderator's words
OVERFULL = """
() => [...document.querySelectorAll("[data-fixed]")]
  .filter((box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1)
  .map((box) => box.dataset.fixed)
"""


@dataclass(frozen=True)
class Paper:
    """One paper: its file name, its page, how many pages it may take, and what to shorten."""

    name: str
    html: str
    most: int | None = None
    sources: str = "the words in panel/"


def handouts(
    edition_key: str | None = None,
    paper: str | None = None,
    start: str | None = None,
    absent: str | None = None,
    notes: bool = True,
) -> None:
    """Write papers and deck to `build/<edition>/panel/`, for every edition that has a panel.

    `paper` is 'a4' or 'letter', by default both; `start` and `absent` as in `read_panel`. Without
    `notes` only what the audience gets is written, to `build/public/<edition>/panel/`. Raises
    WorkshopError; the last good papers stay.
    """
    agenda = read_agenda()
    sizes = [paper.lower()] if paper else list(SIZES)
    if unknown := [size for size in sizes if size not in SIZES]:
        raise WorkshopError(f"PAPER is '{unknown[0]}': choose a4 or letter.")
    editions = [agenda.edition(edition_key)] if edition_key else agenda.editions.values()
    with_panel = [e for e in editions if edition_key or any(s.kind == "panel" for s in e.sessions)]
    if not with_panel:
        print("handouts none: workshop.toml has no session of the kind panel")
    for edition in with_panel:
        edition = replace(edition, notes=edition.notes and notes)
        panel = read_panel(agenda, edition, start, absent)
        progress = Progress(f"handouts build/{edition.folder}/panel")
        count = write_handouts(panel, BUILD / edition.folder / "panel", sizes, progress)
        progress.done(f"{count} papers in {' and '.join(SIZES[s] for s in sizes)}, and the deck")
        for place, what in panel.words.blanks:
            print(f"         still to fill in: {what} ({place})")


def write_handouts(panel: Panel, target: Path, sizes: list[str], progress: Progress) -> int:
    """Write the panel's papers and deck to the folder `target`; return the number of papers.

    Raises WorkshopError when a paper takes more pages than it may or a card is too full.
    """
    papers = [p for p in papers_of(panel) if p.name in PUBLIC or panel.edition.notes]
    with whole_folder(target) as folder:
        for paper in papers:
            (folder / f"{paper.name}.html").write_text(paper.html, encoding="utf-8")
        with launched() as browser:
            page = browser.new_page()
            page.emulate_media(media="print")
            for paper in papers:
                progress.step(paper.name)
                print_within(page, paper, sizes, folder)
        progress.step("deck")
        _write_deck(panel, folder)
    return len(papers)


def papers_of(panel: Panel) -> Iterator[Paper]:
    """Yield every paper of the panel as HTML."""
    event = f"{panel.session.title}, {panel.edition.name}"

    def page(template: str, title: str, hint: str = "", **more) -> str:
        facts = {"panel": panel, "agenda": panel.agenda, "edition": panel.edition}
        facts |= {"session": panel.session, "words": panel.words, "title": title, "event": event}
        style = paper_style(STYLE, f"{title} · {hint or event}", panel.agenda.title)
        return templates().get_template(f"{template}.html.j2").render(facts, style=style, **more)

    yield Paper("moderator-guide", page("guide", "Moderator’s guide"))
    cue = page("cue", "Cue card", "one page, to stand on the desk")
    yield Paper("cue-card", cue, most=1, sources="the questions in panel/questions.md")
    for name, person in _file_names(panel.panelists):
        brief = page("brief", f"Panelist’s brief for {person.name}", person=person)
        shorten = f"the bio of {person.name} in panel/bios.md, or panel/brief.md"
        yield Paper(f"brief-{name}", brief, most=1, sources=shorten)
    address = panel.agenda.repository
    sheet = page("audience", "Your sheet", qr=qr_code(address) if address else "")
    yield Paper("audience-sheet", sheet, most=2, sources="panel/audience.md")
    yield Paper("question-cards", page("cards", "Question cards", "cut along the lines"))
    yield Paper("name-cards", page("names", "Name cards", "cut, fold twice, glue the flap"))


def _write_deck(panel: Panel, folder: Path) -> None:
    """Write the panel's deck as HTML file and PDF, and as the notebook that a stage can show."""
    notebook, page = folder / "panel.ipynb", folder / "panel.html"
    deck = panel_deck(panel)
    nbformat.write(deck, notebook)
    build.make_page(panel.agenda, build.Page(PANEL_DECK, notebook, panel.edition, notebook, page))
    nbformat.write(prepare(deck, panel.agenda, panel.edition, PANEL_DECK, None), notebook)


def print_within(page: Page, paper: Paper, sizes: list[str], folder: Path) -> None:
    """Print a paper from its HTML in `folder`, more densely where it would take too many pages.

    Raises WorkshopError when it does so at any density, or when a card is too full.
    """
    page.goto((folder / f"{paper.name}.html").as_uri())
    page.evaluate(READY)
    if full := page.evaluate(OVERFULL):
        raise WorkshopError(f"{paper.name}: there is too much on {full[0]}: shorten it.")
    for size in sizes:
        target = folder / f"{paper.name}-{size}.pdf"
        for density in ("normal", "close", "tight"):
            page.evaluate("(value) => document.documentElement.dataset.density = value", density)
            pages = print_paper(page, target, size)
            if pages <= (paper.most or pages):
                break
        else:
            raise WorkshopError(
                f"{paper.name} takes {pages} pages on {SIZES[size]}, however densely it is set, "
                f"instead of {paper.most}: shorten {paper.sources}."
            )


# --- From words to HTML ---------------------------------------------------------------------------


def items(section: Section) -> list[str]:
    """Return the items of a section's list."""
    return [block.source for block in blocks(section.text) if block.kind == "item"]


def rest(section: Section) -> str:
    """Return a section's words without its list."""
    return "\n\n".join(block.source for block in blocks(section.text) if block.kind != "item")


def titled(person: Person) -> str:
    """Return a person's title and affiliation."""
    return ", ".join(filter(None, [person.title, person.affiliation]))


def utc(moment: dt.datetime) -> str:
    """Return the time of day in UTC, such as '19:30'."""
    return f"{moment.astimezone(dt.UTC):%H:%M}"


def _file_names(people: tuple[Person, ...]) -> list[tuple[str, Person]]:
    """Return each person with a name for a file: ASCII, each one different."""
    named: dict[str, Person] = {}
    for number, person in enumerate(people, start=1):
        ascii_name = unicodedata.normalize("NFKD", person.name).encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-") or "panelist"
        named[name if name not in named else f"{name}-{number}"] = person
    return list(named.items())


@cache
def templates(*folders: Path) -> Environment:
    """Return the papers' templates, those of other folders first, with their filters."""
    papers = environment(*folders, TEMPLATES)
    papers.filters |= {"clock": clock, "day": day, "span": span}
    papers.filters |= {"items": items, "rest": rest, "titled": titled, "utc": utc}
    return papers
