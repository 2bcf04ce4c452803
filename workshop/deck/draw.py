"""Draw what scripts in outputs draw (Plotly, Bokeh, Altair, folium, …), and keep the picture.

Such scripts want Jupyter's page: its require.js, its jQuery, often the network. They get all that
once, in the build's Chromium; the page of the deck gets what they drew.
"""

from __future__ import annotations

import base64
import io
import re
import time
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, Page, Route

from workshop.deck.browser import launched
from workshop.deck.markup import Element
from workshop.paths import package_folder

SCRIPT = Path(__file__).parent / "templates/deck/draw.js"
PATIENCE = 20  # seconds for all drawings of a deck
# A script that names none of these needs nothing but the page, and stays alive in it.
FOREIGN = re.compile(
    r"\b(?:require|requirejs|define|jQuery|Jupyter|IPython|Plotly|Bokeh|vegaEmbed|vega|d3|L\.map)\b"
    r"|\$\(|https?://(?!www\.w3\.org)"
)
# What a package on this machine has of what its scripts ask the network for.
LOCAL = {
    r"plotly[^/]*\.js": ("plotly", "package_data/plotly.min.js"),
    r"(bokeh[\w-]*?)-\d[^/]*?(\.min)?\.js": ("bokeh", r"server/static/js/\1.min.js"),
    r"require[^/]*\.js": ("nbclassic", "static/components/requirejs/require.js"),
    r"jquery[^/]*\.js": ("nbclassic", "static/components/jquery/jquery.min.js"),
}


@dataclass
class Drawn:
    """What became of an output: HTML without a script, '' where nothing was drawn; and why."""

    html: str
    is_picture: bool = False
    reason: str = ""


def needs_drawing(output: Element) -> bool:
    """Tell whether an output is drawn by scripts that do not work in the page by themselves."""
    scripts = [tag for tag in output.find_all("script") if "json" not in tag.get("type", "")]
    frames = output.find_all("iframe")
    return (
        any(tag.get("src") or FOREIGN.search(tag.string or "") for tag in scripts)
        or any("//" in tag.get("srcdoc", tag.get("src", "")) for tag in frames)
        or bool(output.select_one(".script-output"))
    )


def draw(outputs: list[str], width: int) -> list[Drawn]:
    """Run the scripts of all outputs of a deck in order, in one page `width` pixels wide."""
    with launched() as browser:
        page = browser.new_page(viewport={"width": width, "height": 720}, device_scale_factor=2)
        try:
            return _draw(page, outputs)
        finally:
            page.close()


def _draw(page: Page, outputs: list[str]) -> list[Drawn]:
    errors: list[str] = []
    waiting: set = set()
    failed: list[str] = []  # addresses of the network that did not answer
    page.on("pageerror", lambda error: errors.append(str(error).splitlines()[0]))
    page.on("request", lambda request: waiting.add(request))
    page.on("requestfinished", lambda request: waiting.discard(request))
    page.on("requestfailed", lambda request: waiting.discard(request))
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.route(re.compile("^https?:"), _answer)
    page.set_content("<!DOCTYPE html><meta charset='utf-8'><body>")
    # Before require.js, which a library would rather speak to.
    if any("Plotly" in html for html in outputs) and (file := _file("plotly.js")):
        page.add_script_tag(path=file)
    for name in ("jquery.js", "require.js"):
        page.add_script_tag(path=_file(name))
    page.add_script_tag(path=SCRIPT)
    reasons = []
    for html in outputs:
        try:
            page.evaluate("html => add(html)", html)
        except Error as error:
            errors.append(str(error).splitlines()[0])
        reasons.append("; ".join(dict.fromkeys(errors)))
        errors.clear()
    _settle(page, waiting)
    offline = "the network does not answer" if failed else ""
    return [
        _keep(page, number, reason or ("//" in html and offline) or "")
        for number, (html, reason) in enumerate(zip(outputs, reasons, strict=True))
    ]


def _answer(route: Route) -> None:
    """Answer a request from a package of this machine where one has the file."""
    file = _file(route.request.url.split("?")[0].rpartition("/")[2])
    if file:
        route.fulfill(path=file, headers={"Access-Control-Allow-Origin": "*"})
    else:
        route.continue_()


def _file(name: str) -> Path | None:
    for pattern, (package, place) in LOCAL.items():
        found = re.fullmatch(pattern, name)
        if found and find_spec(package):
            path = package_folder(package) / found.expand(place)
            return path if path.is_file() else None
    return None


def _settle(page: Page, waiting: set) -> None:
    """Wait until nothing is loaded and nothing changes."""
    end, same, last = time.monotonic() + PATIENCE, 0, ""
    while time.monotonic() < end and same < 4:
        page.wait_for_timeout(200)
        state = page.evaluate("() => state()")
        same = same + 1 if state == last and not waiting else 0
        last = state


def _keep(page: Page, number: int, reason: str) -> Drawn:
    """Return what an output drew: its picture, or its words where it is all words.

    Words and frames where something failed (`reason`) are mostly about the failure.
    """
    found = page.evaluate("number => found(number)", number)
    if reason and (found["kind"] == "words" or found["frames"]):
        return Drawn("", reason=reason)
    if found["kind"] == "words":
        return Drawn(found["html"])
    if found["kind"] == "picture":
        shot = page.screenshot(clip=found["clip"], full_page=True, omit_background=True)
        if _is_drawn(shot):
            source = f"data:image/png;base64,{base64.b64encode(shot).decode()}"
            alt, wide = escape(found["alt"]), round(found["clip"]["width"])
            return Drawn(f'<img src="{source}" alt="{alt}" width="{wide}">', is_picture=True)
    return Drawn("", reason=reason)


def _is_drawn(shot: bytes) -> bool:
    """Tell whether a PNG has more than one colour."""
    return len(Image.open(io.BytesIO(shot)).convert("RGBA").getcolors(1 << 24) or ()) > 1
