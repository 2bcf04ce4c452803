"""Print an exported deck, one page a slide; in the kit's own decks no slide may overflow."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, TimeoutError
from pypdf import PdfReader

from workshop.deck.browser import launched
from workshop.deck.report import Report
from workshop.errors import WorkshopError
from workshop.files import whole

# Waits until a page is drawn; afterwards the page has the functions of print.js.
READY = (Path(__file__).parent / "templates/deck/print.js").read_text(
    encoding="utf-8"
) + "\ndrawn();"
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")  # of one slide


def print_pdf(page_html: Path, target: Path, deck: str, report: Report | None = None) -> int:
    """Print the exported deck as a tagged PDF with bookmarks; return its number of pages.

    Of a stranger's deck, `report` is told what is cut and which scripts fail. Raises WorkshopError
    with deck, slide, cell and pixels when a slide of the kit (or any, with STRICT=1) overflows, and
    when the pages are not those that the deck has to have.
    """
    report = Report() if report is None else report
    with launched() as browser, whole(target) as temporary:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error).splitlines()[0]))
        try:
            page.goto(f"{page_html.resolve().as_uri()}?view=print")
            _wait(page, deck, errors)
            counts = page.evaluate("() => counts()")
            if overflow := page.evaluate("() => overflow()"):
                _tell(overflow, deck, counts["strict"], report)
            page.pdf(
                path=temporary,
                prefer_css_page_size=True,
                print_background=True,
                tagged=True,
                outline=True,
            )
        finally:
            page.close()
        for error in dict.fromkeys(errors):
            report.leave_out(f"what a script of the page would do, which fails: {error}")
        if counts["strict"] and errors:
            raise WorkshopError(f"{deck}: a script of the page fails: {errors[0]}.")
        return _counted(len(PdfReader(temporary).pages), counts, deck)


def _wait(page: Page, deck: str, errors: list[str]) -> None:
    """Wait until everything is drawn."""
    try:
        page.wait_for_selector(".pdf-page", state="attached")
    except TimeoutError:
        reason = errors[0] if errors else "no page appeared"
        raise WorkshopError(
            f"{deck}: the slides do not start in the print view ({reason}): "
            "does an output bring a script of its own?"
        ) from None
    page.evaluate(READY)
    page.evaluate("() => showAll()")


def _tell(overflow: list, deck: str, strict: bool, report: Report) -> None:
    if strict:
        raise WorkshopError("\n".join(_sentence(deck, *found) for found in overflow))
    for page, _, cell, pixels, what in overflow:
        place = f"cell '{cell}'" if cell else "something"
        report.leave_out(f"page {page}, {place} is {pixels} px {what}: cut in the PDF")


def _sentence(deck: str, slide: int, title: str, cell: str, pixels: int, what: str) -> str:
    named = f" “{title}”" if title else ""
    return f"{deck}: slide {slide}{named}, cell '{cell}' is {pixels} px {what}: shorten it."


def _counted(printed: int, counts: dict, deck: str) -> int:
    """Return the number of pages, which is that of the slides and what they continue on."""
    found = (counts["pages"], counts["sections"], printed)
    if counts["wanted"] and found != (counts["wanted"],) * 3:
        raise WorkshopError(
            f"{deck}: {counts['wanted']} slides and continuations became {counts['sections']} "
            f"sections, {counts['pages']} pages on screen and {printed} in the PDF: "
            "look for HTML in a cell that reaches beyond it."
        )
    return printed
