"""Time the panel's hour: who is there, the run sheet with clock times, shares and rotation."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from workshop import prose
from workshop.agenda import PANEL_DECK, Agenda, Edition, Person, Session, later
from workshop.errors import WorkshopError
from workshop.panel.words import SCREEN, Section, Theme, Words, read_words, themes_of
from workshop.paths import ROOT

FOLDER = ROOT / "panel"
MISSING = "When somebody is missing"
MINUTES = re.compile(r"(\d+)(?: s (each)| (shared)| \+ (spare))?")
# The headings that a paper looks for.
NEEDED = {
    "brief": (
        "Where",
        "Contact",
        "How it works",
        "Your bio, as it will be introduced",
        "What you need",
    ),
    "audience": (
        "How to ask",
        "What I wrote in the tutorial",
        "Notes",
        "On Monday",
        "Where the slides are",
    ),
    "run-sheet": ("Minutes", "When you are late", "When you are early"),
    "script": (MISSING,),
}


@dataclass(frozen=True)
class Part:
    """A row of the run sheet; `seconds` is each person's share, where the row has shares."""

    title: str
    minutes: int
    note: str
    place: str
    each: bool = False
    shared: bool = False
    spare: bool = False
    seconds: int = 0
    start: dt.datetime | None = None
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
        return self.minutes - sum(question.minutes for question in self.theme.planned)


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
        """Return how many seconds a first answer may last, longest first."""
        lengths = {question.answer for theme in self.themes for question in theme.planned}
        return sorted(lengths, reverse=True)

    def only(self, file: str) -> Section:
        """Return the only section of a file."""
        return next(iter(self.words[file].values()))

    def without(self, person: Person) -> Panel:
        """Return the same panel with one more panelist missing."""
        return _timed(self, [*self.absent, person])


def panel_session(edition: Edition) -> Session:
    """Return the edition's panel.

    Raises WorkshopError when it has none.
    """
    for session in edition.sessions:
        if session.kind == "panel":
            return session
    raise WorkshopError(
        f"The edition '{edition.key}' has no panel: give a session in workshop.toml "
        'kind = "panel", or choose another edition.'
    )


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
    session = replace(panel_session(edition), deck=PANEL_DECK)
    if start:
        session = replace(session, start=_moved(session.start, start))
    moderator, panelists = _people(agenda, edition)
    missing = _absent(absent, panelists)
    there = [person for person in panelists if person not in missing]
    values = {
        "panelists": _names(there),
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
        planned_parts=_parts(words, folder.name),
        bios=_bios(words["bios"], (moderator, *panelists), agenda, folder.name),
        words=words,
    )
    _check_words(panel, folder.name)
    everybody = _timed(panel, [])
    _check_sum(everybody, folder.name)
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
    missing = []
    for name in filter(None, (part.strip() for part in (names or "").split(","))):
        if name.casefold() not in known:
            raise WorkshopError(
                f"ABSENT names '{name}', who is not a panelist in workshop.toml: "
                f"choose from {_names(panelists, 'or')}."
            )
        if known[name.casefold()] not in missing:
            missing.append(known[name.casefold()])
    if len(missing) == len(panelists):
        raise WorkshopError("ABSENT names every panelist: at least one must be there.")
    return missing


def _names(people, last: str = "and") -> str:
    names = [person.name for person in people]
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _moved(start: dt.datetime, text: str) -> dt.datetime:
    try:
        hour, minute = map(int, re.fullmatch(r"(\d{1,2}):(\d\d)", text.strip()).groups())
        return start.replace(hour=hour, minute=minute)
    except (AttributeError, ValueError):
        raise WorkshopError(
            f"START is '{text}': write hours and minutes of the day, such as START=14:45."
        ) from None


# --- What is checked ------------------------------------------------------------------------------


def _bios(
    sections: dict[str, Section], people: tuple[Person, ...], agenda: Agenda, folder: str
) -> dict[str, str]:
    """Return each person's bio; a bio without a person is an error, as a person without a bio."""
    names = {person.name for person in agenda.people}
    for section in sections.values():
        if section.title not in names:
            raise WorkshopError(
                f"{section.place}: there is no {section.title} among the people of workshop.toml: "
                "correct the name there or here."
            )
    for person in people:
        if person.name not in sections:
            raise WorkshopError(
                f"{folder}/bios.md has no bio of {person.name}, a {person.role} in workshop.toml: "
                f"add '## {person.name}'."
            )
        if not sections[person.name].text.strip():
            raise WorkshopError(
                f"{sections[person.name].place}: the bio of {person.name} is empty: write a "
                "sentence, or [own words: …]."
            )
    return {person.name: sections[person.name].text.strip() for person in people}


def _check_words(panel: Panel, folder: str) -> None:
    """Check that every heading that a paper looks for is there, with words below it."""
    for file, titles in NEEDED.items():
        for title in titles:
            if title not in panel.words[file]:
                raise WorkshopError(f"{folder}/{file}.md has no '## {title}': add it again.")
    for sections in panel.words.sections.values():
        for section in sections.values():
            if not section.text.strip():
                raise WorkshopError(f"{section.place}: there is nothing below '{section.title}'.")
    rows = {part.title for part in panel.planned_parts}
    for section in panel.words["script"].values():
        if section.title not in rows | {MISSING}:
            raise WorkshopError(
                f"{section.place}: '{section.title}' is not in the table of {folder}/run-sheet.md: "
                "use the same name in both."
            )


# --- The run sheet --------------------------------------------------------------------------------


def _parts(words: Words, folder: str) -> tuple[Part, ...]:
    """Return the rows of the run sheet with their themes and words, not yet timed."""
    table = words["run-sheet"].get("Minutes")
    if table is None:
        raise WorkshopError(f"{folder}/run-sheet.md has no '## Minutes': add it with its table.")
    rows = [block for block in prose.blocks(table.text) if block.kind == "row"]
    themes = themes_of(words)
    parts = [_part(table.at(r.line), r.cells, words["script"], themes) for r in rows]
    if not parts:
        raise WorkshopError(f"{table.place}: the table has no row: add the parts of the hour.")
    shown = [part.theme.title for part in parts if part.theme]
    if shown != [theme.title for theme in themes]:
        raise WorkshopError(
            f"{table.place}: the table must have one row for each of the {len(themes)} themes of "
            f"{folder}/questions.md, in order: Theme 1 to Theme {len(themes)}."
        )
    if len([part for part in parts if part.spare]) != 1:
        raise WorkshopError(
            f"{table.place}: one row, and only one, must have '+ spare' after its minutes."
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
    part = Part(
        title=title,
        minutes=0 if match[2] else int(match[1]),
        seconds=int(match[1]) if match[2] else 0,
        note=note,
        place=place,
        each=bool(match[2]),
        shared=bool(match[3]),
        spare=bool(match[4]),
    )
    if numbered := re.fullmatch(r"Theme (\d+)", title):
        if not 1 <= int(numbered[1]) <= len(themes):
            raise WorkshopError(
                f"{place}: there is no {title} in questions.md: it has {len(themes)}."
            )
        part = replace(part, theme=themes[int(numbered[1]) - 1])
        if part.lead_in < 0:
            raise WorkshopError(
                f"{part.theme.place}: the planned questions take {part.minutes - part.lead_in} "
                f"minutes, but {title} has {part.minutes} in {place}: put one in reserve or "
                "shorten it."
            )
        return part
    if title not in script:
        raise WorkshopError(f"{place}: '{title}' has no words: add '## {title}' to script.md.")
    screen = next((p.text.strip() for p in script[title].parts if p.title == SCREEN), "")
    if not screen:
        raise WorkshopError(
            f"{script[title].place}: '{title}' has no '### {SCREEN}': add it with a heading line."
        )
    return replace(part, words=script[title].head.strip(), screen=screen)


def _timed(panel: Panel, absent: list[Person]) -> Panel:
    """Return the panel with clock times, shares and rotation for those who are there.

    What the introductions of the absent would have taken goes to the part marked '+ spare'.
    """
    everybody = panel.panelists + panel.absent
    there = tuple(p for p in everybody if p not in absent)
    there = tuple(sorted(there, key=panel.agenda.people.index))

    def introductions(part: Part, people: int) -> int:
        return math.ceil(part.seconds * people / 60)

    freed = sum(
        introductions(part, len(everybody) + 1) - introductions(part, len(there) + 1)
        for part in panel.planned_parts
        if part.each
    )
    moment, asked, parts = panel.session.start, 0, []
    for part in panel.planned_parts:
        if part.each:
            part = replace(part, minutes=introductions(part, len(there) + 1))
        if part.spare:
            part = replace(part, minutes=part.minutes + freed)
        if part.shared:
            part = replace(part, seconds=share(part.minutes * 60, len(there)))
        part = replace(part, start=moment)
        if part.theme:
            part = replace(part, theme=_timed_theme(part, there, asked))
            asked += len(part.theme.planned)
        parts.append(part)
        moment = part.end
    missing = tuple(person for person in everybody if person in absent)
    return replace(panel, panelists=there, absent=missing, parts=tuple(parts))


def _timed_theme(part: Part, there: tuple[Person, ...], asked: int) -> Theme:
    moment, questions = later(part.start, part.lead_in), []
    for question in part.theme.questions:
        # Two thirds of a question are for first answers, the rest is for follow-ups.
        answer = share(question.minutes * 40, len(there))
        question = replace(question, answer=answer)
        if not question.reserve:
            first = asked % len(there)
            order = there[first:] + there[:first]
            question = replace(question, start=moment, order=order)
            moment, asked = question.end, asked + 1
        questions.append(question)
    return replace(part.theme, questions=tuple(questions))


def share(seconds: int, people: int) -> int:
    """Return one person's equal share in seconds, rounded down to a quarter of a minute."""
    return max(15, seconds // people // 15 * 15)


def _check_sum(panel: Panel, folder: str) -> None:
    total = sum(part.minutes for part in panel.parts)
    if total != panel.session.minutes:
        table = panel.words["run-sheet"]["Minutes"]
        raise WorkshopError(
            f"{table.place}: the minutes add up to {total} with {len(panel.people)} people to "
            f"introduce, but the panel of the edition '{panel.edition.key}' has "
            f"{panel.session.minutes} in workshop.toml: change one of them."
        )


def span(seconds: int) -> str:
    """Return a short time for people, such as '75 s' or '2 min'."""
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"
