"""Lay out numbers for a slide as a table, perhaps with drawn cells, or as one large number."""

from __future__ import annotations

import re
from html import escape

import pandas as pd

from workshop.teach.look import GROUPS, INK, Html, look_of, number

CELL = 220  # pixels that a drawing takes in a cell


def table(frame, *, dot=None, bar=None, reach=None, mark=None, caption="", digits=2):
    """Lay out a DataFrame as large as its place: counts with thousands, rates with two decimals.

    dot, bar: a column in whose cells a dot (with the columns low and high as its interval, which
    then show no numbers) or a bar is drawn, over `reach`, by default from 0 to the largest; mark:
    the (row, column) to light. A column of whole numbers that are not all 0 or 1 holds counts; a
    missing value is a dash. Nested column names become nested headings.
    """
    shown = frame.drop(columns=[c for c in ("low", "high") if dot is not None and c in frame])
    styler = shown.style.set_uuid("t").set_table_attributes("").format_index(escape, axis=1)
    styler.cell_ids = False
    for column in shown:
        styler.format(_writer(shown[column], digits), subset=[column])
    drawn = dot if dot is not None else bar
    if drawn is not None:
        ends = frame[["low", "high"]] if dot is not None and "low" in frame else frame[[drawn]]
        start, end = reach or (min(0.0, ends.min().min()), ends.max().max())
        written = _writer(shown[drawn], digits)
        pictures = {
            row: _cell_svg(frame.loc[row], drawn, dot is not None, start, end)
            for row in frame.index
        }
        for row in shown.index:
            styler.format(
                lambda value, row=row: pictures[row] + written(value), subset=([row], [drawn])
            )
    if mark is not None:
        classes = pd.DataFrame("", shown.index, shown.columns)
        classes.loc[mark] = "marked"
        styler.set_td_classes(classes)
    styler.format_index(_group_name, axis=0)
    html = styler.to_html(exclude_styles=False, sparse_columns=True)
    html = re.sub(r"<style.*?</style>\s*", "", html, flags=re.DOTALL)
    html = re.sub(r'(<th|<table) id="[^"]*"', r"\1", html)
    html = re.sub(r'<th class="(?:blank|index_name)[^"]*"[^>]*>.*?</th>', "<td></td>", html)
    html = re.sub(r'<th class="row_heading[^"]*"', '<th scope="row"', html)
    html = re.sub(r'<th class="col_heading[^"]*" colspan', '<th scope="colgroup" colspan', html)
    html = re.sub(r'<th class="col_heading[^"]*"', '<th scope="col"', html)
    html = re.sub(r' class="data row\d+ col\d+ ?([a-z]*)"', _own_class, html)
    html = re.sub(r" +>", ">", html)
    foot = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = html.replace("<thead>", f"{foot}<thead>", 1)
    return Html(f'<div class="chart-table">{html}</div>')


def _own_class(found):
    return f' class="{found[1]}"' if found[1] else ""


def _writer(column, digits):
    known = column.dropna()
    if not pd.api.types.is_numeric_dtype(column) or column.dtype == bool:
        return lambda value: escape(str(value))
    counts = (known % 1 == 0).all() and known.max() > 1
    return lambda value: "–" if pd.isna(value) else number(value, 0 if counts else digits)


def _group_name(name):
    look = GROUPS.get(name)
    style = f' style="color: {look.text}; font-weight: 600"' if look else ""
    return f"<span{style}>{escape(str(name))}</span>"


def _cell_svg(row, column, as_dot, start, end):
    """Return a dot with its interval, or a bar, as a small SVG to stand in a cell."""
    colour, value = look_of(row.name).colour, row[column]

    def x(at):
        return f"{10 + (at - start) / ((end - start) or 1) * (CELL - 20):.1f}"

    def line(ends, width):
        return f'<path d="M{ends}" stroke="{colour}" stroke-width="{width}"/>'

    marks = f'<path d="M{x(0)} 0V30" stroke="{INK}" stroke-width="2"/>' if start <= 0 <= end else ""
    if as_dot:
        marks += line(f"{x(row.get('low', value))} 15H{x(row.get('high', value))}", 5)
        marks += f'<circle cx="{x(value)}" cy="15" r="9" fill="{colour}"/>'
    else:
        marks += line(f"{x(max(start, 0))} 15H{x(value)}", 22)
    box = f'width="{CELL}" height="30" viewBox="0 0 {CELL} 30"'
    return f'<svg {box} aria-hidden="true">{marks}</svg>'


def big(value, label):
    """Show one number as large as the slide allows; `label` says of what."""
    return Html(f'<p class="number">{escape(str(value))}<small>{escape(label)}</small></p>')
