"""Parse Markdown: mistune's syntax tree with what it forgets, and prose as HTML."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any, cast

import mistune
from markupsafe import Markup
from mistune.plugins.math import math
from mistune.plugins.table import table

CITATION = r"\[(?P<keys>(?:@[a-z0-9-]+(?:; ?)?)+)\](?![(\[])"
BLANK = r"\[(?:fill in|own words): (?P<what>[^\]]+)\]"


def tree(text: str) -> list[dict]:
    """Return the syntax tree.

    A heading has its `span` in the text; a block, a picture, a link, code in a line, a citation
    and a blank (a place to fill in) have their Markdown under `source`; code without an end is
    `open`.
    """
    return cast(list[dict], _markdown(None)(text))  # without a renderer


def to_html(text: str) -> Markup:
    """Return Markdown as HTML, for papers and cards; nbconvert renders the decks."""
    return Markup(_markdown(_Html)(text))


def inline(text: str) -> Markup:
    """Return the first paragraph of Markdown as HTML without the paragraph around it."""
    page = str(to_html(text))
    return Markup(re.sub(r"\A<p>(.*?)</p>.*\Z", r"\1", page, flags=re.DOTALL))


class _Html(mistune.HTMLRenderer):
    """Render prose: HTML in it is text, a heading a bold line, a blank a place to write on."""

    def heading(self, text: str, level: int, **attributes) -> str:
        return f"<p><strong>{text}</strong></p>\n"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        style = f' style="text-align:{align}"' if align else ""
        return f'<th scope="col"{style}>{text}</th>\n' if head else f"<td{style}>{text}</td>\n"

    def citation(self, text: str) -> str:
        return escape(f"[{text}]")

    def blank(self, text: str) -> str:
        return f'<span class="blank">{escape(text)}</span>'


class _BlockParser(mistune.BlockParser):
    """Keep what the tree forgets: where a heading stands, and code that does not end."""

    def parse_atx_heading(self, m, state):
        end = super().parse_atx_heading(m, state)
        state.last_token()["span"] = (m.start(), end)
        return end

    def parse_setex_heading(self, m, state):
        end, last = super().parse_setex_heading(m, state), state.last_token()
        if end and last["type"] == "heading" and "span" not in last:
            last["span"] = (m.start() - len(last["text"]), end)
        return end

    def parse_fenced_code(self, m, state):
        if end := super().parse_fenced_code(m, state):
            last = state.src[m.end() : end].rstrip("\n").rpartition("\n")[2]
            state.last_token()["open"] = not last.strip().startswith(state.last_token()["marker"])
        return end


class _InlineParser(mistune.InlineParser):
    """Keep how pictures, links and code are written."""

    def __init__(self):
        super().__init__()
        self.specification["link_close"] = r"\]"  # one by one

    def parse_link_close(self, m, state):
        opener = state.brackets[-1] if state.brackets else None
        end, last = super().parse_link_close(m, state), state.tokens[-1]
        if opener and last["type"] in {"image", "link"} and "source" not in last:
            last["source"] = state.src[opener.start - (2 if opener.image else 1) : end]
            last["alt"] = state.src[opener.start : m.start()]
        return end

    def parse_auto_link(self, m, state):
        end = super().parse_auto_link(m, state)
        state.tokens[-1]["source"] = m[0]
        return end

    def parse_codespan(self, m, state):
        end = super().parse_codespan(m, state)
        state.tokens[-1]["source"] = state.src[m.start() : end]
        return end


def _ours(kind: str) -> Callable:
    def parse(inline, m, state) -> int:
        text = m[0][1:-1] if kind == "citation" else m["what"]
        state.append_token({"type": kind, "raw": text, "source": m[0]})
        return m.end()

    return parse


def _keep_source(markdown: mistune.Markdown, state: mistune.BlockState) -> None:
    """Keep each block's Markdown, which mistune drops when it reads the lines of it."""
    tokens = list(state.tokens)
    while tokens:
        token = tokens.pop()
        tokens += token.get("children", [])
        if "text" in token:
            token["source"] = token["text"].strip()


@cache
def _markdown(renderer: type[_Html] | None) -> mistune.Markdown:
    parsers: dict[str, Any] = {"block": _BlockParser(), "inline": _InlineParser()}
    if renderer:
        markdown = mistune.Markdown(renderer(escape=True), **parsers, plugins=[table])
    else:
        markdown = mistune.Markdown(None, **parsers, plugins=[table, math])
        markdown.before_render_hooks.append(_keep_source)
    for kind, pattern in (("citation", CITATION), ("blank", BLANK)):
        markdown.inline.register(kind, pattern, _ours(kind), before="link", start_chars="[")
    return markdown
