"""Put what a page shows into the page: pictures, sounds, films, style sheets."""

from __future__ import annotations

import base64
import http.client
import mimetypes
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

from bs4 import Tag

from workshop.deck.markup import Element
from workshop.fonts import with_font

LARGEST = 20 * 2**20  # bytes of one picture, sound or film; the README says it
PATIENCE = 5  # seconds for an answer from the network
# Where an element says what it shows.
ADDRESSES = {
    "img": ("src",),
    "input": ("src",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "source": ("src",),
    "track": ("src",),
    "image": ("href", "xlink:href"),
    "object": ("data",),
    "embed": ("src",),
    "iframe": ("src",),
    "link": ("href",),
    "script": ("src",),
    **dict.fromkeys(("table", "tr", "td", "th"), ("background",)),
}
SET = re.compile(r"(\S+?)(?:\s+([\d.]+)[wx])?\s*(?:,\s|,?$)")
URL = re.compile(r"""url\(\s*(["']?)(.*?)\1\s*\)""", re.S)
IMPORT = re.compile(r"""@import\s+(?:url\()?\s*["']?([^"')\s;]+)["']?\s*\)?[^;]*;""")
_silent: set[str] = set()  # hosts that did not answer: they are asked once


class NotEmbeddedError(Exception):
    """Say why something cannot be inside the page."""


class Media:
    """Embed what cells show: attachments, files below `folder`, and, if `online`, the network's.

    `leave_out` is told in a sentence of each thing that is not embedded.
    """

    def __init__(self, folder: Path, online: bool, leave_out: Callable[[str], None]):
        self.folder, self.online, self.leave_out = folder.resolve(), online, leave_out

    def embed(
        self,
        element: Element,
        where: str = "",
        attachments: dict | None = None,
        frames: bool = True,
    ) -> None:
        """Embed everything that an element shows; what cannot be is replaced by its words.

        Without `frames`, pages of the network stay as they are: their picture will be taken.
        """
        for tag in element.find_all(style=True):
            tag["style"] = self.css(tag["style"], where, attachments)
        for tag in element.find_all("style"):
            tag.string = self.css(tag.string or "", where, attachments)
        for tag in element.find_all(list(ADDRESSES)):
            if tag.parent is None or (tag.name == "iframe" and not frames):
                continue  # inside something that was replaced
            if tag.get("srcset"):
                _choose(tag)
            for key in ADDRESSES[tag.name]:
                address = (tag.get(key) or "").strip()
                if not address or address.startswith(("data:", "#", "about:", "javascript:")):
                    continue
                try:
                    self._put(tag, key, address, attachments)
                except NotEmbeddedError as error:
                    self.leave_out(f"{where}{address} {error}")
                    _words(tag, key, address)
                    break

    def css(self, text: str, where: str = "", attachments: dict | None = None, base="") -> str:
        """Return a style sheet with its imports, pictures and fonts inside."""

        def imported(found: re.Match) -> str:
            try:
                address = urljoin(base, found[1])
                data, _ = self.read(address)
                return self.css(data.decode("utf-8", "replace"), where, base=address)
            except NotEmbeddedError as error:
                self.leave_out(f"{where}the style sheet {found[1]} {error}")
                return ""

        def pictured(found: re.Match) -> str:
            if found[2].startswith(("data:", "#")):
                return found[0]
            try:
                return f'url("{self.data_uri(urljoin(base, found[2]), attachments)}")'
            except NotEmbeddedError as error:
                self.leave_out(f"{where}{found[2]} {error}")
                return "none"

        return URL.sub(pictured, IMPORT.sub(imported, text))

    def data_uri(self, address: str, attachments: dict | None = None) -> str:
        """Return what stands at an address as a data URI; raises NotEmbeddedError."""
        if address.startswith("attachment:"):
            return _attached(unquote(address[11:]), attachments or {})
        data, kind = self.read(address)
        if kind == "image/svg+xml":
            return svg_uri(data.decode("utf-8", "replace"))
        return f"data:{kind};base64,{base64.b64encode(data).decode()}"

    def read(self, address: str) -> tuple[bytes, str]:
        """Return the bytes and the MIME type of a file or of a network address."""
        if re.match(r"(?i)https?:|//", address):
            if not self.online:
                raise NotEmbeddedError("is on the network: save it beside the deck")
            return fetched(f"https:{address}" if address.startswith("//") else address)
        if re.match(r"(?i)[a-z][a-z+.-]+:|[a-z]:[\\/]", address):
            raise NotEmbeddedError("is not a file beside the deck")
        path = self._file(address)
        if path.stat().st_size > LARGEST:
            raise NotEmbeddedError(f"is larger than {LARGEST // 2**20} MB")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return path.read_bytes(), kind

    def _file(self, address: str) -> Path:
        """Return the file of an address; its query and the old prefix `files/` may be no part."""
        plain = re.split(r"[?#]", address)[0]
        for name in dict.fromkeys([address, unquote(address), plain, unquote(plain)]):
            for written in (name, name.removeprefix("files/")):
                try:
                    path = (self.folder / written).resolve()
                    there = path.is_file()
                except (OSError, ValueError):  # no name of a file
                    continue
                if not path.is_relative_to(self.folder):
                    raise NotEmbeddedError("lies outside the deck's folder")
                if there:
                    return path
        raise NotEmbeddedError("is not there: correct its path")

    def _put(self, tag: Element, key: str, address: str, attachments: dict | None) -> None:
        """Put what stands at the address of a tag into the tag."""
        if tag.name == "link":
            if "stylesheet" in tag.get("rel", ""):
                text = self.read(address)[0].decode("utf-8", "replace")
                tag.name, tag.attrs = "style", {}
                tag.string = self.css(text, base=address if "//" in address else "")
        elif tag.name == "script":
            if "//" not in address:  # those of the network are run, and drawn, while building
                tag.string = self.read(address)[0].decode("utf-8", "replace")
                del tag["src"]
        elif tag.name == "iframe":
            data, kind = self.read(address) if "//" not in address else (b"", "")
            if kind != "text/html":
                raise NotEmbeddedError("is a page of its own, which a slide can only link to")
            tag["srcdoc"] = data.decode("utf-8", "replace")
            del tag["src"]
        else:
            uri = self.data_uri(address, attachments)
            if tag.name in {"object", "embed"}:
                if not uri.startswith("data:image/"):
                    raise NotEmbeddedError("is no picture, sound or film")
                tag.clear()
                tag.name, key = "img", "src"
                tag.attrs = {k: v for k, v in tag.attrs.items() if k in {"width", "height", "alt"}}
            if tag.name == "img" and not re.match(r"data:(image/|application/octet)", uri):
                raise NotEmbeddedError("is no picture")
            tag["srcset" if tag.get("srcset") and tag.name == "source" else key] = uri


def svg_uri(drawing: str) -> str:
    """Return a drawing as a data URI, with the deck's font inside where it uses it."""
    data = base64.b64encode(with_font(drawing).encode()).decode()
    return f"data:image/svg+xml;base64,{data}"


@cache
def fetched(address: str) -> tuple[bytes, str]:
    """Return the bytes and the MIME type of what the network has at an address, once a run."""
    host = urlsplit(address).netloc
    if host in _silent:
        raise NotEmbeddedError("is on the network, which does not answer")
    request = Request(address, headers={"User-Agent": "Mozilla/5.0 (compatible; workshop kit)"})
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            data, kind = answer.read(LARGEST + 1), answer.headers.get_content_type()
    except HTTPError as error:
        raise NotEmbeddedError(f"is not on the network ({error.code})") from None
    except (OSError, ValueError, http.client.HTTPException):
        _silent.add(host)
        raise NotEmbeddedError("is on the network, which does not answer") from None
    if len(data) > LARGEST:
        raise NotEmbeddedError(f"is larger than {LARGEST // 2**20} MB")
    if kind in {"text/plain", "application/octet-stream"}:
        kind = mimetypes.guess_type(urlsplit(address).path)[0] or kind
    return data, kind


def _attached(name: str, attachments: dict) -> str:
    bundle = attachments.get(name) or {unquote(k): v for k, v in attachments.items()}.get(name)
    if not bundle:
        raise NotEmbeddedError("is not attached to its cell")
    kind, data = next(iter(bundle.items()))
    data = "".join(data) if isinstance(data, list) else data
    if kind == "image/svg+xml" and data.lstrip().startswith("<"):
        data = base64.b64encode(data.encode()).decode()
    return f"data:{kind};base64,{''.join(data.split())}"


def _choose(tag: Element) -> None:
    """Keep the largest picture of a set."""
    choices = [(float(size or 1), url) for url, size in SET.findall(tag["srcset"].strip()) if url]
    if choices:
        tag["src"] = max(choices)[1]
    if tag.name == "source":  # of a <picture>, which looks for a set
        tag["srcset"] = "chosen"
    else:
        del tag["srcset"]
    del tag["sizes"]


def _words(tag: Element, key: str, address: str) -> None:
    """Put words where something cannot be shown."""
    name = unquote(re.split(r"[?#]", address)[0].rstrip("/").rpartition("/")[2])
    if tag.name in {"link", "script", "track", "input"} or key in {"poster", "background"}:
        del tag[key]
        return
    if tag.name == "source":
        if len(tag.parent.find_all("source")) > 1 or tag.parent.name == "picture":
            tag.decompose()
            return
        tag = tag.parent
    if tag.name == "image":
        tag.decompose()
        return
    words = tag.get("alt") or tag.get("title") or tag.get_text(" ", strip=True) or name
    shown = _tag("a" if re.match(r"https?:|//", address) and tag.name != "img" else "span")
    if shown.name == "a":
        shown["href"] = address
    shown["class"], shown.string = "left-out", words or address
    tag.replace_with(shown)


def _tag(name: str) -> Element:
    return Tag(name=name)
