"""Print the speaker card: the show on one page, with its clock, its keys and what saves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workshop.agenda import Agenda, Edition, Session, day
from workshop.deck.browser import launched
from workshop.deck.build import pages_of
from workshop.deck.read import read_deck, slides_of
from workshop.deck.timing import planned_minutes
from workshop.files import whole_folder
from workshop.panel import papers
from workshop.paper import SIZES, paper_style
from workshop.paths import BUILD, ROOT
from workshop.stage.show import KEYS, on_stage

NAME = "speaker-card"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Stop:
    """A session: its page for when Jupyter is gone, and (slide, minutes) to leave out when late."""

    session: Session
    page: str
    slides: int
    cuts: list[tuple[int, float]]


def write_card(agenda: Agenda, edition: Edition, folder: Path = BUILD) -> None:
    """Write `<edition>/speaker/speaker-card.html` and its PDFs, A4 and Letter, of one page each.

    Raises WorkshopError when it takes more than a page.
    """
    home = folder / edition.folder
    title = "Speaker card"
    facts = {
        "agenda": agenda, "edition": edition, "title": title, "event": edition.name,
        "when": f"{edition.date:%A} {day(edition.date)}, {edition.timezone}",
        "home": home.as_uri(), "stops": [_stop(each, edition, home) for each in edition.sessions],
        "keys": [key for key in KEYS if not key.get("quiet")],
        "style": paper_style(papers.STYLE, f"{title} · {edition.name}", agenda.title),
    }  # fmt: skip
    html = papers.templates(TEMPLATES).get_template("card.html.j2").render(facts)
    with whole_folder(home / "speaker") as target, launched() as browser:
        (target / f"{NAME}.html").write_text(html, encoding="utf-8")
        page = browser.new_page()
        page.emulate_media(media="print")
        card = papers.Paper(NAME, html, most=1, sources="titles in workshop.toml")
        papers.print_within(page, card, list(SIZES), target)
        page.close()


def _stop(session: Session, edition: Edition, home: Path) -> Stop:
    if not session.deck:
        return Stop(session, "", 0, [])
    page = pages_of(edition, [session.deck], home.parent)[0].html.relative_to(home)
    slides = on_stage(slides_of(read_deck(ROOT / session.deck), edition.long))
    lengths = planned_minutes(slides, session.minutes, session.deck)
    numbered = enumerate(zip(slides, lengths, strict=True), start=1)
    cuts = [(number, minutes) for number, (s, minutes) in numbered if "long" in s.tags and minutes]
    return Stop(session, page.as_posix(), len(slides), cuts)
