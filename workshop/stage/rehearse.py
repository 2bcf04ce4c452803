"""Give the talk to itself on a real stage: step every slide, run every cell, tell each problem.

Slides are stepped and their cells run as a presenter does, at 1280 × 720; then, from the last slide
up and at 1920 × 1080, every cell runs again: whoever jumps back must see the same.
"""

from __future__ import annotations

import datetime as dt
import os
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import nbformat
from playwright.sync_api import Page, TimeoutError, ViewportSize

from workshop.agenda import Agenda, Edition, Session, clock
from workshop.deck.browser import launched
from workshop.deck.pdf import MEASURE
from workshop.deck.prepare import DATA_LABELS
from workshop.deck.read import read_deck, slides_of
from workshop.deck.timing import planned_minutes, speaking_minutes
from workshop.errors import WorkshopError
from workshop.files import Progress, near, whole
from workshop.pages import template
from workshop.paths import BUILD, ROOT
from workshop.stage.checks import free_port
from workshop.stage.copy import Copy, empty_copy, fill
from workshop.stage.present import stoppable
from workshop.stage.server import Server
from workshop.stage.show import on_stage, stops

FOLDER = BUILD / "rehearsal"
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
SMALL = ViewportSize(width=1280, height=720)
LARGE = ViewportSize(width=1920, height=1080)
PATIENCE = 60_000  # ms for one step, such as a cell
SLOW = 2.0  # seconds of one cell in front of a room
BUSY = 1.5  # load a core from which seconds say little; the rehearsal itself makes about 1
LINES = 8  # of code on a slide; an exercise, on which the room types, may have two more
LETTERS = {"body": 24, "code": 24, "chart": 24, "source": 18}  # px on a slide of 1280 × 720
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")
# What to do about each kind of problem.
ADVICE = {
    "error": "mend the cell",
    "warning": "mend what warns, or filter that one warning",
    "slow": f"at most {SLOW:g} s: compute less, or in the set-up cell",
    "overflow": "say less, or make it smaller",
    "letters": "enlarge them, or say less",
    "code": f"at most {LINES}: move lines into the set-up cell or a helper",
    "notes": "write what is said, in a cell of type notes",
    "request": "put the file beside the deck",
    "change": "set a seed, and never use a name for something else",
    "place": "a run must keep the slide",
    "stuck": "the rest of this deck was not rehearsed: mend this first",
    "missed": "Space must lead to every slide",
    "minutes": "shorten the notes, tag a slide `long`, or give it more in workshop.toml",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong on a slide (0: with the deck as a whole) of a deck; of a kind of ADVICE."""

    deck: str
    number: int
    title: str
    kind: str
    what: str

    def __str__(self) -> str:
        """Return one line: deck, slide, what is wrong, what to do."""
        where = f"slide {self.number} “{self.title}”: " if self.number else ""
        return f"{self.deck}: {where}{self.what}: {ADVICE[self.kind]}"


@dataclass
class Seen:
    """What was seen of one slide: planned and speaking minutes, seconds of its cells, a picture."""

    number: int
    title: str
    tags: list[str]
    planned: float
    speaking: float
    seconds: dict[str, float] = field(default_factory=dict)
    picture: str = ""  # a data URI
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Rehearsed:
    """What was seen of a session's deck, slide by slide."""

    deck: str
    session: Session
    slides: list[Seen]
    problems: list[Problem] = field(default_factory=list)  # of the deck as a whole
    footer: str = ""

    @property
    def all_problems(self) -> list[Problem]:
        """Return the problems of the deck and of its slides, in order."""
        return self.problems + [problem for slide in self.slides for problem in slide.problems]

    @property
    def seconds(self) -> dict[str, float]:
        """Return the seconds of every cell."""
        return {key: value for slide in self.slides for key, value in slide.seconds.items()}

    @property
    def speaking(self) -> float:
        """Return the minutes that the deck takes to say."""
        return sum(slide.speaking for slide in self.slides)

    @property
    def cuts(self) -> list[Seen]:
        """Return the slides to leave out when late."""
        return [slide for slide in self.slides if "long" in slide.tags]

    def tell(self, number: int, kind: str, what: str) -> None:
        """Note a problem of a slide (counted from 1; 0: of the deck), once."""
        goal = self.slides[number - 1] if number else self
        problem = Problem(
            self.deck, number, getattr(goal, "title", ""), kind, " ".join(what.split())
        )
        if problem not in goal.problems:
            goal.problems.append(problem)

    def __str__(self) -> str:
        """Return one line: what was seen."""
        slowest = max(self.seconds.values(), default=0)
        say = f"{self.speaking:.1f} of {self.session.minutes} min to say, " if self.speaking else ""
        count = len(self.all_problems)
        problems = f"{count or 'no'} problem{'' if count == 1 else 's'}"
        ran = f"{len(self.seconds)} cells, slowest {slowest:.1f} s" if self.seconds else "no cells"
        return (
            f"{len(self.slides)} slide{'s' if len(self.slides) > 1 else ''}, {ran}, {say}{problems}"
        )


def rehearse(
    agenda: Agenda, edition: str | None = None, deck: Path | None = None, folder: Path = FOLDER
) -> list[Rehearsed]:
    """Rehearse an edition, or one deck, and write a page of what was seen to `folder`.

    Prints one line for each problem, and raises WorkshopError where there are any.
    """
    shows = [e for e in agenda.editions.values() if deck and Path(deck).as_posix() in e.decks]
    chosen = shows[0] if shows and not edition else agenda.edition(edition)
    path = folder / f"{chosen.key}{'-' + Path(deck).stem if deck else ''}.html"
    with _stage(agenda, chosen, deck) as (copy, server), launched() as browser:
        context = browser.new_context(viewport=SMALL)
        told = []
        for session, name in stops(chosen):
            if deck and name != copy.deck:
                continue
            progress = Progress(name if session.deck else session.title)
            one = expected(chosen, session, name, copy.folder)
            page = context.new_page()
            rehearse_deck(page, server.url(f"/nbclassic/notebooks/{quote(name)}"), one, progress)
            page.close()
            progress.done(str(one))
            for problem in one.all_problems:
                print(f"  {problem}", flush=True)
            told.append(one)
            _write(path, chosen, copy, told)  # after each: whoever stops here keeps what was seen
        context.close()
    if not told:
        raise WorkshopError(
            f"{deck} is in no session of the edition '{chosen.key}', which has the minutes to "
            "compare with: name its edition, or add it to workshop.toml."
        )
    if (load := _load()) > BUSY:
        print(f"The machine is busy (load {load:.1f} a core): seconds are longer than on the day.")
    print(f"Pictures, seconds and minutes of every slide: {near(path)}", flush=True)
    if count := sum(len(one.all_problems) for one in told):
        raise WorkshopError(f"{count} problem{'s' if count > 1 else ''}: see the lines above.")
    return told


@contextmanager
def _stage(agenda: Agenda, edition: Edition, deck: Path | None):
    """Yield a working copy and its server, both gone afterwards."""
    temporary = TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True)
    with stoppable(), temporary as folder:
        copy = empty_copy(Path(folder), agenda, deck, edition.key)
        server = Server(copy, free_port(8950))
        try:
            fill(copy, agenda)
            server.settle()
            server.wait_for_kernel(print)
            yield copy, server
        finally:
            server.stop()


def expected(edition: Edition, session: Session, deck: str, copied: Path) -> Rehearsed:
    """Return a deck as it is to be seen, with the problems that show without a stage."""
    source = ROOT / deck if session.deck else copied / deck
    slides = on_stage(slides_of(read_deck(source), edition.long))
    plan = planned_minutes(slides, session.minutes, deck)
    said = [speaking_minutes(s) if _is_said(session) else 0.0 for s in slides]
    shown = slides_of(nbformat.read(copied / deck, as_version=4))
    seen = [
        Seen(number, slide.title, slide.tags, planned, speaking)
        for number, (slide, planned, speaking) in enumerate(
            zip(shown, plan, said, strict=True), start=1
        )
    ]
    one = Rehearsed(deck, session, seen)
    for number, slide in enumerate(slides, start=1):
        if session.deck and not any(note.source.strip() for note in slide.notes):
            one.tell(number, "notes", "it has no speaker notes")
    if one.speaking > session.minutes:
        minutes = f"{one.speaking:.1f} minutes to say, {session.minutes} planned"
        one.tell(0, "minutes", f"the session “{session.title}” takes {minutes}")
    return one


def _is_said(session: Session) -> bool:
    """Tell whether the session's minutes are the presenter's, not the room's or the panelists'."""
    return bool(session.deck) and session.kind != "panel"


# --- In the browser -------------------------------------------------------------------------------


def rehearse_deck(page: Page, address: str, one: Rehearsed, progress: Progress) -> None:
    """Open a deck on its stage, walk through it twice, and note in `one` what is seen."""
    page.set_default_timeout(PATIENCE)
    at, asked = [1], []  # the slide that is shown; what was asked of the network from it
    page.on("request", lambda request: asked.append((at[0], request.url)))
    try:
        page.goto(address)
        wait_for_first_slide(page)
        page.evaluate(SCRIPT)
        page.evaluate("require('custom/rescue').ready()")
        one.footer = page.inner_text("#rise-footer")
        _forward(page, one, at, progress)
        _backward(page, one, at, progress)
    except TimeoutError as error:
        reason = str(error).splitlines()[0]
        one.tell(at[0], "stuck", f"it does not go on ({reason})")
    for number, url in asked:
        if not url.startswith(HERE):
            named = page.evaluate("url => window.rehearsal?.asks(url)", url)
            one.tell(named or number, "request", f"it asks for {url}")


def wait_for_first_slide(page: Page) -> None:
    """Wait until the deck is on stage, with its theme."""
    page.wait_for_selector("body.rise-enabled #rise-footer")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    page.wait_for_function("document.getElementById('rise-custom-css').sheet")


def _forward(page: Page, one: Rehearsed, at: list[int], progress: Progress) -> None:
    """Step through the deck by Space and run what is to be seen by Shift+Enter."""
    seen = set()
    while True:
        state = page.evaluate("rehearsal.state()")
        at[0] = number = state["number"] + 1
        seen.add(number)
        progress.step(f"slide {number} of {len(one.slides)}")
        state = _run(page, one, number, state)
        page.wait_for_function("rehearsal.drawn()")
        _look(page, one, number)
        if state["whole"]:
            shot = page.screenshot(type="jpeg", quality=70)
            one.slides[number - 1].picture = f"data:image/jpeg;base64,{b64encode(shot).decode()}"
        if state["last"]:
            break
        page.keyboard.press("Space")
        page.wait_for_function("place => rehearsal.place() !== place", arg=state["place"])
    for slide in one.slides:
        if slide.number not in seen:
            one.tell(slide.number, "missed", "it never came up")


def _run(page: Page, one: Rehearsed, number: int, state: dict) -> dict:
    """Press Shift+Enter until every cell in sight has run; one press may run several."""
    while pending := state["pending"]:
        page.keyboard.press("Shift+Enter")
        page.wait_for_function("runs => rehearsal.idle(runs + 1)", arg=state["runs"])
        before, state = state, page.evaluate("rehearsal.state()")
        if state["number"] != before["number"]:
            one.tell(number, "place", "a cell that runs leaves the slide")
        if state["pending"] >= pending:
            one.tell(number, "error", "a press of Shift+Enter runs nothing")
            break
    return state


def _look(page: Page, one: Rehearsed, number: int) -> None:
    """Note what is wrong on the slide as it stands, and how long its cells took."""
    seen, known = one.slides[number - 1], one.seconds
    seconds = page.evaluate("rehearsal.seconds()")
    seen.seconds |= {key: value for key, value in seconds.items() if key not in known}
    for key, value in seen.seconds.items():
        if value > SLOW:
            one.tell(number, "slow", f"its cell '{key}' takes {value:.1f} s")
    for kind in ("error", "warning"):
        for text in page.evaluate(f"rehearsal.{kind}s()"):
            lines = [line for line in text.splitlines() if f"{kind}:" in line.lower()]
            one.tell(number, kind, f"a cell says “{(lines or text.splitlines() or [kind])[-1]}”")
    for what in page.evaluate("rehearsal.overflow()"):
        one.tell(number, "overflow", what)
    measured = page.evaluate(f"({MEASURE})(rehearsal.slide())")
    for kind, bar in LETTERS.items():
        smallest = measured["smallest"].get(kind)
        if smallest and smallest["pixels"] < bar - 0.5:
            text, pixels = smallest["words"], smallest["pixels"]
            one.tell(number, "letters", f"“{text}” has letters of {pixels:.0f} px, not {bar}")
    if measured["lines"] > LINES + 2 * ("exercise" in seen.tags):
        one.tell(number, "code", f"it shows {measured['lines']} lines of code")


def _backward(page: Page, one: Rehearsed, at: list[int], progress: Progress) -> None:
    """Run every slide again, the last one first, on a larger screen."""
    page.set_viewport_size(LARGE)
    for slide in reversed(one.slides):
        at[0] = slide.number
        progress.step(f"again, slide {slide.number} of {len(one.slides)}")
        for key in page.evaluate("number => rehearsal.again(number)", slide.number - 1):
            one.tell(slide.number, "change", f"cell '{key}' shows something else when run again")
        for what in page.evaluate("rehearsal.overflow()"):
            one.tell(slide.number, "overflow", f"at 1920 × 1080 {what}")


def _load() -> float:
    """Return how many processes waited for each core in the last five minutes; 0 if unknown."""
    return os.getloadavg()[1] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0


# --- The page -------------------------------------------------------------------------------------


def _write(path: Path, edition: Edition, copy: Copy, told: list[Rehearsed]) -> None:
    page = template(Path(__file__).parent, "rehearsal").render(
        edition=edition,
        data=DATA_LABELS[copy.source][1],
        when=f"{dt.datetime.now():%d %B %Y, %H:%M}",
        load=_load(),
        told=told,
        clock=clock,
        advice=ADVICE,
        slow=SLOW,
    )
    with whole(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
