"""Read the panel's words: prose under headings, themes and questions, from `panel/*.md`."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import Path

from workshop.agenda import Person, later
from workshop.errors import WorkshopError
from workshop.references import cited, read_references, reference_list, with_citations

FILES = (
    "run-sheet",
    "questions",
    "bios",
    "script",
    "tutorial",
    "moments",
    "pre-call",
    "accessibility",
    "consent",
    "after",
    "brief",
    "audience",
    "sources",
)
SCREEN = "On the screen"
FENCE = re.compile(r"^ {0,3}(```|~~~)")
BLANK = re.compile(r"\[(fill in|own words): ([^\]]+)\]")
SCRIPTED_LINK = re.compile(r"(\]\(|\]:)\s*<?\s*(javascript|vbscript|data|file)\s*:", re.I)


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
        return f"{self.file}:{self.line}"

    def split(self, title: str) -> tuple[str, str]:
        """Return the words without the `###` part of that title, and the words of that part."""
        head, _, tail = self.text.partition(f"\n### {title}\n")
        return head.strip(), tail.strip()


@dataclass(frozen=True)
class Question:
    """A question as it is said; `order` and `start` are empty when it is in reserve."""

    number: str
    text: str
    minutes: int
    reserve: bool
    builds_on: str
    follow_ups: tuple[str, ...]
    listen_for: str
    answer: int = 0  # seconds of one first answer
    order: tuple[Person, ...] = ()
    start: dt.datetime | None = None

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


@dataclass(frozen=True)
class Words:
    """All words of the panel: `words[file][heading]` is a section.

    `blanks` are the places to fill in, as (place, what); `keys` are the works cited.
    """

    sections: dict[str, dict[str, Section]]
    blanks: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]

    def __getitem__(self, file: str) -> dict[str, Section]:
        """Return the sections of a file by heading."""
        return self.sections[file]

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
    for name in FILES:
        sections[name] = {}
        for section in _read(folder / f"{name}.md"):
            lines = []
            for number, line in enumerate(section.text.splitlines(), start=section.line + 1):
                place = f"{section.file}:{number}"
                keys += cited(line)
                lines.append(_filled(line, values, place))
                blanks += [(place, match[2]) for match in BLANK.finditer(lines[-1])]
            sections[name][section.title] = replace(section, text="\n".join(lines))
    return Words(sections, tuple(blanks), tuple(dict.fromkeys(keys)))


def _read(path: Path) -> list[Section]:
    """Return the file's sections as they stand there."""
    file = f"{path.parent.name}/{path.name}"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise WorkshopError(f"{file} is missing: restore it from the repository.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{file} cannot be read: save it as UTF-8 text ({error}).") from None
    found: list[tuple[str, int, list[str]]] = []
    fence = 0
    for number, line in enumerate(lines, start=1):
        if FENCE.match(line):
            fence = 0 if fence else number
        if line.startswith("## ") and not fence:
            found.append((line[3:].strip(), number, []))
        elif found:
            found[-1][2].append(line)
    if fence:
        raise WorkshopError(f"{file}:{fence}: the code block that opens here has no end: close it.")
    if not found:
        raise WorkshopError(f"{file} has no heading that starts with '## ': add one.")
    sections = [Section(title, "\n".join(body).rstrip(), file, line) for title, line, body in found]
    _check_titles(sections)
    return sections


def _filled(line: str, values: dict[str, str], place: str) -> str:
    """Put the values of workshop.toml into a line, and refuse what no paper may hold."""
    if "![" in line:
        raise WorkshopError(f"{place}: pictures cannot be printed here: leave it out.")
    if match := SCRIPTED_LINK.search(line):
        raise WorkshopError(
            f"{place}: a link must lead to a web or mail address, not to '{match[2]}:': correct it."
        )
    if cited(line):
        try:
            line = with_citations(line, read_references())
        except WorkshopError as error:
            raise WorkshopError(f"{place}: {error}") from None

    def value(match: re.Match) -> str:
        if match[1] not in values:
            known = ", ".join(f"{{{name}}}" for name in values)
            raise WorkshopError(f"{place}: {match[0]} is not known: use one of {known}.")
        return values[match[1]]

    return re.sub(r"\{(\w+)\}", value, line)


def _check_titles(sections: list[Section]) -> None:
    first: dict[str, Section] = {}
    for section in sections:
        if not section.title:
            raise WorkshopError(f"{section.place}: the heading is empty: write one.")
        if section.title in first:
            raise WorkshopError(
                f"{section.place}: '{section.title}' stands in line {first[section.title].line} "
                "already: rename or join them."
            )
        first[section.title] = section


# --- Themes and questions -------------------------------------------------------------------------


def themes_of(words: Words) -> list[Theme]:
    """Return the themes of questions.md in order, with the findings that they build on.

    Raises WorkshopError, with file and line, for a theme without questions and a line out of place.
    """
    findings = _findings(words["tutorial"])
    sections = words["questions"].values()
    return [_theme(section, number, findings) for number, section in enumerate(sections, start=1)]


def _findings(sections: dict[str, Section]) -> dict[str, str]:
    """Return the tutorial's findings: text by bold title."""
    found = {}
    for section in sections.values():
        for number, line in enumerate(section.text.splitlines(), start=section.line + 1):
            if match := re.fullmatch(r"- \*\*(.+?)\.?\*\* (.+)", line):
                found[match[1]] = match[2]
            elif line.strip():
                raise WorkshopError(
                    f"{section.file}:{number}: a finding is one line, '- **Title.** What was seen.'"
                )
    return found


def _theme(section: Section, number: int, findings: dict[str, str]) -> Theme:
    """Return a theme from its section of questions.md."""
    fields = {SCREEN: "", "Lead-in": "", "Seen": ""}
    questions: list[tuple[str, int, list[tuple[int, str]]]] = []
    for line_number, line in enumerate(section.text.splitlines(), start=section.line + 1):
        if line.startswith("### "):
            questions.append((line[4:].strip(), line_number, []))
        elif questions:
            questions[-1][2].append((line_number, line))
        elif line.strip():
            key, colon, text = line.partition(":")
            if not colon or key not in fields:
                raise WorkshopError(
                    f"{section.file}:{line_number}: a theme begins with '{SCREEN}: …', "
                    "'Lead-in: …' and 'Seen: …', each in one line."
                )
            fields[key] = text.strip()
    for key, text in fields.items():
        if not text:
            raise WorkshopError(f"{section.place}: the theme has no '{key}: …': add that line.")
    seen = [title.strip() for title in fields["Seen"].split(";")]
    if unknown := [title for title in seen if title not in findings]:
        raise WorkshopError(
            f"{section.place}: '{unknown[0]}' under 'Seen' is no finding of tutorial.md: "
            f"choose from {'; '.join(findings)}."
        )
    if not questions:
        raise WorkshopError(
            f"{section.place}: the theme '{section.title}' has no question: add '### …' below it."
        )
    theme = Theme(
        title=section.title,
        screen=fields[SCREEN],
        lead_in=fields["Lead-in"],
        seen=tuple((title, findings[title]) for title in seen),
        questions=tuple(
            _question(f"{number}.{n}", text, f"{section.file}:{line}", section.file, lines)
            for n, (text, line, lines) in enumerate(questions, start=1)
        ),
        place=section.place,
    )
    if not theme.planned:
        raise WorkshopError(f"{section.place}: all questions are in reserve: plan at least one.")
    return theme


def _question(
    number: str, text: str, place: str, file: str, lines: list[tuple[int, str]]
) -> Question:
    said: dict[str, list[str]] = {"Minutes": [], "Builds on": [], "Follow-up": [], "Listen for": []}
    for line_number, line in lines:
        if not line.strip():
            continue
        key, colon, words = line.removeprefix("- ").partition(":")
        if not line.startswith("- ") or not colon or key not in said or not words.strip():
            raise WorkshopError(
                f"{file}:{line_number}: below a question, each line is one of "
                + ", ".join(f"'- {name}: …'" for name in said)
                + "."
            )
        if key != "Follow-up" and said[key]:
            raise WorkshopError(f"{file}:{line_number}: '{key}' stands there twice: keep one.")
        said[key].append(words.strip())
    if not text:
        raise WorkshopError(f"{place}: the question is empty: write it after '###'.")
    for key, words in said.items():
        if not words:
            raise WorkshopError(f"{place}: the question has no '- {key}: …': add that line.")
    minutes = re.fullmatch(r"(\d+)(, in reserve)?", said["Minutes"][0])
    if not minutes or int(minutes[1]) == 0:
        raise WorkshopError(
            f"{place}: the minutes are '{said['Minutes'][0]}': write a number such as 5, "
            "or '5, in reserve'."
        )
    return Question(
        number=number,
        text=text,
        minutes=int(minutes[1]),
        reserve=bool(minutes[2]),
        builds_on=said["Builds on"][0],
        follow_ups=tuple(said["Follow-up"]),
        listen_for=said["Listen for"][0],
    )
