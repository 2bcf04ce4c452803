"""Write the panel's papers, as HTML and as PDF, and its deck: all of them, or none."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from jinja2 import Environment
from markupsafe import Markup
from playwright.sync_api import Page

from workshop.agenda import PANEL_DECK, Person, clock, day, read_agenda
from workshop.deck import build
from workshop.deck.browser import launched
from workshop.deck.pdf import READY
from workshop.deck.prepare import prepare
from workshop.errors import WorkshopError
from workshop.files import Progress
from workshop.fonts import FACES, font_face, font_file
from workshop.markdown import inline, to_html
from workshop.pages import environment
from workshop.panel.clock import Panel, read_panel, span
from workshop.panel.deck import panel_deck
from workshop.panel.words import Section
from workshop.paths import ROOT, THEME
from workshop.prose import blocks

TEMPLATES = Path(__file__).parent / "templates"
SIZES = {"a4": "A4", "letter": "Letter"}
COLOURS = ("ink", "muted", "accent", "paper", "panel", "rule", "sans")
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
) -> None:
    """Write papers and deck to `build/<edition>/panel/`, for every edition that has a panel.

    `paper` is 'a4' or 'letter', by default both; `start` and `absent` as in `read_panel`.
    Raises WorkshopError; the last good papers stay.
    """
    if paper and paper.lower() not in SIZES:
        raise WorkshopError(f"PAPER is '{paper}': choose a4 or letter.")
    sizes = [paper.lower()] if paper else list(SIZES)
    agenda = read_agenda()
    editions = [agenda.edition(edition_key)] if edition_key else agenda.editions.values()
    if not edition_key:
        editions = [e for e in editions if any(s.kind == "panel" for s in e.sessions)]
    if not editions:
        print("handouts none: workshop.toml has no session of the kind panel")
        return
    for edition in editions:
        panel = read_panel(agenda, edition, start, absent)
        target = ROOT / "build" / edition.key / "panel"
        progress = Progress(f"handouts {target.relative_to(ROOT)}")
        count = write_handouts(panel, target, sizes, progress)
        progress.done(f"{count} papers in {' and '.join(SIZES[s] for s in sizes)}, and the deck")
        for place, what in panel.words.blanks:
            print(f"         still to fill in: {what} ({place})")


def write_handouts(panel: Panel, target: Path, sizes: list[str], progress: Progress) -> int:
    """Write the panel's papers and deck to the folder `target`; return the number of papers.

    Raises WorkshopError when a paper takes more pages than it may or a card is too full.
    """
    papers = papers_of(panel)
    with whole_folder(target) as folder:
        for paper in papers:
            (folder / f"{paper.name}.html").write_text(paper.html, encoding="utf-8")
        _print(papers, folder, sizes, progress)
        progress.step("deck")
        _write_deck(panel, folder)
    return len(papers)


def papers_of(panel: Panel) -> list[Paper]:
    """Return every paper of the panel as HTML."""
    event = f"{panel.session.title}, {panel.edition.name}"

    def page(template: str, title: str, hint: str = "", **more) -> str:
        return (
            _environment()
            .get_template(f"{template}.html.j2")
            .render(
                panel=panel,
                agenda=panel.agenda,
                edition=panel.edition,
                session=panel.session,
                title=title,
                event=event,
                words=panel.words,
                style=Markup(_style(f"{title} · {hint or event}", panel.agenda.title)),
                **more,
            )
        )

    return [
        Paper("moderator-guide", page("guide", "Moderator’s guide"), most=8),
        *(
            Paper(
                f"brief-{name}",
                page("brief", f"Panelist’s brief for {person.name}", person=person),
                most=1,
                sources=f"the bio of {person.name} in panel/bios.md, or panel/brief.md",
            )
            for name, person in _file_names(panel.panelists)
        ),
        Paper(
            "audience-sheet", page("audience", "Your sheet"), most=2, sources="panel/audience.md"
        ),
        Paper("question-cards", page("cards", "Question cards", "cut along the dashes")),
        Paper(
            "name-cards",
            page("names", "Name cards", "cut along the outer dashes, fold in the middle"),
        ),
    ]


def _write_deck(panel: Panel, folder: Path) -> None:
    """Write the panel's deck as HTML file and PDF, and as the notebook that a stage can show."""
    notebook, page = folder / "panel.ipynb", folder / "panel.html"
    deck = panel_deck(panel)
    nbformat.write(deck, notebook)
    build.make_page(panel.agenda, build.Page(PANEL_DECK, notebook, panel.edition, notebook, page))
    nbformat.write(prepare(deck, panel.agenda, panel.edition, PANEL_DECK, None), notebook)


# --- Printing -------------------------------------------------------------------------------------


def _print(papers: list[Paper], folder: Path, sizes: list[str], progress: Progress) -> None:
    """Print every paper in every size with one browser."""
    with launched() as browser:
        page = browser.new_page()
        page.emulate_media(media="print")
        for paper in papers:
            page.goto((folder / f"{paper.name}.html").as_uri())
            page.evaluate(READY)
            if full := page.evaluate(OVERFULL):
                raise WorkshopError(f"{paper.name}: there is too much on {full[0]}: shorten it.")
            for size in sizes:
                progress.step(f"{paper.name}, {SIZES[size]}")
                _print_one(page, paper, size, folder / f"{paper.name}-{size}.pdf")


def _print_one(page: Page, paper: Paper, size: str, target: Path) -> None:
    """Print the opened paper, more densely where it would take too many pages."""
    allowed = paper.most
    for density in ("normal", "close", "tight"):
        page.evaluate("(density) => document.documentElement.dataset.density = density", density)
        page.pdf(path=target, format=SIZES[size], print_background=True, tagged=True, outline=True)
        pages = len(re.findall(rb"/Type\s*/Page\b", target.read_bytes()))
        if allowed is None or pages <= allowed:
            return
    raise WorkshopError(
        f"{paper.name} takes {pages} pages on {SIZES[size]}, however densely it is set, instead of "
        f"{allowed}: shorten {paper.sources}."
    )


@contextmanager
def whole_folder(target: Path):
    """Yield a temporary folder that takes the place of `target` when the block succeeds.

    Raises WorkshopError when it cannot be written; the last good folder stays on any error.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if target.exists():
            target.rename(old)
        temporary.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise WorkshopError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


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
def _environment() -> Environment:
    papers = environment(TEMPLATES)
    papers.filters |= {
        "prose": to_html,
        "inline": inline,
        "items": items,
        "rest": rest,
        "titled": titled,
        "clock": clock,
        "day": day,
        "utc": utc,
        "span": span,
    }
    return papers


def _style(running: str, workshop: str) -> str:
    """Return the papers' style sheet: the deck's font and colours, and the running title."""
    faces = "".join(font_face(*key, font_file(face).read_bytes()) for key, face in FACES.items())
    sheet = (TEMPLATES / "papers.css").read_text(encoding="utf-8")
    sheet = sheet.replace('"RUNNING"', _css_text(running)).replace(
        '"WORKSHOP"', _css_text(workshop)
    )
    return f"{faces}\n:root{{{_colours()}}}\n{sheet}"


@cache
def _colours() -> str:
    """Return the theme's colours and text font, read from the theme of the decks.

    Raises WorkshopError when the theme no longer declares one of them.
    """
    theme = THEME.read_text(encoding="utf-8")
    found = dict(re.findall(r"--([a-z]+)\s*:\s*([^;{}]+);", theme))
    if missing := [name for name in COLOURS if name not in found]:
        raise WorkshopError(f"{THEME.name} does not declare --{missing[0]}, which the papers use.")
    return "".join(f"--{name}:{found[name]};" for name in COLOURS)


def _css_text(text: str) -> str:
    r"""Return a CSS string, in which '<' is written '\3c ' so that it cannot end the style."""
    text = re.sub(r'["\\]', r"\\\g<0>", text.replace("\n", " "))
    return '"' + text.replace("<", "\\3c ") + '"'
