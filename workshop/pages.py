"""Fill templates: Jinja, set up once; what stands in a page is escaped unless it is Markup."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from workshop.markdown import inline, to_html


@cache
def environment(*folders: Path) -> Environment:
    """Return the templates of folders, the first first; a name that nobody gave is an error.

    The filters `prose` and `inline` turn Markdown into HTML.
    """
    pages = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {"prose": to_html, "inline": inline}
    return pages


def template(folder: Path, name: str) -> Template:
    """Return the template `<name>.html.j2` of a folder."""
    return environment(folder).get_template(f"{name}.html.j2")
