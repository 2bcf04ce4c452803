"""Read the panel's words: prose under headings, themes and questions, from `panel/*.md`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import Path

from workshop import prose
from workshop.agenda import Person, later
from workshop.errors import WorkshopError
from workshop.references import read_references, reference_list, with_citations

FILES = ("run-sheet", "questions", "script", "tutorial", "moments", "brief", "audience", "bios")
LISTS = ("pre-call", "accessibility", "consent", "after", "sources")
SCREEN = "On the screen"
SCRIPTED = re.compile(r"(javascript|vbscript|data|file):", re.I)


@dataclass(frozen=True)
class Section:
    """The words below one heading of a file; `line` is the heading's line number."""

    title: str
    text: str
    file: str
    line: int

    @property
    def place(self) -> str:
        """Return where the heading stands, such as 'panel/bios.md:7'."""
        return self.at(0)

    def at(self, line: int) -> str:
        """Return where a line of the text stands."""
        return f"{self.file}:{self.line + line}"

    @property
    def parts(self) -> list[Section]:
        """Return the parts below `###` headings."""
        found = prose.sections(self.text, 3)
        return [Section(p.heading, p.text, self.file, self.line + p.line) for p in found]

    @property
    def head(self) -> str:
        """Return the words before the first `###`."""
        starts = [part.start for part in prose.sections(self.text, 3)]
        return self.text[: starts[0]].rstrip() if starts else self.text


@dataclass(frozen=True)
class Question:
    """A question as it is said; `order` (who answers) and `start` are empty in reserve."""

    number: str
    text: str
    minutes: int
    reserve: bool
    builds_on: str
    follow_ups: tuple[str, ...]
    listen_for: str
    answer: int = 0  # seconds of one answer
    order: tuple[Person, ...] = ()
    start: dt.datetime = dt.datetime.min

    @property
    def end(self) -> dt.datetime:
        """Return when it is over."""
        return later(self.start, self.minutes)


@dataclass(frozen=True)
class Theme:
    """A theme of the panel with its questions, planned and in reserve."""

    title: str
    screen: str
    lead_in: str
    seen: tuple[tuple[str, str], ...]  # title and text of findings of the tutorial
    questions: tuple[Question, ...]
    place: str

    @property
    def planned(self) -> list[Question]:
        """Return the questions on the run sheet."""
        return [question for question in self.questions if not question.reserve]

    @property
    def reserve(self) -> list[Question]:
        """Return the questions that have no minutes of their own on the run sheet."""
        return [question for question in self.questions if question.reserve]


class Sections(dict):
    """The sections of a file by heading; one that is not there is an error for a person."""

    def __init__(self, file: str):
        super().__init__()
        self.file = file

    def __missing__(self, title: str) -> Section:
        """Raise WorkshopError: somebody changed a heading that the papers look for."""
        raise WorkshopError(f"{self.file} has no '## {title}': add it.")


@dataclass(frozen=True)
class Words:
    """All words of the panel: `words[file][heading]` is a section.

    `blanks` are the places to fill in, as (place, what); `keys` are the works cited.
    """

    sections: dict[str, Sections]
    blanks: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]

    def __getitem__(self, file: str) -> Sections:
        """Return the sections of a file by heading."""
        return self.sections[file]

    def only(self, file: str) -> Section:
        """Return the only section of a file."""
        return next(iter(self.sections[file].values()))

    @property
    def references(self) -> str:
        """Return the works cited as a Markdown list."""
        return reference_list(list(self.keys), read_references())


def read_words(folder: Path, values: dict[str, str]) -> Words:
    """Return the words of every file.

    `{name}` in the words becomes `values[name]`. Raises WorkshopError, with file and line, for a
    missing or unreadable file, an empty or repeated heading, an unknown name in braces, and what
    no paper may hold.
    """
    sections, blanks, keys = {}, [], []
    for name in FILES + LISTS:
        sections[name] = _read(folder / f"{name}.md")
        for title, section in sections[name].items():
            keys += prose.citations(section.text)
            section = _filled(section, values)
            places = prose.pieces(section.text, "blank")
            blanks += [(section.at(piece.line), piece.token["raw"]) for piece in places]
            sections[name][title] = section
    return Words(sections, tuple(blanks), tuple(dict.fromkeys(keys)))


def _read(path: Path) -> Sections:
    """Return the file's sections as they stand there."""
    file = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise WorkshopError(f"{file} is missing: restore it from the repository.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{file} cannot be read: save it as UTF-8 text ({error}).") from None
    for block in prose.blocks(text):
        if block.open:
            raise WorkshopError(
                f"{file}:{block.line}: the code block that opens here has no end: close it."
            )
    found = Sections(file)
    for part in prose.sections(text):
        section = Section(part.heading, part.text, file, part.line)
        if not section.title:
            raise WorkshopError(f"{section.place}: the heading is empty: write one.")
        if section.title in found:
            raise WorkshopError(
                f"{section.place}: '{section.title}' stands in line {found[section.title].line} "
                "already: rename or join them."
            )
        if not section.text.strip():
            raise WorkshopError(
                f"{section.place}: there is nothing below '{section.title}': write it, or "
                "[own words: what is to come]."
            )
        found[section.title] = section
    if not found:
        raise WorkshopError(f"{file} has no heading that starts with '## ': add one.")
    return found


def _filled(section: Section, values: dict[str, str]) -> Section:
    """Put the values of workshop.toml into a section, and refuse what no paper may hold."""
    for line, name in prose.gaps(section.text):
        if name not in values:
            known = ", ".join(f"{{{name}}}" for name in values)
            raise WorkshopError(f"{section.at(line)}: {{{name}}} is not known: use one of {known}.")
    for piece in prose.pieces(section.text, "image", "link", "citation"):
        place = section.at(piece.line)
        if piece.kind == "image":
            raise WorkshopError(f"{place}: pictures cannot be printed here: leave it out.")
        if piece.kind == "link" and (match := SCRIPTED.match(piece.token["attrs"]["url"])):
            raise WorkshopError(
                f"{place}: a link must lead to a web or mail address, not to '{match[0]}': "
                "correct it."
            )
        if piece.kind == "citation":
            try:
                with_citations(piece.source, read_references())
            except WorkshopError as error:
                raise WorkshopError(f"{place}: {error}") from None
    text = with_citations(prose.fill(section.text, values.__getitem__), read_references())
    return replace(section, text=text.rstrip())


# --- Themes and questions -------------------------------------------------------------------------


def themes_of(words: Words) -> list[Theme]:
    """Return the themes of questions.md in order, with the findings that they build on.

    Raises WorkshopError, with file and line, for a theme without questions and a line out of place.
    """
    findings = {}
    for section in words["tutorial"].values():
        for block in prose.blocks(section.text):
            if block.kind != "item" or not block.label:
                raise WorkshopError(
                    f"{section.at(block.line)}: a finding is an item, '- **Title.** What was seen.'"
                )
            findings[block.label] = block.text
    sections = words["questions"].values()
    return [_theme(section, number, findings) for number, section in enumerate(sections, start=1)]


def _theme(section: Section, number: int, findings: dict[str, str]) -> Theme:
    """Return a theme from its section of questions.md."""
    said = _fields(replace(section, text=section.head), ["Seen", SCREEN, "Lead-in"], "paragraph")
    seen = [title.strip() for title in said["Seen"][0].split(";")]
    if unknown := [title for title in seen if title not in findings]:
        raise WorkshopError(
            f"{section.place}: '{unknown[0]}' under 'Seen' is no finding of tutorial.md: "
            f"choose from {'; '.join(findings)}."
        )
    if not section.parts:
        raise WorkshopError(
            f"{section.place}: the theme '{section.title}' has no question: add '### …' below it."
        )
    theme = Theme(
        title=section.title,
        screen=said[SCREEN][0],
        lead_in=said["Lead-in"][0],
        seen=tuple((title, findings[title]) for title in seen),
        questions=tuple(_question(f"{number}.{n}", p) for n, p in enumerate(section.parts, 1)),
        place=section.place,
    )
    if not theme.planned:
        raise WorkshopError(f"{section.place}: all questions are in reserve: plan at least one.")
    return theme


def _question(number: str, part: Section) -> Question:
    if not part.title:
        raise WorkshopError(f"{part.place}: the question is empty: write it after '###'.")
    said = _fields(part, ["Minutes", "Builds on", "Follow-up", "Listen for"], "item", "Follow-up")
    minutes = re.fullmatch(r"(\d+)(, in reserve)?", said["Minutes"][0])
    if not minutes or int(minutes[1]) == 0:
        raise WorkshopError(
            f"{part.place}: the minutes are '{said['Minutes'][0]}': write a number such as 5, "
            "or '5, in reserve'."
        )
    return Question(
        number=number,
        text=part.title,
        minutes=int(minutes[1]),
        reserve=bool(minutes[2]),
        builds_on=said["Builds on"][0],
        follow_ups=tuple(said["Follow-up"]),
        listen_for=said["Listen for"][0],
    )


def _fields(section: Section, keys: list[str], kind: str, many: str = "") -> dict[str, list[str]]:
    """Return what stands after each key, a paragraph or an item; only `many` may come twice."""
    mark = "- " if kind == "item" else ""
    said: dict[str, list[str]] = {key: [] for key in keys}
    for block in prose.blocks(section.text):
        key, _, words = " ".join(block.source.split()).partition(": ")
        if block.kind != kind or key not in said or not words:
            listed = ", ".join(f"'{mark}{key}: …'" for key in keys)
            raise WorkshopError(
                f"{section.at(block.line)}: below '{section.title}' stand only {listed}."
            )
        if said[key] and key != many:
            raise WorkshopError(f"{section.at(block.line)}: '{key}' stands there twice: keep one.")
        said[key].append(words)
    for key, found in said.items():
        if not found:
            raise WorkshopError(
                f"{section.place}: '{section.title}' has no '{mark}{key}: …': add that line."
            )
    return said
