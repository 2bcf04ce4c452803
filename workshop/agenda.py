"""Read `workshop.toml` and compute the clock times of every session."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workshop.errors import WorkshopError
from workshop.paths import ROOT
from workshop.tables import read_tables

# The deck of a panel session that names none: `workshop.panel.deck` writes it from panel/.
PANEL_DECK = "build/panel/panel.ipynb"
ADDRESS = re.compile(r"https?://[\w.~:/?#@!$&()*+,;=%-]+")  # it is written into code too
COMPUTED = {"computed": True}


@dataclass(frozen=True)
class Person:
    """Somebody named on the material; the title is the one stated for the event."""

    name: str
    role: Literal["moderator", "panelist", "author"]
    title: str = ""
    affiliation: str = ""


@dataclass(frozen=True)
class Session:
    """A stretch of an edition: `minutes` long, from `start` to `end` (aware datetimes)."""

    title: str
    kind: Literal["talk", "demo", "exercise", "discussion", "break", "panel"]
    minutes: int
    deck: str = ""
    speaker: str = ""
    start: dt.datetime = field(default=dt.datetime.min, metadata=COMPUTED)

    @property
    def end(self) -> dt.datetime:
        """Return when the session ends."""
        return later(self.start, self.minutes)


@dataclass(frozen=True)
class Edition:
    """One giving: `long` shows the slides tagged `long`; without `notes` no page has any."""

    name: str
    date: dt.date
    start: dt.time
    timezone: str
    minutes: int
    long: bool = False
    notes: bool = True
    people: tuple[str, ...] = ()
    sessions: tuple[Session, ...] = ()
    key: str = field(default="", metadata=COMPUTED)

    @property
    def folder(self) -> str:
        """Return the folder of the edition's pages in `build/`."""
        return self.key if self.notes else f"public/{self.key}"

    @property
    def decks(self) -> list[str]:
        """Return the edition's decks in order, each once."""
        return list(dict.fromkeys(s.deck for s in self.sessions if s.deck))

    def session_of(self, deck: str) -> Session | None:
        """Return the first session that shows `deck`, or None."""
        return next((s for s in self.sessions if s.deck == deck), None)


@dataclass(frozen=True)
class Agenda:
    """Everything that `workshop.toml` says."""

    title: str
    subtitle: str
    language: str = "en"
    repository: str = ""
    people: tuple[Person, ...] = ()
    editions: dict[str, Edition] = field(default_factory=dict)

    def edition(self, key: str | None = None) -> Edition:
        """Return the edition `key`, by default the first.

        Raises WorkshopError when there is no such edition.
        """
        if key and key not in self.editions:
            known = ", ".join(self.editions)
            raise WorkshopError(f"There is no edition '{key}' in workshop.toml: choose {known}.")
        return self.editions[key or next(iter(self.editions))]


def later(moment: dt.datetime, minutes: float) -> dt.datetime:
    """Add elapsed minutes to an aware datetime, across a change of clocks too."""
    elapsed = moment.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)
    return elapsed.astimezone(moment.tzinfo)


def clock(moment: dt.datetime) -> str:
    """Return the time of day for people, such as '1:30 PM'."""
    return f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"


def day(date: dt.date) -> str:
    """Return the date for people, such as '28 October 2021'."""
    return f"{date.day} {date:%B %Y}"


def read_agenda(path: Path = ROOT / "workshop.toml") -> Agenda:
    """Read and validate `workshop.toml`.

    Raises WorkshopError, naming the key, for broken TOML, unknown or missing keys, wrong types,
    an unknown speaker or time zone, a missing deck, and minutes that do not add up.
    """
    agenda = read_tables(path, Agenda)
    if not agenda.editions:
        raise WorkshopError(f"{path.name} has no edition: add a table [editions.NAME].")
    if agenda.repository and not ADDRESS.fullmatch(agenda.repository):
        raise WorkshopError(
            f"workshop.toml: repository is {agenda.repository!r}, which is not a web address: "
            "write https://…, without spaces and quotes, or leave it empty."
        )
    names = {person.name for person in agenda.people}
    editions = agenda.editions.items()
    return replace(agenda, editions={k: _timed(k, e, names, path.parent) for k, e in editions})


def _timed(key: str, edition: Edition, names: set[str], root: Path) -> Edition:
    """Check an edition and give its sessions their clock times."""
    where = f"workshop.toml: editions.{key}"
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):  # it becomes a folder and a Make target
        raise WorkshopError(f"{where}: name it with letters, digits, - and _ only.")
    try:
        zone = ZoneInfo(edition.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WorkshopError(
            f"{where}.timezone is '{edition.timezone}', which is not a time zone: use a name such "
            "as America/Chicago."
        ) from None
    if strangers := [name for name in edition.people if name not in names]:
        raise WorkshopError(f"{where}.people names '{strangers[0]}', who is not among the people.")
    moment, sessions = dt.datetime.combine(edition.date, edition.start, zone), []
    for number, session in enumerate(edition.sessions, start=1):
        _check_session(session, f"{where}.sessions[{number}]", names, root)
        if session.kind == "panel" and not session.deck:
            session = replace(session, deck=PANEL_DECK)
        sessions.append(replace(session, start=moment))
        moment = sessions[-1].end
    total = sum(session.minutes for session in sessions)
    if total != edition.minutes:
        raise WorkshopError(
            f"{where}.minutes is {edition.minutes}, but its {len(sessions)} sessions add up to "
            f"{total}: change one of them."
        )
    return replace(edition, key=key, sessions=tuple(sessions))


def _check_session(session: Session, where: str, names: set[str], root: Path) -> None:
    if session.minutes <= 0:
        raise WorkshopError(f"{where}.minutes must be 1 or more.")
    if session.deck and not (root / session.deck).is_file():
        raise WorkshopError(f"{where}.deck is '{session.deck}', but there is no such file.")
    if session.speaker and session.speaker not in names:
        raise WorkshopError(f"{where}.speaker is '{session.speaker}', who is not among the people.")


def format_agenda(edition: Edition, speaking: dict[str, float] | None = None) -> str:
    """Return the edition's schedule as a table of plain text.

    `speaking` has the minutes that each deck takes to say, set beside its session's minutes.
    """
    speaking = speaking or {}
    head = f"{edition.name}, {edition.date:%A} {day(edition.date)}, {edition.timezone}"
    rows: list[tuple[str, ...]] = [("time", "min", "to say", "kind", "session", "deck", "speaker")]
    for s in edition.sessions:
        time, said = f"{clock(s.start)} – {clock(s.end)}", speaking.get(s.deck)
        mark = "" if said is None else f"{said:.1f}{' !' if said > s.minutes else '  '}"
        rows.append((time, str(s.minutes), mark, s.kind, s.title, s.deck, s.speaker))
    used = [i for i in range(len(rows[0])) if any(row[i] for row in rows[1:])]
    widths = {i: max(len(row[i]) for row in rows) for i in used}
    rows.insert(1, tuple("-" * widths.get(i, 0) for i in range(len(rows[0]))))
    in_all = f"{sum(speaking.values()):.1f}  " if speaking else ""
    rows.append(("", str(edition.minutes), in_all, "", "in all", "", ""))

    def line(row: tuple[str, ...]) -> str:
        cells = [row[i].rjust(widths[i]) if i < 3 else row[i].ljust(widths[i]) for i in used]
        return "  ".join(cells).rstrip()

    over = [s.title for s in edition.sessions if speaking.get(s.deck, 0) > s.minutes]
    foot = ["", f"! More to say than minutes: {', '.join(over)}."] if over else []
    return "\n".join([head, "", *map(line, rows), *foot])
