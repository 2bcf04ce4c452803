"""The charts say what they show: to eyes, to a screen reader, offline, and the same every time."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from workshop.errors import WorkshopError
from workshop.paths import THEME
from workshop.teach import charts, look

RATES = pd.DataFrame(
    {
        "rate": [0.44, 0.4875, 0.69, 0.4558],
        "low": [0.41, 0.42, 0.59, 0.44],
        "high": [0.47, 0.56, 0.79, 0.47],
        "n": [1027, 215, 9, 4272],
    },
    index=["Black", "Other", "Unknown", "white"],
)
BEFORE, AFTER = RATES["rate"], RATES["rate"] / 2
GAPS = pd.DataFrame(
    {"gap": [-0.0234, 0.0687], "low": [-0.051, 0.036], "high": [0.003, 0.101], "n": [107470, 5894]},
    index=["All stays", "The first stay of each patient"],
)
SPLITS = pd.DataFrame(
    {"white": np.linspace(0.1, 0.3, 20), "one threshold": np.linspace(0, 0.2, 20)}
)
POINTS = {
    "ours": pd.DataFrame({"x": [0.1, 0.5], "y": [0.12, 0.4], "low": [0.1, 0.3], "high": [0.2, 0.5]})
}
SIDES = ("white patients missed more", "Black patients missed more")
SVG = "{http://www.w3.org/2000/svg}"


def roc(**size):
    axes = Figure().add_subplot()
    axes.set(xlabel="False Positive Rate (Positive label: 1)", ylabel="True Positive Rate")
    for name in ("Black", "Other", "Unknown", "white"):
        axes.plot(np.linspace(0, 1, 50), np.linspace(0, 1, 50) ** 0.5, label=f"{name} (AUC = 0.67)")
    axes.plot([0, 1], [0, 1], label="Chance level (AUC = 0.50)")
    return charts.curves(axes, "How well the score sorts", **size)


def histogram(values=None, observed=0.25, **size):
    values = np.linspace(0.01, 0.15, 500) if values is None else values
    return charts.histogram(values, observed, "Largest gap when race is shuffled", **size)


DRAWN = {
    "dots": lambda **s: charts.dots(RATES, "missed, with 95% interval", unit="readmitted", **s),
    "signed": lambda **s: charts.dots(
        GAPS, "Black minus white", unit="back", sides=SIDES, digits=3, **s
    ),
    "dumbbell": lambda **s: charts.dumbbell(
        BEFORE, AFTER, "missed", n=RATES["n"], unit="stays", **s
    ),
    "slope": lambda **s: charts.slope(BEFORE, AFTER, "missed", ("label one", "label two"), **s),
    "dumbbell with intervals": lambda **s: charts.dumbbell(
        RATES, RATES - 0.1, "missed", n=RATES["n"], unit="stays", **s
    ),
    "slope with intervals": lambda **s: charts.slope(RATES, RATES - 0.1, "missed", **s),
    "hundred": lambda **s: charts.hundred(BEFORE, "missed", n=RATES["n"], unit="stays", **s),
    "histogram": histogram,
    "cloud": lambda **s: charts.cloud(SPLITS, SPLITS.iloc[3], "largest gap", **s),
    "scatter": lambda **s: charts.scatter(POINTS, "score", "share", equal=True, joined=True, **s),
    "curves": roc,
}


@pytest.fixture(scope="module", params=DRAWN)
def chart(request):
    return DRAWN[request.param]()


class Elements(HTMLParser):
    """Collect the elements of a piece of HTML with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def contrast(one, other):
    """Return the contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_a_chart_is_one_image_with_its_alt_text(chart):
    ((tag, attributes),) = Elements(chart._repr_html_()).found
    assert (tag, attributes["class"], attributes["alt"]) == ("img", "chart", chart.alt)
    kind, data = attributes["src"].split(",", 1)
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == chart.svg


def test_a_chart_asks_for_nothing_outside_itself_and_needs_no_font(chart):
    root = ElementTree.fromstring(chart.svg)
    addresses = [
        value for e in root.iter() for name, value in e.attrib.items() if name.endswith("href")
    ]
    assert all(address.startswith("#") for address in addresses)
    assert not re.search(r"url\((?!#)|@import|<script|<image|<text", chart.svg)


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_is_the_same_every_time(name):
    assert DRAWN[name]().svg == DRAWN[name]().svg


def test_a_chart_is_as_large_as_it_says_and_its_letters_can_be_read(chart):
    """One unit of the drawing is one pixel of the slide, so text of 24 units is 24 px high."""
    box = [float(number) for number in ElementTree.fromstring(chart.svg).get("viewBox").split()]
    assert box == [0, 0, chart.width, chart.height]
    assert chart.text >= 24


@pytest.mark.parametrize("size", look.SIZES)
@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_drawn_over_the_edge(name, size, monkeypatch):
    edges = {}
    finish = look.Canvas.finish

    def measured(canvas, alt):
        edges.update(figure=canvas.figure.bbox, drawn=canvas.figure.get_tightbbox().padded(-0.08))
        return finish(canvas, alt)

    monkeypatch.setattr(look.Canvas, "finish", measured)
    DRAWN[name](size=size)
    drawn, figure = edges["drawn"], edges["figure"]
    assert drawn.x0 * 72 >= figure.x0
    assert drawn.y0 * 72 >= figure.y0
    assert drawn.x1 * 72 <= figure.x1
    assert drawn.y1 * 72 <= figure.y1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dots", "missed, with 95% interval: Black 0.44, 0.41 to 0.47, 1,027 readmitted; "),
        ("dots", "Unknown 0.69, 9 readmitted: too few to compare"),
        ("signed", "All stays −0.023, −0.051 to +0.003, 107,470 back"),
        ("signed", "Left of zero: white patients missed more; right of zero: Black patients"),
        ("dumbbell", "Black 0.44 before, 0.22 after, 1,027 stays"),
        ("slope", "Unknown 0.69 label one, 0.34 label two"),
        ("dumbbell with intervals", "Black 0.44 (0.41 to 0.47) before, 0.34 (0.31 to 0.37) after"),
        ("slope with intervals", "Unknown 0.69 (0.59 to 0.79) before, 0.59 (0.49 to 0.69) after"),
        ("hundred", "Other 49 of 100, 215 stays"),
        ("histogram", "500 shuffles: median 0.08, 95% stay below 0.14; observed 0.25."),
        ("cloud", "white mean 0.20, 0.10 to 0.30 over 20 splits, this split 0.13"),
        ("scatter", "share against score. ours: 0.10 0.12, 0.50 0.40."),
        ("curves", "true positive rate against false positive rate: Black (AUC = 0.67);"),
    ],
)
def test_the_alt_text_tells_the_numbers(name, words):
    assert words in DRAWN[name]().alt


def test_a_drawn_cell_holds_a_dot_or_a_bar_and_no_other():
    drawn = {how: charts.table(GAPS, **{how: "gap"})._repr_html_() for how in ("dot", "bar")}
    assert drawn["dot"].count("<circle") == len(GAPS)
    assert drawn["bar"].count("<circle") == 0 and drawn["bar"].count('stroke-width="22"') == 2


def test_names_with_markup_stay_text():
    frame = pd.DataFrame({"rate": [0.5]}, index=["a < b & c"])
    ((_, attributes),) = Elements(charts.dots(frame, 'The "rest"')._repr_html_()).found
    assert attributes["alt"] == 'The "rest": a < b & c 0.50.'
    assert "a &lt; b &amp; c" in charts.table(frame)._repr_html_()


def test_a_reach_gives_two_charts_the_same_axis(monkeypatch):
    ends = []
    finish = look.Canvas.finish
    monkeypatch.setattr(
        look.Canvas,
        "finish",
        lambda canvas, alt: ends.append(canvas.figure.axes[0].get_xlim()) or finish(canvas, alt),
    )
    charts.dots(RATES, "one", reach=(0, 1))
    charts.dots(RATES / 2, "other", reach=(0, 1))
    assert ends == [(0, 1), (0, 1)]


@pytest.mark.parametrize("observed", [np.nan, np.inf])
def test_a_group_without_positives_is_an_error_in_a_sentence(observed):
    with pytest.raises(WorkshopError, match="at least one readmitted"):
        histogram(observed=observed)


def test_a_number_has_a_typographic_minus_and_none_before_zero():
    assert look.number(-0.234) == "−0.23"
    assert look.number(-0.001) == "0.00"
    assert look.number(0.001, 2, sign=True) == "0.00"
    assert look.number(12345, 0) == "12,345"


def test_labels_keep_their_distance_and_order():
    moved = look.spread(np.array([10.0, 12.0, 11.0, 200.0]), 30)
    assert (np.diff(np.sort(moved)) >= 30 - 1e-6).all()
    assert list(np.argsort(moved)) == [0, 2, 1, 3]


def test_each_group_has_a_colour_and_a_marker_of_its_own():
    looks = [*look.GROUPS.values(), look.ANY_OTHER_GROUP]
    assert set(look.GROUPS) == {"Black", "white", "Other", "Unknown"}
    assert len({each.marker for each in look.GROUPS.values()}) == len(look.GROUPS)
    assert len({each.colour for each in looks}) == len(looks)


def test_colours_have_contrast_on_paper_on_ink_and_under_the_highlighter():
    theme = dict(re.findall(r"--([a-z-]+): *(#[0-9a-f]{6})", THEME.read_text(encoding="utf-8")))
    dark = re.search(r"--paper: (#[0-9a-f]{6}); --panel", THEME.read_text(encoding="utf-8"))[1]
    for name, each in look.GROUPS.items():
        assert contrast(each.text, look.PAPER) >= 4.5
        assert contrast(each.colour, look.PAPER) >= 3
        assert contrast(theme[f"{name.lower()}-on-ink"], dark) >= 5
        assert each.colour == theme[name.lower()]
    assert contrast(look.INK, look.MARK) >= 10
    assert contrast(look.MUTED, look.PAPER) >= 4.5
    assert contrast(look.RULE, look.PAPER) >= 3


def test_the_palette_is_that_of_the_theme():
    theme = THEME.read_text(encoding="utf-8")
    for name in (
        "ink",
        "muted",
        "rule",
        "paper",
        "mark",
    ):  # the first of each: those of light slides
        assert re.search(rf"--{name}: *(#[0-9a-f]+)", theme)[1] == getattr(look, name.upper())


def test_a_table_writes_counts_and_rates_for_people():
    frame = pd.DataFrame(
        {"stays": [38153.0, 1112.0], "false negative rate": [0.4558, np.nan]},
        index=["white", "Unknown"],
    )
    html = charts.table(frame)._repr_html_()
    assert re.search(r"<td>38,153</td>\s*<td>0\.46</td>", html)
    assert re.search(r"<td>1,112</td>\s*<td>–</td>", html)
    assert f"color: {look.GROUPS['white'].text}" in html


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


def test_a_table_lights_one_cell_and_draws_in_a_column():
    html = charts.table(RATES, dot="rate", mark=("Unknown", "n"))._repr_html_()
    assert html.count("<svg") == len(RATES)
    assert re.findall(r'<td class="marked">(.*?)</td>', html) == ["9"]
    assert "low" not in html
    assert "0.41" not in html


def test_a_scoreboard_gains_a_row_and_says_its_note():
    html = charts.table(RATES, dot="rate", later=["white"], note="a < b")._repr_html_()
    rows = [attributes for tag, attributes in Elements(html).found if tag == "tr"]
    assert [row.get("class") for row in rows] == [None] * 4 + ["fragment"]
    assert "<caption>a &lt; b</caption>" in html


def test_charts_in_steps_stand_in_one_place_and_all_but_the_first_come_later():
    html = charts.steps(histogram(), histogram(observed=0.1), histogram())._repr_html_()
    places = [a["class"] for tag, a in Elements(html).found if tag == "div" and "class" in a]
    assert places == ["steps", "first", "fragment", "fragment"]
    assert html.count("grid-area: 1 / 1") == html.count('<img class="chart"') == 3


def test_charts_leave_a_participants_own_settings_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    DRAWN["dots"]()
    assert dict(mpl.rcParams) == before


def test_charts_draw_without_a_warning_or_a_word_in_a_fresh_kernel():
    code = (
        "import pandas as pd; from workshop.teach import charts; "
        "frame = pd.DataFrame({'rate': [0.5]}, index=['white']); "
        "charts.dots(frame, 'rate')._repr_html_(); charts.table(frame)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
