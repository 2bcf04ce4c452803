"""Read the structure of prose in Markdown: sections, blocks, pictures, citations, gaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import quote, unquote

from workshop.markdown import tree

GAP = re.compile(r"\{([\w\s-]+)\}")  # a name may be broken over two lines
# What a browser loads by itself when it meets one of these tags.
LOADED = dict.fromkeys(("audio", "embed", "iframe", "img", "script", "source", "video"), "src")
LOADED |= {"image": "href", "link": "href", "object": "data"}
SAFE = "!$%&'*+,/:;=?@~#"  # what an address in Markdown may hold as it is


@dataclass(frozen=True)
class Section:
    """A heading (`title` is plain, `heading` is Markdown) and the Markdown below it."""

    title: str
    heading: str
    level: int
    text: str
    line: int  # of the heading
    start: int  # where the heading begins in the text


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a row of a table, code, …, as Markdown.

    `label` is its bold beginning (`**Say:** …`) without colon or full stop; `cells` are a row's;
    `open` marks code whose end is missing.
    """

    kind: str
    line: int
    source: str
    label: str = ""
    cells: tuple[str, ...] = ()
    open: bool = False

    @property
    def text(self) -> str:
        """Return the Markdown without the label."""
        return (
            re.sub(r"\A\*\*.+?\*\*\s*", "", self.source, flags=re.S) if self.label else self.source
        )


@dataclass(frozen=True)
class Piece:
    """A picture, a link, a citation, a blank, code or HTML, where it stands in a text."""

    kind: str
    source: str
    line: int
    start: int
    token: dict


@dataclass(frozen=True)
class Picture:
    """A picture that Markdown, or HTML in it, shows; the address of a file is as on the disk."""

    address: str
    alt: str

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file beside the text: not on the network, not inside the text."""
        return not re.match(r"(?i)[a-z][a-z0-9+.-]*:|//|#", self.address)


# --- Sections and blocks --------------------------------------------------------------------------


def sections(text: str, level: int | None = 2) -> list[Section]:
    """Return the sections under headings of `level`, deeper ones inside; None: each heading's."""
    text = _lines(text)
    heads = [t for t in tree(text) if t["type"] == "heading"]
    heads = [t for t in heads if level is None or t["attrs"]["level"] <= level]
    ends = [*(token["span"][0] for token in heads), len(text)][1:]
    found = []
    for token, end in zip(heads, ends, strict=True):
        (start, below), depth = token["span"], token["attrs"]["level"]
        if level in (None, depth):
            line, body = text.count("\n", 0, start) + 1, text[below:end].rstrip("\n")
            found.append(Section(plain(token), token["source"], depth, body, line, start))
    return found


def first_heading(text: str) -> str:
    """Return the plain text of the first heading, '' where there is none."""
    return next((section.title for section in sections(text, None)), "")


def split_at_headings(text: str) -> list[str]:
    """Cut Markdown before each heading: only the first part can be without one."""
    text = _lines(text)
    cuts = [0, *(section.start for section in sections(text, None)), len(text)]
    parts = [text[start:end].strip("\n") for start, end in pairwise(cuts)]
    return [part for part in parts if part.strip()] or [""]


def blocks(text: str) -> list[Block]:
    """Return the text in paragraphs, headings, items, rows (a table's head left out), code, …"""
    text, found, cursor = _lines(text), [], 0
    for kind, token in _flat(tree(text)):
        cells = [cell["source"] for cell in token["children"]] if kind == "row" else []
        source = " | ".join(cells) or _source(token)
        fence = [token["marker"]] if "marker" in token else []
        if match := _search(text, cursor, *(fence or cells or [source])):
            cursor = match.end() + (len(source) if fence else 0)
        line = text.count("\n", 0, match.start() if match else cursor) + 1
        found.append(Block(kind, line, source, _label(token), (*cells,), token.get("open", False)))
    return found


def plain(token: dict) -> str:
    """Return the text of a token of the tree, without marks and HTML."""
    if "children" in token:
        text = "".join(map(plain, token["children"]))
        return text.strip() if token["type"] == "heading" else text
    if token["type"] in {"softbreak", "linebreak", "inline_html"}:
        return "" if token["type"] == "inline_html" else " "
    return unescape(token["raw"]) if token["type"] == "text" else token.get("raw", "")


def _flat(tokens: list[dict]) -> Iterator[tuple[str, dict]]:
    for token in tokens:
        if token["type"] == "list":
            yield from (("item", item) for item in token["children"])
        elif token["type"] == "table":
            yield from (("row", row) for row in token["children"][1]["children"])
        elif token["type"] != "blank_line":
            yield token["type"].removeprefix("block_"), token


def _source(token: dict) -> str:
    """Return a block's Markdown; of an item or a quotation, that of the blocks in it."""
    if "source" in token:
        return token["source"]
    inside = [_source(child) for child in token.get("children", ())]
    return "\n\n".join(filter(None, inside)) or token.get("raw", "").strip("\n")


def _label(token: dict) -> str:
    while token.get("children") and token["type"] in {"list_item", "paragraph", "block_text"}:
        token = token["children"][0]
    return plain(token).strip(" .:") if token["type"] == "strong" else ""


# --- Pictures, links, citations, blanks, gaps -----------------------------------------------------


def pieces(text: str, *kinds: str) -> list[Piece]:
    """Return the pieces of these kinds in order: image, link, citation, blank, inline_html, …

    The tree has no places: each piece is looked for after the one before it.
    """
    text, found, cursor = _lines(text), [], 0
    for token in _walk(tree(text)):
        written = token["raw"] if token["type"] in RAW else token.get("source")
        if written and (match := _search(text, cursor, written)):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Piece(token["type"], match[0], line, match.start(), token))
            cursor = match.start() + 1 if token["type"] == "link" else match.end()
    return [piece for piece in found if piece.kind in kinds]


def with_pieces(text: str, kinds: list[str], new: Callable[[Piece], str | None]) -> str:
    """Return the text with each piece of these kinds written as `new` says; None keeps it."""
    text, done, cursor = _lines(text), [], 0
    for piece in pieces(text, *kinds):
        if (words := new(piece)) is not None:
            done += [text[cursor : piece.start], words]
            cursor = piece.start + len(piece.source)
    return "".join([*done, text[cursor:]])


def pictures(text: str) -> list[Picture]:
    """Return the pictures that a text shows, in Markdown and in HTML; those in code are text."""
    found: list[Picture] = []
    with_pictures(text, found.append)
    return found


def with_pictures(text: str, new: Callable[[Picture], str | None]) -> str:
    """Return the text with other addresses of its pictures; `new` returns None to keep one."""

    def written(piece: Piece) -> str | None:
        if piece.kind != "image":
            return with_html_pictures(piece.source, new)
        facts, alt = piece.token["attrs"], piece.token["alt"]
        if (address := new(Picture(_on_disk(facts["url"]), alt))) is None:
            return None
        title = f' "{escape(facts["title"])}"' if facts.get("title") else ""
        return f"![{alt}]({quote(address, safe=SAFE)}{title})"

    return with_pieces(text, ["image", "inline_html", "block_html"], written)


def with_html_pictures(html: str, new: Callable[[Picture], str | None]) -> str:
    """Return HTML with other addresses of its `<img>`; `new` returns None to keep one."""
    done, rest = "", html
    for tag, facts, source in _tags(html):
        if tag == "img" and (source_file := facts.get("src")):
            address = new(Picture(_on_disk(source_file), facts.get("alt") or ""))
            if address is not None:
                before, _, rest = rest.partition(source)
                pairs = (facts | {"src": address}).items()
                written = (f" {k}" if v is None else f' {k}="{escape(v)}"' for k, v in pairs)
                done += f"{before}<img{''.join(written)}>"
    return done + rest


def loaded(text: str) -> list[str]:
    """Return every address that a page of this Markdown loads: of pictures, scripts, frames, …"""
    found = []
    for piece in pieces(text, "image", "inline_html", "block_html"):
        if piece.kind == "image":
            found.append(piece.token["attrs"]["url"])
        else:
            found += [facts.get(LOADED.get(tag, "")) for tag, facts, _ in _tags(piece.source)]
    return [_on_disk(address) for address in found if address]


def citations(text: str) -> list[str]:
    """Return the keys of `[@key]` and `[@one; @two]` in order, each once."""
    cited = " ".join(piece.source for piece in pieces(text, "citation"))
    return list(dict.fromkeys(re.findall(r"@([a-z0-9-]+)", cited)))


def gaps(text: str) -> list[tuple[int, str]]:
    """Return (line, name) of each gap `{name}`."""
    return [(text.count("\n", 0, gap.start()) + 1, gap[1]) for gap in GAP.finditer(text)]


def fill(text: str, value: Callable[[str], str]) -> str:
    """Return the text with each gap `{name}` filled by the value of its name."""
    return GAP.sub(lambda gap: value(" ".join(gap[1].split())), text)


RAW = {"inline_html", "block_html", "block_code"}  # their text stands in the source as it is


def _walk(tokens: list[dict]) -> Iterator[dict]:
    """Yield the tokens that are pieces, in order; a picture's description is part of it."""
    for token in tokens:
        if token["type"] in RAW | {"image", "link", "codespan", "citation", "blank"}:
            yield token
        if token["type"] != "image":
            yield from _walk(token.get("children", []))


def _search(text: str, start: int, *sources: str) -> re.Match | None:
    """Find a piece as it is written; its later lines may be indented or begin with >."""

    def pattern(source: str) -> str:
        return r"\n[ \t>]*".join(map(re.escape, source.strip("\n").split("\n")))

    return re.compile(r"(?<!\\)" + r"\s*\|\s*".join(map(pattern, sources))).search(text, start)


def _on_disk(address: str) -> str:
    return unquote(address) if Picture(address, "").is_file else address


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs), self.get_starttag_text() or ""))


def _tags(html: str) -> list[tuple[str, dict[str, str | None], str]]:
    """Return (name, attributes, as written) of each tag that opens."""
    parser = _Tags()
    parser.feed(html)
    return parser.found


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
