"""The charts say what they show: to eyes, to a screen reader, offline, and the same every time."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workshop.errors import WorkshopError
from workshop.teach import charts

RATES = pd.Series({"Black": 0.44, "Other": 0.4875, "Unknown": 0.69, "white": 0.4558})
MARGIN = np.array([0.03, 0.07, 0.1, 0.01])
LOW, HIGH = RATES - MARGIN, RATES + MARGIN
PEOPLE = [1027, 215, 90, 4272]
SVG = "{http://www.w3.org/2000/svg}"


def dots():
    return charts.dots(RATES, LOW, HIGH, PEOPLE, "Missed, by race", "false negative rate")


def histogram(values=None, observed=0.25):
    values = np.linspace(0.01, 0.15, 500) if values is None else values
    return charts.histogram_with_observed(values, observed, "Largest gap", "gap in rate")


def differences():
    return charts.difference_intervals(
        pd.Series({"All stays": -0.023, "First stay": 0.069}),
        [-0.051, 0.036],
        [0.003, 0.101],
        [10747, 5894],
        "Black minus white",
        "difference",
        ("white missed more", "Black missed more"),
    )


def long_names():
    names = ["First stay of each patient in the records", "W" * 12]
    ends = [-0.5, -0.25]
    return charts.difference_intervals(
        pd.Series([-0.375, 0.25], index=names), ends, [0.5, 1], [10**6] * 2, "t", "x", ("a", "b")
    )


CHARTS = [dots, histogram, differences, long_names]


class Elements(HTMLParser):
    """Collect the elements of a piece of HTML with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def contrast_with_white(colour):
    """Return the contrast ratio with white (WCAG 2.2, relative luminance)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (np.dot(linear, [0.2126, 0.7152, 0.0722]) + 0.05)


@pytest.mark.parametrize("draw", CHARTS)
def test_a_chart_is_one_image_with_its_alt_text(draw):
    chart = draw()
    ((tag, attributes),) = Elements(chart._repr_html_()).found
    assert tag == "img"
    assert attributes["class"] == "chart"
    assert attributes["alt"] == chart.alt
    kind, data = attributes["src"].split(",", 1)
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == chart.svg


@pytest.mark.parametrize("draw", CHARTS)
def test_a_chart_asks_for_nothing_outside_itself(draw):
    root = ElementTree.fromstring(draw().svg)
    addresses = [
        value for e in root.iter() for name, value in e.attrib.items() if name.endswith("href")
    ]
    assert all(address.startswith("#") for address in addresses)
    assert not re.search(r"url\((?!#)|@import|<script|<image", draw().svg)


@pytest.mark.parametrize("draw", CHARTS)
def test_letters_are_outlines_so_no_font_is_needed(draw):
    assert ElementTree.fromstring(draw().svg).find(f".//{SVG}text") is None


@pytest.mark.parametrize("draw", CHARTS)
def test_a_chart_is_the_same_every_time(draw):
    assert draw().svg == draw().svg


@pytest.mark.parametrize("draw", CHARTS)
def test_a_chart_is_as_large_as_it_says(draw):
    """One unit of the drawing is one pixel of the slide, so text of 19 units is 19 px high."""
    chart = draw()
    box = [float(number) for number in ElementTree.fromstring(chart.svg).get("viewBox").split()]
    assert box == [0, 0, charts.WIDTH, chart.height]
    assert charts.TEXT >= 18


@pytest.mark.parametrize("draw", CHARTS)
def test_nothing_is_drawn_over_the_edge(draw, monkeypatch):
    edges = {}
    finish = charts._finish

    def measured(figure, alt, height):
        edges.update(figure=figure.bbox, drawn=figure.get_tightbbox().padded(-0.01))
        return finish(figure, alt, height)

    monkeypatch.setattr(charts, "_finish", measured)
    draw()
    drawn, figure = edges["drawn"], edges["figure"]
    assert drawn.x0 * 72 >= figure.x0 - 1
    assert drawn.y0 * 72 >= figure.y0 - 1
    assert drawn.x1 * 72 <= figure.x1 + 1
    assert drawn.y1 * 72 <= figure.y1 + 1


def test_the_alt_text_of_dots_tells_each_groups_numbers():
    alt = dots().alt
    assert alt.startswith("Missed, by race. Dots with 95% intervals, false negative rate:")
    assert "Black 0.44, 0.41 to 0.47, 1,027 readmitted" in alt
    assert "Unknown 0.69, 0.59 to 0.79, 90 readmitted" in alt


def test_the_alt_text_of_the_histogram_tells_chance_and_observed():
    alt = histogram(np.full(500, 0.06)).alt
    assert "500 shuffles" in alt
    assert "median 0.06" in alt
    assert "95% of shuffles stay below 0.06" in alt
    assert "observed 0.25" in alt


def test_the_alt_text_of_differences_tells_the_signs_and_sides():
    alt = differences().alt
    assert "All stays −0.023, −0.051 to +0.003, 10,747 readmitted" in alt
    assert "First stay +0.069, +0.036 to +0.101, 5,894 readmitted" in alt
    assert "Left of zero: white missed more; right of zero: Black missed more." in alt


def test_names_with_markup_stay_text():
    chart = charts.dots(pd.Series({"a < b & c": 0.5}), [0.4], [0.6], [9], 'The "rest"', "rate")
    ((_, attributes),) = Elements(chart._repr_html_()).found
    assert "a < b & c 0.50" in attributes["alt"]
    assert attributes["alt"].startswith('The "rest".')


def test_an_observed_value_inside_the_hill_is_labelled_too():
    assert "observed 0.05" in histogram(observed=0.05).alt


@pytest.mark.parametrize("observed", [np.nan, np.inf])
def test_a_group_without_positives_is_an_error_in_a_sentence(observed):
    with pytest.raises(WorkshopError, match="at least one readmitted"):
        histogram(observed=observed)


def test_each_group_has_a_colour_and_a_marker_of_its_own():
    looks = [*charts.GROUPS.values(), charts.ANY_OTHER_GROUP]
    assert set(charts.GROUPS) == {"Black", "white", "Other", "Unknown"}
    assert len({look.marker for look in looks}) == len(looks)
    assert len({look.colour for look in looks}) == len(looks)


def test_group_names_are_dark_enough_to_read():
    for look in [*charts.GROUPS.values(), charts.ANY_OTHER_GROUP]:
        assert contrast_with_white(look.text) >= 4.5


def test_the_palette_is_that_of_the_theme():
    theme = (Path(charts.__file__).parent.parent / "slides/rise.css").read_text()
    for colour in (charts.INK, charts.MUTED, charts.ACCENT, charts.RULE):
        assert colour in theme


def test_a_table_writes_counts_and_rates_for_people():
    frame = pd.DataFrame(
        {"stays": [38153.0, 1112.0], "false negative rate": [0.4558, np.nan]},
        index=["white", "Unknown"],
    )
    html = charts.table(frame)._repr_html_()
    assert "<td>38,153</td><td>0.46</td>" in html
    assert "<td>1,112</td><td>–</td>" in html
    assert f"color: {charts.GROUPS['white'].text}" in html


def test_a_table_keeps_a_rate_of_zero_or_one_a_rate():
    html = charts.table(pd.DataFrame({"rate": [0.0, 1.0]}))._repr_html_()
    assert "<td>0.00</td>" in html
    assert "<td>1.00</td>" in html


def test_a_table_nests_headings_and_names_every_row():
    columns = pd.MultiIndex.from_product([["readmitted", "rate"], ["young", "old"]])
    frame = pd.DataFrame([[34, 584, 0.4, 0.5]], index=["Black"], columns=columns)
    elements = Elements(charts.table(frame)._repr_html_()).found
    headings = [attributes for tag, attributes in elements if tag == "th"]
    assert [h["scope"] for h in headings] == ["colgroup"] * 2 + ["col"] * 4 + ["row"]
    assert [h.get("colspan") for h in headings[:2]] == ["2", "2"]


def test_charts_leave_a_participants_own_settings_alone():
    before = dict(charts.mpl.rcParams)
    dots()
    assert dict(charts.mpl.rcParams) == before


def test_charts_draw_without_a_warning_or_a_word_in_a_fresh_kernel():
    code = "import pandas as pd; from workshop.teach import charts; s = pd.Series({'white': 0.5}); "
    code += "charts.dots(s, [0.4], [0.6], [9], 'title', 'rate')._repr_html_()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
