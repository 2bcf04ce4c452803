"""Time the panel's hour: who is there, the run sheet with clock times, shares and rotation."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop import prose
from workshop.agenda import PANEL_DECK, Agenda, Edition, Person, Session, later
from workshop.errors import WorkshopError
from workshop.panel.words import SCREEN, Section, Theme, Words, read_words, themes_of
from workshop.paths import ROOT

FOLDER = ROOT / "panel"
MISSING = "When somebody is missing"
MINUTES = re.compile(r"(\d+)(?: s (each)| (shared)| \+ (spare))?")
ANSWERING = 2  # who answers a planned question: one first, one after; the others may add


@dataclass(frozen=True)
class Part:
    """A row of the run sheet.

    `rule` is 'each' (so many seconds a person), 'shared' (among the panelists), 'spare' (gets what
    an absence sets free) or ''; `seconds` is each person's share, where the row has shares.
    """

    title: str
    minutes: int
    note: str
    rule: str
    seconds: int = 0
    start: dt.datetime = dt.datetime.min
    theme: Theme | None = None
    words: str = ""
    screen: str = ""

    @property
    def end(self) -> dt.datetime:
        """Return when it is over."""
        return later(self.start, self.minutes)

    @property
    def lead_in(self) -> int:
        """Return the minutes before the theme's first question."""
        planned = self.theme.planned if self.theme else []
        return self.minutes - sum(question.minutes for question in planned)


@dataclass(frozen=True)
class Panel:
    """Everything about one panel: who is there, the timed run sheet, the words by file."""

    agenda: Agenda
    edition: Edition
    session: Session
    moderator: Person
    panelists: tuple[Person, ...]
    absent: tuple[Person, ...]
    parts: tuple[Part, ...]
    planned_parts: tuple[Part, ...]  # as when everybody is there
    bios: dict[str, str]
    words: Words

    @property
    def people(self) -> tuple[Person, ...]:
        """Return the moderator and the panelists who are there."""
        return (self.moderator, *self.panelists)

    @property
    def themes(self) -> list[Theme]:
        """Return the themes in order."""
        return [part.theme for part in self.parts if part.theme]

    @property
    def answers(self) -> list[int]:
        """Return how many seconds an answer may last, longest first."""
        lengths = {question.answer for theme in self.themes for question in theme.planned}
        return sorted(lengths, reverse=True)

    def without(self, person: Person) -> Panel:
        """Return the same panel with one more panelist missing."""
        return _timed(self, [*self.absent, person])


def read_panel(
    agenda: Agenda,
    edition: Edition,
    start: str | None = None,
    absent: str | None = None,
    folder: Path = FOLDER,
) -> Panel:
    """Read and check the panel's words, and time the hour of `edition`.

    `start` ('14:45') moves the panel within its day; `absent` names missing panelists, with commas.
    Raises WorkshopError, with file and line, for missing files, people without bios and bios
    without people, unknown names, themes without questions, and minutes that do not add up.
    """
    session = next((s for s in edition.sessions if s.kind == "panel"), None)
    if not session:
        raise WorkshopError(
            f"The edition '{edition.key}' has no panel: give a session in workshop.toml "
            'kind = "panel", or choose another edition.'
        )
    session = replace(session, deck=PANEL_DECK, start=_moved(session.start, start))
    moderator, panelists = _people(agenda, edition)
    missing = _absent(absent, panelists)
    values = {
        "panelists": _names(person for person in panelists if person not in missing),
        "moderator": moderator.name,
        "absent": _names(missing),
        "workshop": agenda.title,
        "repository": agenda.repository or "[fill in: where the slides will be]",
    }
    words = read_words(folder, values)
    sessions = tuple(session if s.kind == "panel" else s for s in edition.sessions)
    panel = Panel(
        agenda=agenda,
        edition=replace(edition, sessions=sessions),
        session=session,
        moderator=moderator,
        panelists=panelists,
        absent=(),
        parts=(),
        planned_parts=_parts(words),
        bios=_bios(words, (moderator, *panelists), agenda),
        words=words,
    )
    everybody = _timed(panel, [])
    _check_sum(everybody)
    everybody = replace(everybody, planned_parts=everybody.parts)
    return _timed(everybody, missing) if missing else everybody


# --- People ---------------------------------------------------------------------------------------


def _people(agenda: Agenda, edition: Edition) -> tuple[Person, tuple[Person, ...]]:
    """Return the moderator and the panelists among the edition's people."""
    people = [p for p in agenda.people if not edition.people or p.name in edition.people]
    moderators = [person for person in people if person.role == "moderator"]
    panelists = tuple(person for person in people if person.role == "panelist")
    if len(moderators) != 1 or not panelists:
        raise WorkshopError(
            "workshop.toml: a panel needs one moderator and at least one panelist, but the people "
            f"of the edition '{edition.key}' have {len(moderators)} and {len(panelists)}: correct "
            "their role."
        )
    return moderators[0], panelists


def _absent(names: str | None, panelists: tuple[Person, ...]) -> list[Person]:
    known = {person.name.casefold(): person for person in panelists}
    said = [name.strip() for name in (names or "").split(",") if name.strip()]
    if strangers := [name for name in said if name.casefold() not in known]:
        raise WorkshopError(
            f"ABSENT names '{strangers[0]}', who is not a panelist in workshop.toml: "
            f"choose from {_names(panelists, 'or')}."
        )
    missing = {name.casefold() for name in said}
    if missing == set(known):
        raise WorkshopError("ABSENT names every panelist: at least one must be there.")
    return [person for person in panelists if person.name.casefold() in missing]


def _names(people, last: str = "and") -> str:
    names = [person.name for person in people]
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _moved(start: dt.datetime, text: str | None) -> dt.datetime:
    if not text:
        return start
    try:
        hour, minute = text.split(":")
        return start.replace(hour=int(hour), minute=int(minute))
    except ValueError:
        raise WorkshopError(
            f"START is '{text}': write hours and minutes of the day, such as START=14:45."
        ) from None


def _bios(words: Words, people: tuple[Person, ...], agenda: Agenda) -> dict[str, str]:
    """Return each person's bio; a bio without a person is an error, as a person without a bio."""
    names = {person.name for person in agenda.people}
    for section in words["bios"].values():
        if section.title not in names:
            raise WorkshopError(
                f"{section.place}: there is no {section.title} among the people of workshop.toml: "
                "correct the name there or here."
            )
    return {person.name: words["bios"][person.name].text.strip() for person in people}


def _check_sum(panel: Panel) -> None:
    total = sum(part.minutes for part in panel.parts)
    if total != panel.session.minutes:
        raise WorkshopError(
            f"{panel.words['run-sheet']['Minutes'].place}: the minutes add up to {total} with "
            f"{len(panel.people)} people to introduce, but the panel of the edition "
            f"'{panel.edition.key}' has {panel.session.minutes} in workshop.toml: change one."
        )


# --- The run sheet --------------------------------------------------------------------------------


def _parts(words: Words) -> tuple[Part, ...]:
    """Return the rows of the run sheet with their themes and words, not yet timed."""
    table = words["run-sheet"]["Minutes"]
    themes = themes_of(words)
    rows = [block for block in prose.blocks(table.text) if block.kind == "row"]
    parts = [_part(table.at(row.line), row.cells, words["script"], themes) for row in rows]
    if [part.theme for part in parts if part.theme] != themes:
        raise WorkshopError(
            f"{table.place}: the table must have one row for each of the {len(themes)} themes of "
            f"questions.md, in order: Theme 1 to Theme {len(themes)}."
        )
    if [part.rule for part in parts].count("spare") != 1:
        raise WorkshopError(
            f"{table.place}: one row, and only one, must have '+ spare' after its minutes."
        )
    titles = {part.title for part in parts}
    for section in words["script"].values():
        if section.title not in titles | {MISSING}:
            raise WorkshopError(
                f"{section.place}: '{section.title}' is not in the table of run-sheet.md: use the "
                "same name in both."
            )
    return tuple(parts)


def _part(
    place: str, cells: tuple[str, ...], script: dict[str, Section], themes: list[Theme]
) -> Part:
    if len(cells) != 3 or not cells[0]:
        raise WorkshopError(f"{place}: a row has three cells: part, minutes, what happens.")
    title, minutes, note = cells
    match = MINUTES.fullmatch(minutes)
    if not match or int(match[1]) == 0:
        raise WorkshopError(
            f"{place}: '{minutes}' is no number of minutes: write 12, 3 shared, 11 + spare or "
            "90 s each."
        )
    rule = next(filter(None, match.groups()[1:]), "")
    length, seconds = (0, int(match[1])) if rule == "each" else (int(match[1]), 0)
    part = Part(title, length, note, rule, seconds)
    if not (numbered := re.fullmatch(r"Theme (\d+)", title)):
        return replace(part, **_spoken(place, title, script))
    if not 1 <= int(numbered[1]) <= len(themes):
        raise WorkshopError(f"{place}: there is no {title} in questions.md: it has {len(themes)}.")
    theme = themes[int(numbered[1]) - 1]
    part = replace(part, theme=theme)
    if part.lead_in < 0:
        raise WorkshopError(
            f"{theme.place}: the planned questions take {part.minutes - part.lead_in} "
            f"minutes, but {title} has {part.minutes} in {place}: put one in reserve or shorten it."
        )
    return part


def _spoken(place: str, title: str, script: dict[str, Section]) -> dict[str, Any]:
    """Return what is said during a part, and what stands on the screen meanwhile."""
    if title not in script:
        raise WorkshopError(f"{place}: '{title}' has no words: add '## {title}' to script.md.")
    screen = next((p.text.strip() for p in script[title].parts if p.title == SCREEN), "")
    if not screen:
        raise WorkshopError(
            f"{script[title].place}: '{title}' has no '### {SCREEN}': add it with a heading line."
        )
    return {"words": script[title].head.strip(), "screen": screen}


def _timed(panel: Panel, absent: list[Person]) -> Panel:
    """Return the panel with clock times, shares and rotation for those who are there.

    What the introductions of the absent would have taken goes to the part marked '+ spare'.
    """
    everybody = sorted(panel.panelists + panel.absent, key=panel.agenda.people.index)
    there = tuple(person for person in everybody if person not in absent)

    def introductions(part: Part, people: int) -> int:
        return math.ceil(part.seconds * people / 60)

    freed = sum(
        introductions(part, len(everybody) + 1) - introductions(part, len(there) + 1)
        for part in panel.planned_parts
        if part.rule == "each"
    )
    moment, asked, parts = panel.session.start, 0, []
    for part in panel.planned_parts:
        if part.rule == "each":
            part = replace(part, minutes=introductions(part, len(there) + 1))
        if part.rule == "spare":
            part = replace(part, minutes=part.minutes + freed)
        if part.rule == "shared":
            part = replace(part, seconds=share(part.minutes * 60, len(there)))
        part = replace(part, start=moment)
        if part.theme:
            asked_now = len(part.theme.planned)
            part = replace(part, theme=_timed_theme(part, part.theme, there, asked))
            asked += asked_now
        parts.append(part)
        moment = part.end
    missing = tuple(person for person in everybody if person in absent)
    names = tuple(person.name for person in (panel.moderator, *there))
    edition = replace(panel.edition, people=names)
    return replace(panel, edition=edition, panelists=there, absent=missing, parts=tuple(parts))


def _timed_theme(part: Part, theme: Theme, there: tuple[Person, ...], asked: int) -> Theme:
    """Give the planned questions their start and who answers: in turn, one first, one after."""
    moment, questions = later(part.start, part.lead_in), []
    for question in theme.questions:
        # Two thirds of a question are for the answers, the rest is for a follow-up.
        answer = share(question.minutes * 40, min(ANSWERING, len(there)))
        question = replace(question, answer=answer)
        if not question.reserve:
            first = asked % len(there)
            order = (there[first:] + there[:first])[:ANSWERING]
            question = replace(question, start=moment, order=order)
            moment, asked = question.end, asked + 1
        questions.append(question)
    return replace(theme, questions=tuple(questions))


def share(seconds: int, people: int) -> int:
    """Return one person's equal share in seconds, rounded down to a quarter of a minute."""
    return max(15, seconds // people // 15 * 15)


def span(seconds: int) -> str:
    """Return a short time for people, such as '75 s' or '2 min'."""
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"
