"""Read `workshop.toml` and compute the clock times of every session."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workshop.errors import WorkshopError
from workshop.paths import ROOT

KINDS = ("talk", "demo", "exercise", "discussion", "break", "panel")
# The deck of a panel session that names none: derived from panel/, never a file beside it.
PANEL_DECK = "panel/panel.ipynb"
ROLES = ("moderator", "panelist", "author")
SPOKEN = {
    str: "text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list of names",
    dt.date: "a date such as 2021-10-28",
    dt.time: "a time such as 13:30:00",
}


@dataclass(frozen=True)
class Person:
    """Somebody named on the material; the title is the one stated for the event."""

    name: str
    role: str
    title: str = ""
    affiliation: str = ""


@dataclass(frozen=True)
class Session:
    """A stretch of an edition: `minutes` long, from `start` to `end` (aware datetimes)."""

    title: str
    kind: str
    minutes: int
    deck: str = ""
    speaker: str = ""
    start: dt.datetime = field(default=None, metadata={"computed": True})

    @property
    def end(self) -> dt.datetime:
        """Return when the session ends."""
        return later(self.start, self.minutes)


@dataclass(frozen=True)
class Edition:
    """One giving of the workshop; `long` shows the slides tagged `long`, `people` are its hosts."""

    name: str
    date: dt.date
    start: dt.time
    timezone: str
    minutes: int
    long: bool = False
    people: list = field(default_factory=list)
    key: str = field(default="", metadata={"computed": True})
    sessions: tuple[Session, ...] = field(default=(), metadata={"computed": True})

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
    people: tuple[Person, ...] = field(default=(), metadata={"computed": True})
    editions: dict[str, Edition] = field(default_factory=dict, metadata={"computed": True})

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
    an unknown kind, role, speaker or time zone, a missing deck, and minutes that do not add up.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkshopError(f"{path.name} is missing: restore it from the repository.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{path.name} is not valid TOML: {error}.") from None

    people = tuple(
        _person(table, f"people[{number}]")
        for number, table in enumerate(_list(tables, "people", path.name), start=1)
    )
    editions = tables.pop("editions", {})
    if not isinstance(editions, dict) or not editions:
        raise WorkshopError(f"{path.name} has no edition: add a table [editions.NAME].")
    agenda = _build(Agenda, tables, "", people=people)
    names = {person.name for person in people}
    for key, table in editions.items():
        agenda.editions[key] = _edition(key, table, names, path.parent)
    return agenda


def _person(table: dict, key: str) -> Person:
    person = _build(Person, table, key)
    _one_of(person.role, ROLES, f"{key}.role")
    return person


def _edition(key: str, table: dict, names: set[str], root: Path) -> Edition:
    where = f"editions.{key}"
    if not isinstance(table, dict):
        raise WorkshopError(f"workshop.toml: {where} must be a table [{where}].")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", key):  # it becomes a folder and a Make target
        raise WorkshopError(f"workshop.toml: {where}: name it with letters, digits, - and _ only.")
    sessions = _list(table, "sessions", where)
    edition = _build(Edition, table, where, key=key)
    try:
        zone = ZoneInfo(edition.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise WorkshopError(
            f"workshop.toml: {where}.timezone is '{edition.timezone}', which is not a time zone: "
            "use a name such as America/Chicago."
        ) from None
    for name in edition.people:
        if name not in names:
            raise WorkshopError(
                f"workshop.toml: {where}.people names {name!r}, who is not among the people."
            )
    moment = dt.datetime.combine(edition.date, edition.start, zone)
    timed = []
    for number, session_table in enumerate(sessions, start=1):
        session = _session(session_table, f"{where}.sessions[{number}]", moment, names, root)
        timed.append(session)
        moment = session.end
    total = sum(session.minutes for session in timed)
    if total != edition.minutes:
        raise WorkshopError(
            f"workshop.toml: {where}.minutes is {edition.minutes}, but its {len(timed)} sessions "
            f"add up to {total}: change one of them."
        )
    return Edition(**{**vars(edition), "sessions": tuple(timed)})


def _session(table: dict, key: str, start: dt.datetime, names: set[str], root: Path) -> Session:
    session = _build(Session, table, key, start=start)
    _one_of(session.kind, KINDS, f"{key}.kind")
    if session.minutes <= 0:
        raise WorkshopError(f"workshop.toml: {key}.minutes must be 1 or more.")
    if session.deck and not (root / session.deck).is_file():
        raise WorkshopError(
            f"workshop.toml: {key}.deck is '{session.deck}', but there is no such file."
        )
    if session.speaker and session.speaker not in names:
        raise WorkshopError(
            f"workshop.toml: {key}.speaker is '{session.speaker}', who is not among the people."
        )
    if session.kind == "panel" and not session.deck:
        return replace(session, deck=PANEL_DECK)
    return session


def _list(table: dict, name: str, where: str) -> list:
    value = table.pop(name, [])
    if not isinstance(value, list):
        raise WorkshopError(f"workshop.toml: {name} of {where} must be a list of tables [[...]].")
    return value


def _one_of(value: str, allowed: tuple[str, ...], key: str) -> None:
    if value not in allowed:
        raise WorkshopError(
            f"workshop.toml: {key} is '{value}', but must be one of {', '.join(allowed)}."
        )


def _build(cls: type, table: dict, key: str, /, **computed):
    """Make a dataclass from a TOML table, checking names and types of its keys."""
    if not isinstance(table, dict):
        raise WorkshopError(f"workshop.toml: {key} must be a table.")
    dot = f"{key}." if key else ""
    types = get_type_hints(cls)
    known = [f for f in fields(cls) if not f.metadata.get("computed")]
    for name in table:
        if name not in {f.name for f in known}:
            allowed = ", ".join(f.name for f in known)
            raise WorkshopError(
                f"workshop.toml: unknown key {dot}{name}: it must be one of {allowed}."
            )
    for f in known:
        if f.name not in table:
            if f.default is MISSING and f.default_factory is MISSING:
                raise WorkshopError(f"workshop.toml: {dot}{f.name} is missing: add it.")
        elif type(table[f.name]) is not types[f.name]:
            raise WorkshopError(
                f"workshop.toml: {dot}{f.name} must be {SPOKEN[types[f.name]]}, "
                f"not {table[f.name]!r}."
            )
    return cls(**table, **computed)


def format_agenda(edition: Edition, speaking: dict[str, float] | None = None) -> str:
    """Return the edition's schedule as a table of plain text.

    `speaking` has the minutes that each deck takes to say, set beside its session's minutes.
    """
    speaking = speaking or {}
    head = f"{edition.name}, {edition.date:%A} {day(edition.date)}, {edition.timezone}"
    rows = [("time", "min", "to say", "kind", "session", "deck", "speaker")]
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
