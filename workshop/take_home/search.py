"""Collect what can be searched for on a site: slides, papers, references, corrections."""

from __future__ import annotations

import json
from pathlib import Path

from bs4 import BeautifulSoup

from workshop.take_home.page import Slide, words
from workshop.take_home.page_map import Place


def slide_entry(place: Place, slide: Slide, picture: str) -> dict:
    """Return what `search.js` looks through for a slide."""
    text = slide.found["text"].removeprefix(slide.heading).strip()
    return {
        "title": slide.heading or f"Slide {slide.number}",
        "where": f"{place.session}, slide {place.slide}",
        "link": place.link,
        "picture": picture,
        "words": {k: said for k, said in {**slide.found, "text": text}.items() if said},
    }


def paper_entry(page: Path, link: str) -> dict:
    """Return what `search.js` looks through for a paper."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    title = soup.title.get_text().partition(" · ")[0] if soup.title else page.stem
    body = soup.main or soup
    text = " ".join(words(body).split())
    return {"title": title, "where": "Paper", "link": link, "words": {"text": text}}


def write_index(edition: str, entries: list[dict], target: Path) -> None:
    """Write the entries as a script, which a page may load from a file where JSON may not."""
    data = json.dumps({"edition": edition, "entries": entries}, ensure_ascii=False)
    script = f"(self.searchable ??= []).push({data});\n"
    target.write_text(script, encoding="utf-8")
