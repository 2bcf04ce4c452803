"""Print an exported deck: one page a slide; a slide that does not fit is an error."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import TimeoutError

from workshop.deck.browser import launched
from workshop.errors import WorkshopError
from workshop.files import whole

# Run in the print view, where every slide is laid out at once. Returns what sticks out of its
# page, or is cut off in a box that scrolls on screen: [slide, title, cell, pixels, what].
MEASURE = r"""
() => {
  const found = [];
  const cellOf = (element) =>
    (element.closest('[id^="cell-id="]')?.id ?? "").replace("cell-id=", "");
  document.querySelectorAll(".pdf-page").forEach((page, index) => {
    const title = page.querySelector("h1, h2, h3, h4")?.textContent.trim() ?? "";
    const box = page.getBoundingClientRect();
    const footer = page.querySelector(".deck-footer");
    const bottom = footer && footer.textContent.trim()
      ? Math.min(box.bottom, footer.getBoundingClientRect().top) : box.bottom;
    const worst = new Map();
    const report = (element, pixels, what) => {
      const cell = cellOf(element);
      if (pixels > 1 && pixels > (worst.get(cell)?.[0] ?? 0)) worst.set(cell, [pixels, what]);
    };
    for (const element of page.querySelectorAll("section *")) {
      if (element.closest("aside.notes, svg, math") || !element.getClientRects().length) continue;
      if (!cellOf(element) && element.querySelector('[id^="cell-id="]')) continue;  // around cells
      if (getComputedStyle(element).visibility === "hidden") continue;
      const rect = element.getBoundingClientRect();
      if (rect.width === 0 || rect.height === 0) continue;
      report(element, rect.bottom - bottom, "below the slide");
      report(element, box.top - rect.top, "above the slide");
      report(element, rect.right - box.right, "beyond the right edge");
      report(element, box.left - rect.left, "beyond the left edge");
      const style = getComputedStyle(element);
      if (style.overflowX !== "visible" || element.matches("pre, table")) {
        report(element, element.scrollWidth - element.clientWidth, "wider than its box");
      }
      if (style.overflowY !== "visible") {
        report(element, element.scrollHeight - element.clientHeight, "taller than its box");
      }
    }
    for (const [cell, [pixels, what]] of worst) {
      found.push([index + 1, title, cell, Math.ceil(pixels), what]);
    }
  });
  return found;
}
"""
READY = """
async () => {
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}
"""
# reveal leaves every slide but the first hidden from assistive technology in its print view,
# which would empty the PDF's tags and bookmarks.
SHOW_ALL = """
() => document.querySelectorAll(".pdf-page section, .pdf-page").forEach((element) => {
  element.removeAttribute("aria-hidden");
  element.removeAttribute("hidden");
})
"""


def print_pdf(page_html: Path, target: Path, deck: str) -> int:
    """Print the exported deck as a tagged PDF with bookmarks; return its number of pages.

    Raises WorkshopError, with deck, slide, cell and pixels, when a slide overflows.
    """
    with launched() as browser, whole(target) as temporary:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.set_default_timeout(60_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error).splitlines()[0]))
        page.goto(f"{page_html.resolve().as_uri()}?view=print")
        try:
            page.wait_for_selector(".pdf-page")
        except TimeoutError:
            reason = errors[0] if errors else "no page appeared"
            raise WorkshopError(
                f"{deck}: the slides do not start in the print view ({reason}): "
                "does an output bring a script of its own?"
            ) from None
        page.evaluate(READY)
        page.evaluate(SHOW_ALL)
        if overflow := page.evaluate(MEASURE):
            raise WorkshopError("\n".join(_sentence(deck, *found) for found in overflow))
        count = page.locator(".pdf-page").count()
        page.pdf(
            path=temporary,
            prefer_css_page_size=True,
            print_background=True,
            tagged=True,
            outline=True,
        )
        page.close()
        return count


def _sentence(deck: str, slide: int, title: str, cell: str, pixels: int, what: str) -> str:
    named = f" “{title}”" if title else ""
    return f"{deck}: slide {slide}{named}, cell '{cell}' is {pixels} px {what}: shorten it."
