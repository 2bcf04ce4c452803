"""Close the HTML of a cell on itself, as a browser reads it."""

from __future__ import annotations

import re
from typing import Any

from bs4 import BeautifulSoup
from bs4.element import Script

# A Tag of BeautifulSoup. By its types an attribute may be a list; `parsed` turns that off.
Element = Any
# Elements that would reach beyond their cell: reveal takes every section for a slide.
RENAMED = {"section": "div", "plaintext": "pre"}
KEPT = "kept-script-"
LIBRARY = re.compile(r"(<script\b[^>]*>)((?:(?!</script).){10000,}?)(</script\s*>)", re.I | re.S)
REFERENCE = re.compile(r"(?<=#)[\w:.-]+")


def parsed(html: str) -> Element:
    """Return HTML as the content of one element: unclosed tags closed, stray ends dropped."""
    kept: list[str] = []

    def keep(script: re.Match) -> str:
        kept.append(script[2])
        return f"{script[1]}{KEPT}{len(kept) - 1}{script[3]}"

    html = LIBRARY.sub(keep, html)  # html5lib would take a minute for Plotly's
    soup: Element = BeautifulSoup(html, "html5lib", multi_valued_attributes=None)
    for script in soup.find_all("script", string=re.compile(rf"^{KEPT}\d+$")) if kept else ():
        script.string = Script(kept[int(script.string.removeprefix(KEPT))])
    for node in reversed(list(soup.head.contents)):  # style sheets that stand first
        soup.body.insert(0, node.extract())
    for tag in soup.body.find_all(list(RENAMED)):
        tag.name = RENAMED[tag.name]
    return soup.body


def inner(element: Element) -> str:
    """Return the element's content as HTML."""
    return element.decode_contents()


def set_apart(element: Element, taken: set[str]) -> None:
    """Rename the ids of drawings that another drawing of the page has; remember all of them."""
    for drawing in element.find_all("svg"):
        if drawing.find_parent("svg"):
            continue
        ids = {tag["id"] for tag in drawing.find_all(id=True)}
        if clash := ids & taken:
            _rename(drawing, {old: f"{old}-{len(taken)}" for old in clash})
            ids = {tag["id"] for tag in drawing.find_all(id=True)}
        taken |= ids


def _rename(drawing: Element, names: dict[str, str]) -> None:
    def renamed(text: str) -> str:
        return REFERENCE.sub(lambda found: names.get(found[0], found[0]), text)

    for tag in [drawing, *drawing.find_all(True)]:
        for key, value in list(tag.attrs.items()):
            if key == "id":
                tag[key] = names.get(value, value)
            elif key in {"aria-labelledby", "aria-describedby"}:
                tag[key] = " ".join(names.get(name, name) for name in value.split())
            elif isinstance(value, str) and "#" in value:
                tag[key] = renamed(value)
        if tag.name == "style" and tag.string:
            tag.string = renamed(tag.string)
