"""Lay out numbers for a slide as a table, perhaps with drawn cells, or as one large number."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pandas as pd
from markupsafe import Markup
from pandas.io.formats.style import Styler

from workshop.teach.look import GROUPS, INK, PAPER, Html, look_of, number

CELL = 220  # pixels that a drawing takes in a cell
TEMPLATES = Path(__file__).parent / "templates" / "table"
CELL_SVG = Markup(
    '<svg width="{width}" height="30" viewBox="0 0 {width} 30" aria-hidden="true">'
    '<path d="M{zero} 0V30" stroke="{ink}" stroke-width="2"/>'
    '<path d="M{low} 15H{high}" stroke="{colour}" stroke-width="{thick}"/>{dot}</svg>'
)
DOT = Markup('<circle cx="{}" cy="15" r="9" fill="{}"/>')
STEP = Markup('<div class="{}" style="grid-area: 1 / 1; background: {}">{}</div>')
STYLER = Styler.from_custom_template(str(TEMPLATES), html_table="table.html.j2")


def table(frame, *, dot=None, bar=None, reach=None, mark=None, later=(), note="", digits=2):
    """Lay out a DataFrame as large as its place: counts with thousands, rates with two decimals.

    dot, bar: a column in whose cells a dot (with the columns low and high as its interval, which
    then show no numbers) or a bar is drawn, over `reach`, by default from 0 to the largest; mark:
    the (row, column) to light; later: rows that appear one by one; note: a line below. A column of
    whole numbers that are not all 0 or 1 holds counts; a missing value is a dash. Nested column
    names become nested headings.
    """
    drawn = bar if dot is None else dot
    interval = [end for end in ("low", "high") if dot is not None and end in frame]
    shown = frame.drop(columns=interval)
    styler = STYLER(shown)
    for column in shown:
        styler.format(_writer(shown[column], digits), subset=[column])
    if drawn is not None:
        ends = frame[interval or [drawn]]
        reach = reach or (min(0.0, ends.min().min()), ends.max().max())
        for row in shown.index:
            picture = _cell_svg(frame.loc[row], drawn, dot is not None, *reach)
            written = picture + _writer(shown[drawn], digits)(shown.loc[row, drawn])
            styler.format(lambda _, written=written: written, subset=([row], [drawn]))
    if mark is not None:
        classes = pd.DataFrame("", shown.index, shown.columns)
        classes.loc[mark] = "marked"
        styler.set_td_classes(classes)
    styler.format_index(_group_name, axis=0).format_index(lambda name: escape(str(name)), axis=1)
    return Html(styler.to_html(later=set(later), note=note))


def _writer(column, digits):
    known = column.dropna()
    if not pd.api.types.is_numeric_dtype(column) or column.dtype == bool:
        return lambda value: escape(str(value))
    counts = (known % 1 == 0).all() and known.max() > 1
    return lambda value: "–" if pd.isna(value) else number(value, 0 if counts else digits)


def _group_name(name):
    if name not in GROUPS:
        return escape(str(name))
    return Markup('<span style="color: {}; font-weight: 600">{}</span>').format(
        GROUPS[name].text, name
    )


def _cell_svg(row, column, as_dot, start, end):
    """Return a dot with its interval, or a bar, as a small SVG to stand in a cell."""
    value = row[column]
    low, high = (row.get(end_of, value) for end_of in ("low", "high"))
    low, high = (low, high) if as_dot else (max(start, 0.0), value)

    def x(at):
        return round(10 + (at - start) / ((end - start) or 1) * (CELL - 20), 1)

    colour = look_of(row.name).colour
    return CELL_SVG.format(
        width=CELL,
        zero=x(0) if start <= 0 <= end else -9,
        low=x(low),
        high=x(high),
        dot=DOT.format(x(value), colour) if as_dot else "",
        thick=5 if as_dot else 22,
        colour=colour,
        ink=INK,
    )


def big(value, label):
    """Show one number as large as the slide allows; `label` says of what."""
    return Html(Markup('<p class="number">{}<small>{}</small></p>').format(value, label))


def steps(*shown):
    """Show charts one after the other in the same place; the last stays, and stands on paper."""
    places = (
        STEP.format("fragment" if number else "first", PAPER, Markup(chart._repr_html_()))
        for number, chart in enumerate(shown)
    )
    return Html(
        Markup('<div class="steps" style="display: grid">{}</div>').format(Markup("").join(places))
    )
