"""Make a model card: numbers that a notebook computed, in words that a person wrote.

The sections are those of Mitchell et al. (2019), https://doi.org/10.1145/3287560.3287596; the
datasheet that stands beside a card is after Gebru et al. (2021), https://doi.org/10.1145/3458723.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from workshop import prose
from workshop.data import SOURCES
from workshop.errors import WorkshopError
from workshop.files import whole
from workshop.fonts import text_faces
from workshop.markdown import to_html
from workshop.pages import template
from workshop.paths import ROOT
from workshop.teach.look import Chart, Html, look_of

TEMPLATES = Path(__file__).parent / "templates/modelcard"
DATASHEET = "data/README.md"
SECTIONS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
)
PLAN = "Monitoring plan"  # not one of the nine: it goes with the card
SHOWN = ("Intended use", "Quantitative analyses", "Caveats and recommendations")  # on a slide
RESULTS = ("stays", "readmitted", "selection rate", "false negative rate", "low", "high")


# --- The words ------------------------------------------------------------------------------------


def read_words(name: str) -> dict[str, str]:
    """Return the Markdown below each `##` heading of a file of the kit, by heading.

    `name` is a path from the kit's folder; the text of the `#` heading is under "Title". Raises
    WorkshopError where the file is missing or unreadable, or a heading is empty or there twice.
    """
    try:
        text = (ROOT / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorkshopError(f"{name} cannot be read: restore it ({error}).") from None
    words = {"Title": next((section.title for section in prose.sections(text, 1)), "")}
    for section in prose.sections(text):
        heading, body = section.heading, section.text.strip()
        if heading in words or not body:
            raise WorkshopError(f"{name}: '{heading}' is empty or stands there twice: correct it.")
        words[heading] = body
    return words


def fill(text: str, facts: Mapping[str, Any]) -> str:
    """Return the words with `{name}` replaced by the fact: 1,234 for counts, 0.12 for rates.

    Raises WorkshopError for a name that is not among the facts.
    """

    def fact(name: str) -> str:
        if name not in facts:
            known = ", ".join(facts)
            raise WorkshopError(f"There is no fact '{name}': compute it, or use one of {known}.")
        value = facts[name]
        return value if isinstance(value, str) else f"{value:,.{0 if value % 1 == 0 else 2}f}"

    return prose.fill(text, fact)


def written(text: str, facts: Mapping[str, Any]) -> Html:
    """Show a person's words on a slide, with the facts filled in."""
    html = str(to_html(fill(text, facts)))
    # The theme sets the tables of outputs for numbers; these hold sentences.
    cell = r'<\1 style="text-align: left; white-space: normal"'
    return Html(re.sub(r"<(td|th)\b", cell, html))


def datasheet(source: str, *questions: str) -> Html:
    """Show some answers of the datasheet on a slide: the first paragraph below each question.

    `source` is "real" or "synthetic": each has a sheet of its own in `data/README.md`. Raises
    WorkshopError for a question that the sheet does not answer.
    """
    heading = f"The {_data(source)[0].lower()}"
    paragraphs = prose.blocks(read_words(DATASHEET)[heading])
    answers = {block.label: to_html(block.text) for block in paragraphs if block.label}
    if missing := [question for question in questions if question not in answers]:
        where, known = f"{DATASHEET}, '{heading}'", ", ".join(answers)
        raise WorkshopError(f"{where} has no answer to '{missing[0]}': ask for one of {known}.")
    rows = [(question, answers[question]) for question in questions]
    return Html(template(TEMPLATES, "datasheet").render(rows=rows))


def _data(source: str) -> tuple[str, str]:
    if source not in SOURCES:
        raise WorkshopError(f"A card cannot say that it ran on '{source}': real or synthetic?")
    return SOURCES[source]


# --- The card -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelCard:
    """A model card that shows on a slide and can be written as a page.

    `words`: the sections as Markdown, filled in; `by_group`: one row per group with the columns
    RESULTS; `source`: which data it ran on; `chart`: a picture of the results, or None.
    """

    words: dict[str, str]
    by_group: pd.DataFrame
    source: str
    chart: Chart | None = None

    def rewritten(self, words: Mapping[str, str]) -> ModelCard:
        """Return the card with some sections in other words.

        Raises WorkshopError for a section that a card does not have.
        """
        if unknown := [title for title in words if title not in self.words]:
            known = ", ".join(SECTIONS)
            raise WorkshopError(f"A card has no section '{unknown[0]}': write one of {known}.")
        return replace(self, words=self.words | dict(words))

    def page(self) -> str:
        """Return the whole card as one HTML page that needs nothing else."""
        style = text_faces((400, "normal"), (600, "normal"))
        style += (TEMPLATES / "page.css").read_text(encoding="utf-8")
        return self._filled("page", style=Markup(style))

    def write(self, name: str = "model-card.html") -> Path:
        """Write the page beside the open notebook, print where, and return its path.

        In the kit's own folders, which git watches, it goes to `build/` instead.
        """
        path = Path.cwd() / name
        if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "build"):
            path = ROOT / "build" / Path(name).name
        with whole(path) as temporary:
            temporary.write_text(self.page(), encoding="utf-8")
        print(f"The card is in {path}")
        return path

    def _repr_html_(self) -> str:
        page = base64.b64encode(self.page().encode()).decode()
        return self._filled("slide", page=page)

    def _filled(self, name: str, **more: object) -> str:
        groups = self.by_group.rename(columns=lambda column: column.replace(" ", "_"))
        return template(TEMPLATES, name).render(
            words=self.words,
            sections=SECTIONS,
            shown=SHOWN,
            plan=PLAN,
            groups=[(look_of(group), row) for group, row in groups.iterrows()],
            source=self.source,
            data=_data(self.source),
            chart=self.chart,
            **more,
        )


def model_card(
    words: Mapping[str, str],
    facts: Mapping[str, Any],
    by_group: pd.DataFrame,
    source: str,
    chart: Chart | None = None,
) -> ModelCard:
    """Return the card with a person's words, the computed facts in their gaps, and the results.

    words: Markdown by section (`read_words`), all nine, and a monitoring plan if there is one;
    by_group: rates (0 to 1) and counts with the columns RESULTS, one row per group. Raises
    WorkshopError where a section, a fact, a column or the source is missing.
    """
    _data(source)
    if missing := [name for name in ("Title", *SECTIONS) if not words.get(name)]:
        raise WorkshopError(f"The card has no words for '{missing[0]}': somebody must write them.")
    if missing := [column for column in RESULTS if column not in by_group]:
        raise WorkshopError(f"The results have no column '{missing[0]}': a card needs it by group.")
    filled = {
        name: fill(words[name], facts) for name in ("Title", *SECTIONS, PLAN) if name in words
    }
    return ModelCard(filled, by_group, source, chart)
