"""Write a deck as one HTML file that opens anywhere without a request: reveal.js inside."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert as latex_to_mathml
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from workshop.agenda import Agenda, Edition
from workshop.deck.prepare import prepare
from workshop.errors import WorkshopError
from workshop.files import whole
from workshop.fonts import code_face, reveal_folder, text_faces, with_font
from workshop.paths import THEME
from workshop.prose import with_html_pictures

TEMPLATES = Path(__file__).parent / "templates"


class Renderer(IPythonRenderer):
    """Render Markdown with formulas as MathML and pictures inside the page."""

    def __init__(self, folder: Path, attachments: dict):
        super().__init__(escape=False, attachments=attachments, exclude_anchor_links=True)
        self.folder = folder

    def inline_math(self, body: str) -> str:
        """Render a formula in a line of text."""
        return mathml(body)

    def block_math(self, body: str) -> str:
        """Render a formula on a line of its own."""
        return mathml(body, display="block")

    def latex_environment(self, name: str, body: str) -> str:
        """Render a formula such as an aligned system of equations."""
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display="block")

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Render a picture from its file or attachment."""
        if url.startswith("attachment:"):
            return super().image(text, "attachment:" + unquote(url[11:]), title)
        return super().image(text, embedded(url, self.folder), title)

    def block_html(self, html: str) -> str:
        """Render a block of HTML, its pictures inside."""
        return super().block_html(self._embed(html))

    def inline_html(self, html: str) -> str:
        """Render HTML in a line of text, its pictures inside."""
        return super().inline_html(self._embed(html))

    def _embed(self, text: str) -> str:
        return with_html_pictures(text, lambda p: embedded(p.address, self.folder))


class DeckExporter(HTMLExporter):
    """Export a prepared deck with the kit's own template."""

    def __init__(self, folder: Path):
        super().__init__(
            template_name="deck", extra_template_basedirs=[str(TEMPLATES)], embed_images=True
        )
        self.folder = folder

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """Render Markdown; overrides nbconvert's filter of this name."""
        attachments = context.get("cell", {}).get("attachments", {})
        return MarkdownWithMath(renderer=Renderer(self.folder, attachments)).render(source)

    def default_filters(self):
        """Add the filter `mathml` for LaTeX outputs."""
        yield from super().default_filters()
        yield "mathml", lambda latex: mathml(latex.strip().strip("$"), display="block")


def export(executed: Path, target: Path, folder: Path, agenda: Agenda, edition: Edition, deck: str):
    """Write the executed deck as HTML for an edition.

    `folder` is where the deck's pictures are looked up; `deck` its path as in workshop.toml.
    Raises WorkshopError when a picture is missing.
    """
    notebook = nbformat.read(executed, as_version=4)
    source = notebook.metadata.get("executed", {}).get("source")
    page = to_html(prepare(notebook, agenda, edition, deck, source), folder, deck)
    with whole(target) as temporary:
        temporary.write_text(page, encoding="utf-8")


def to_html(notebook: NotebookNode, folder: Path, deck: str) -> str:
    """Return a prepared deck as one HTML page."""
    # nbconvert guesses images in outputs; without a path it cannot read a stranger's files.
    resources = {"deck": {"styles": _styles(), "scripts": _scripts()}}
    try:
        return DeckExporter(folder).from_notebook_node(notebook, resources)[0]
    except WorkshopError as error:
        raise WorkshopError(f"{deck}: {error}") from None


def embedded(url: str, folder: Path) -> str:
    """Return a picture's address as a data URI.

    Raises WorkshopError when the file is missing or the address is on the network.
    """
    if url.startswith("data:"):
        return url
    if re.match(r"(?i)[a-z][a-z+.-]*:|//", url):
        raise WorkshopError(
            f"the picture {url} is on the network, and an export must open without one: "
            "save it beside the deck."
        )
    path = folder / unquote(url)
    try:
        data = path.read_bytes()
    except OSError:
        raise WorkshopError(f"the picture {url} is not there: correct its path.") from None
    if path.suffix.lower() == ".svg":
        data = with_font(data.decode("utf-8")).encode()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@cache
def mathml(latex: str, display: str = "inline") -> str:
    """Return LaTeX as MathML; where it cannot be converted, the LaTeX itself as text."""
    try:
        return latex_to_mathml(latex, display=display)
    except Exception:  # latex2mathml has no common base of its errors
        return f"<code>{html.escape(latex)}</code>"


@cache
def _styles() -> list[str]:
    dist = reveal_folder() / "dist"
    files = [dist / "reset.css", dist / "reveal.css", TEMPLATES / "deck/deck.css", THEME]
    return [text_faces() + code_face(), *(path.read_text(encoding="utf-8") for path in files)]


@cache
def _scripts() -> list[str]:
    folder = reveal_folder()
    files = [
        folder / "dist/reveal.js",
        folder / "plugin/notes/notes.js",
        TEMPLATES / "deck/room.js",
        TEMPLATES / "deck/deck.js",
    ]
    # A script ends at the first "</script", wherever it stands.
    return [re.sub(r"</(script)", r"<\\/\1", path.read_text(encoding="utf-8")) for path in files]
