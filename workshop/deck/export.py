"""Write a deck as one HTML file that opens anywhere without a request: reveal.js inside."""

from __future__ import annotations

import base64
import os
import re
from functools import cache
from html import escape
from pathlib import Path

import nbformat
from jinja2 import pass_context
from mistune import HTMLRenderer
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from workshop.agenda import Agenda, Edition
from workshop.deck.draw import draw, needs_drawing
from workshop.deck.freeze import FORMULA, Frozen, freeze
from workshop.deck.hide import hide
from workshop.deck.look import TEMPLATES, Look, guest_style, look_of
from workshop.deck.markup import inner, parsed, set_apart
from workshop.deck.media import Media
from workshop.deck.outputs import settle
from workshop.deck.prepare import prepare
from workshop.deck.read import slides_of
from workshop.deck.report import Report
from workshop.errors import WorkshopError
from workshop.files import whole
from workshop.fonts import reveal_folder
from workshop.pages import environment
from workshop.paths import ROOT, is_ours

WIDTH = 1152  # pixels of a slide between its margins
SPACED = (  # a picture in Markdown whose address has spaces, as Jupyter takes it
    r"!\[(?P<spaced_alt>[^\]\n]*)\]"
    r"\((?P<spaced_url>[^()<>\"\s][^()<>\"\n]* [^()<>\"\n]*[^()<>\"\s])"
    r"(?:\s+\"(?P<spaced_title>[^\"\n]*)\")?\s*\)"
)


def export(
    executed: Path, target: Path, folder: Path, agenda: Agenda, edition: Edition, deck: str
) -> Report:
    """Write the executed deck as HTML for an edition, and tell what was done to it.

    `folder` is where the deck's pictures are looked up; `deck` its path as in workshop.toml.
    Raises WorkshopError for a mistake in a deck of the kit, such as a picture that is missing.
    """
    notebook = nbformat.read(executed, as_version=4)
    source = notebook.metadata.get("executed", {}).get("source")
    report = Report()
    page = to_html(prepare(notebook, agenda, edition, deck, source), folder, deck, report)
    with whole(target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return report


def to_html(
    notebook: NotebookNode,
    folder: Path,
    deck: str,
    report: Report | None = None,
    as_it_is: bool = False,
) -> str:
    """Return a prepared deck as one HTML page; `report` is told what was done to it.

    `as_it_is` refuses nothing of a deck of the kit, such as one that was edited live: what is too
    full is fitted.
    """
    report = Report() if report is None else report
    try:
        return _Writing(notebook, folder, deck, report, as_it_is).page()
    except WorkshopError as error:
        raise WorkshopError(f"{deck}: {error}") from None


def slides_html(notebook: NotebookNode, folder: Path, deck: str) -> str:
    """Return a prepared deck's slides as sections of HTML, without a page around them."""
    _, frozen = _Writing(notebook, folder, deck, Report(), as_it_is=False).slides()
    letters = f'<svg class="formula-letters" aria-hidden="true">{frozen.glyphs}</svg>'
    return (letters if frozen.glyphs else "") + frozen.slides


class _Writing:
    """The writing of one page: what its cells share."""

    def __init__(
        self, notebook: NotebookNode, folder: Path, deck: str, report: Report, as_it_is: bool
    ):
        self.notebook, self.deck, self.report = notebook, deck, report
        self.ours = is_ours(ROOT / deck)
        self.refuses = self.ours and not as_it_is
        self.strict = self.refuses or os.environ.get("STRICT") == "1"
        self.media = Media(folder, online=not self.refuses, leave_out=self.leave_out)
        self.taken: set[str] = set()  # ids of drawings
        hide(notebook, self.ours)
        self.slide_of = {
            cell.id: number
            for number, slide in enumerate(slides_of(notebook), start=1)
            for cell in slide.cells
        }
        self.folder = folder

    def page(self) -> str:
        """Return the page."""
        look, frozen = self.slides()
        self.tell(frozen)
        return (
            environment(TEMPLATES)
            .get_template("page.html.j2")
            .render(
                deck=self.notebook.metadata.workshop,
                look=look,
                slides=frozen.slides,
                glyphs=frozen.glyphs,
                report=self.report,
                strict=self.strict,
                note=self.notebook.metadata.get("executed", {}).get("note", ""),
                scripts=_scripts(),
            )
        )

    def slides(self) -> tuple[Look, Frozen]:
        """Return how the deck looks, and its slides with what they show inside."""
        if not self.slide_of:
            raise WorkshopError("every cell is hidden: there is nothing to show.")
        settle(self.notebook, lambda what, cell: self.leave_out(f"{self.where(cell)}{what}"))
        self.outputs()
        look = look_of(self.notebook, self.folder, Path(self.deck).stem, self.media, self.ours)
        if self.ours and not self.strict:
            look.styles.insert(0, guest_style())
        if not self.ours and look.ours:  # our layouts are for our tags
            for cell in self.notebook.cells:
                cell.metadata.pop("tags", None)
        slides = DeckExporter(self).from_notebook_node(self.notebook)[0]
        macros = self.notebook.metadata.workshop.get("macros", "")
        formulas = bool(FORMULA.search(slides))
        frozen = Frozen(slides, "", [], {}, [], 0)
        if formulas or not self.strict:
            frozen = freeze(slides, look.styles, formulas, not self.strict, macros)
        return look, frozen

    def tell(self, frozen: Frozen) -> None:
        """Put into the report what became of the slides."""
        report = self.report
        report.slides = len(slides_of(self.notebook)) - frozen.empty
        report.fitted, report.continued = frozen.fitted, frozen.continued
        if frozen.empty:
            plural = "s have" if frozen.empty > 1 else " has"
            report.notes.append(f"{frozen.empty} slide{plural} nothing to show: no page for them.")
        for slide in frozen.cut:
            report.leave_out(
                f"slide {slide} is too long for paper: whole on screen, cut in the PDF"
            )

    def where(self, cell: NotebookNode) -> str:
        """Return the beginning of a sentence about a cell."""
        return f"slide {self.slide_of.get(cell.id, '?')}, cell '{cell.id}': "

    def leave_out(self, what: str) -> None:
        """Tell what is not on the page; in the kit's own decks that is an error."""
        if self.refuses:
            raise WorkshopError(f"{what}.")
        self.report.leave_out(what)

    def outputs(self) -> None:
        """Close the HTML of outputs, embed what they show, and draw what scripts draw."""
        to_draw: list[tuple[NotebookNode, NotebookNode]] = []
        for cell in self.notebook.cells:
            bodies = {
                number: parsed(output.data["text/html"])
                for number, output in enumerate(cell.get("outputs", []))
                if "text/html" in output.get("data", {})
            }
            scripted = not self.refuses and any(map(needs_drawing, bodies.values()))
            for number, body in bodies.items():
                output = cell.outputs[number]
                # A script may draw into an empty place that another output has made.
                empty = not body.get_text(strip=True) and not body.find(["img", "svg", "video"])
                drawn = scripted and (empty or needs_drawing(body))
                output.data["text/html"] = inner(self.settled(body, cell, frames=not drawn))
                if drawn:
                    to_draw.append((cell, output))
        found = draw([o.data["text/html"] for _, o in to_draw], WIDTH) if to_draw else []
        drawings = list(zip(to_draw, found, strict=True))
        for (cell, output), drawing in drawings:
            html = drawing.html or self.instead(output, cell)
            output.data["text/html"] = inner(self.settled(parsed(html), cell))
            if not drawing.html and not any(d.html for (c, _), d in drawings if c is cell):
                reason = f": {drawing.reason}" if drawing.reason else ""
                self.leave_out(f"{self.where(cell)}what its script draws{reason}")
        if pictures := sum(drawing.is_picture for drawing in found):
            plural = "s are" if pictures > 1 else " is"
            self.report.notes.append(
                f"{pictures} drawing{plural} shown as a picture, without controls."
            )

    def instead(self, output: NotebookNode, cell: NotebookNode) -> str:
        """Return what stands in for an output whose script drew nothing: picture, link or text."""
        spare = output.metadata.get("spare", {})
        if kind := next((kind for kind in spare if kind.startswith("image/")), None):
            return self.picture(NotebookNode(data=spare, metadata={}), kind, cell)
        body = parsed(output.data["text/html"])
        for tag in body.select("script, iframe[srcdoc]"):
            tag.decompose()
        if frames := [tag["src"] for tag in body.find_all("iframe") if tag.get("src")]:
            links = (
                f'<a class="left-out" href="{escape(url)}">{escape(url)}</a>' for url in frames
            )
            return "<br>".join(links)
        text = spare.get("text/plain", "")
        shown = text if text and not text.startswith("<IPython") else ""
        return f'<pre class="left-out">{escape(shown)}</pre>' if shown else ""

    def settled(self, body, cell: NotebookNode, frames: bool = True):
        """Return a cell's parsed HTML with everything that it shows inside."""
        self.media.embed(body, self.where(cell), cell.get("attachments"), frames)
        set_apart(body, self.taken)
        return body

    def markdown(self, source: str, cell: NotebookNode) -> str:
        """Return Markdown as HTML, closed on itself; Jupyter runs no script of a text."""
        body = parsed(markdown().render(source))
        for script in body.find_all("script"):
            script.decompose()
        return inner(self.settled(body, cell))

    def raw(self, cell: NotebookNode) -> str:
        """Return a raw cell: HTML where it says so, else its text."""
        kind = cell.metadata.get("raw_mimetype", cell.metadata.get("format", ""))
        if kind == "text/html":
            return inner(self.settled(parsed(cell.source), cell))
        return f"<pre>{escape(cell.source)}</pre>"

    def picture(self, output: NotebookNode, kind: str, cell: NotebookNode) -> str:
        """Return a picture in an output, with the alternative text that it or its cell gives."""
        image = parsed("<img>").img
        data = output.data[kind]
        if kind == "image/svg+xml":
            data = base64.b64encode(data.encode()).decode()
        facts = {**output.get("metadata", {}), **output.get("metadata", {}).get(kind, {})}
        image["src"] = f"data:{kind};base64,{''.join(data.split())}"
        for key in ("width", "height"):
            if str(facts.get(key, "")).isdigit():
                image[key] = str(facts[key])
        image["alt"] = str(
            facts.get("alt") or cell.metadata.get("alt") or "Figure drawn by this cell"
        )
        return str(image)


class DeckExporter(HTMLExporter):
    """Write a prepared deck's slides with the kit's own template."""

    def __init__(self, writing: _Writing):
        super().__init__(template_name="deck", extra_template_basedirs=[str(TEMPLATES.parent)])
        self.writing = writing

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """Render Markdown; overrides nbconvert's filter of this name."""
        return self.writing.markdown(source, context["cell"])

    def default_filters(self):
        """Add the filters that close HTML on itself and embed what it shows."""
        yield from super().default_filters()
        yield "filter_data_type", lambda data: list(data)[:1]
        yield "ansi2html", lambda text: readable(ansi2html(text))
        yield "picture", self.writing.picture
        yield "raw", self.writing.raw
        yield "notes", lambda cell: self.writing.markdown(cell.source, cell)
        yield "slide_data", slide_data

    def from_notebook_node(self, nb: NotebookNode, resources: dict | None = None, **more):
        """Convert; unlike nbconvert, do not parse the whole page again."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
        return TemplateExporter.from_notebook_node(
            self, nb, self._init_resources(resources), **more
        )


class Renderer(IPythonRenderer):
    """Render Markdown as Jupyter does; pictures are embedded later, with those of HTML."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Render a picture with its address as it is."""
        return HTMLRenderer.image(self, text, url, title)


def markdown() -> MarkdownWithMath:
    """Return a reader of Jupyter's Markdown that leaves formulas for MathJax."""
    reader = MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True))
    # Jupyter takes an address with spaces; the standard wants them written as %20.
    reader.inline.register("spaced_image", SPACED, _spaced_image, before="link")
    return reader


def _spaced_image(inline, found: re.Match, state) -> int:
    facts = {"url": found["spaced_url"], "title": found["spaced_title"]}
    children = [{"type": "text", "raw": found["spaced_alt"]}]
    state.append_token({"type": "image", "children": children, "attrs": facts})
    return found.end()


def slide_data(cell: NotebookNode) -> str:
    """Return reveal's attributes of a slide, such as a background (`slideshow.data`)."""
    data = cell.metadata.get("slideshow", {}).get("data")
    pairs = {re.sub(r"[^a-z0-9-]+", "-", str(k).lower()): v for k, v in (data or {}).items()}
    return "".join(f' data-{key}="{escape(str(value))}"' for key, value in pairs.items())


def readable(html: str) -> str:
    """Return a terminal's text with its own colours darkened until they can be read on white."""

    def darker(found: re.Match) -> str:
        colour = [int(part) for part in found[1].split(",")]
        while (1.05) / (_luminance(colour) + 0.05) < 4.5:
            colour = [int(part * 0.9) for part in colour]
        return f"color: rgb({','.join(map(str, colour))})"

    return re.sub(r"(?<!-)color: rgb\(([\d,]+)\)", darker, html)


def _luminance(colour: list[int]) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    shares = [part / 255 for part in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@cache
def _scripts() -> list[str]:
    folder = reveal_folder()
    files = [folder / "dist/reveal.js", folder / "plugin/notes/notes.js"]
    files += [TEMPLATES / "room.js", TEMPLATES / "deck.js"]
    # A script ends at the first "</script", wherever it stands.
    return [re.sub(r"</(script)", r"<\\/\1", path.read_text(encoding="utf-8")) for path in files]
