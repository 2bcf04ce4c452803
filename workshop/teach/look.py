"""How every chart looks: colours, groups, sizes, letters; and how it becomes a picture."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache, wraps

import matplotlib as mpl
import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from workshop.paths import package_folder

INK, MUTED, RULE = "#1b2a3a", "#4a5a6a", "#8a929b"
PAPER = "#fdfbf6"  # behind letters, which lines may pass
MARK = "#ffe14d"  # the one highlighter, behind ink
PALE = "#c3c9cf"  # what is not filled
TEXT = 24  # pixels: the smallest letters of a chart
FEW = 10  # people: below, a rate is faded and said to be of few
# Width and height in pixels of a slide: beside the words, as wide as the slide above its code, and
# as wide as the slide without code.
SIZES = {"beside": (724, 640), "wide": (1152, 448), "full": (1152, 540)}
IMAGE = Markup(
    '<img class="chart" width="{}" height="{}" alt="{}" data-text="{}" '
    'style="max-width: 100%; height: auto" src="data:image/svg+xml;base64,{}">'
)


@dataclass(frozen=True)
class GroupLook:
    """How a group looks in every chart: marker colour, a text colour with contrast, a marker."""

    colour: str
    text: str
    marker: str


GROUPS = {  # Okabe–Ito hues; the text colours are darkened to a contrast of at least 4.5 : 1
    "Black": GroupLook("#0072b2", "#0069a4", "o"),
    "white": GroupLook("#d55e00", "#b04e00", "s"),
    "Other": GroupLook("#009e73", "#00755a", "^"),
    "Unknown": GroupLook("#8c4a79", "#8c4a79", "D"),
}
ANY_OTHER_GROUP = GroupLook(INK, INK, "o")


def look_of(name) -> GroupLook:
    """Return the look of a row: its group's, else ink."""
    return GROUPS.get(name, ANY_OTHER_GROUP)


@dataclass(frozen=True)
class Chart:
    """Hold a drawing as SVG text, its description, its size and its smallest letters in pixels."""

    svg: str
    alt: str
    width: int
    height: int
    text: float = TEXT

    def _repr_html_(self):
        data = base64.b64encode(self.svg.encode()).decode()
        return IMAGE.format(self.width, self.height, self.alt, f"{self.text:g}", data)


@dataclass(frozen=True)
class Html:
    """Hold a table or a number as HTML."""

    html: str

    def _repr_html_(self):
        return self.html


def number(value: float, digits: int = 2, sign: bool = False) -> str:
    """Write a number for people: a typographic minus, none before a zero."""
    text = f"{value:{'+' if sign else ''},.{digits}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", "−")


def rate_and_ends(rates) -> pd.DataFrame:
    """Return a Series, or a table of rates, as a table: the rate, then low and high if known."""
    table = rates.to_frame("rate") if isinstance(rates, pd.Series) else rates
    return table[[table.columns[0], *(end for end in ("low", "high") if end in table)]]


def in_words(row: pd.Series, digits: int) -> str:
    """Write a row of `rate_and_ends`: the rate, and in brackets its interval."""
    rate, *ends = (number(value, digits) for value in row)
    return f"{rate} ({' to '.join(ends)})" if ends else rate


@cache
def _style():
    """Register Source Sans Pro once and return matplotlib's settings for every chart."""
    package = package_folder("sphinx_revealjs")
    fonts = package / "_static/revealjs/dist/theme/fonts/source-sans-pro"
    for weight in ("regular", "semibold"):
        font_manager.fontManager.addfont(fonts / f"source-sans-pro-{weight}.ttf")
    return {
        "font.family": "Source Sans Pro",
        "font.size": TEXT,
        "axes.labelsize": TEXT,
        "xtick.labelsize": TEXT,
        "ytick.labelsize": TEXT,
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "svg.fonttype": "path",
        "svg.hashsalt": "workshop",
    }


def in_our_style(draw):
    """Let our settings hold while a chart is drawn, and leave a participant's own alone."""

    @wraps(draw)
    def styled(*args, **kwargs):
        with mpl.rc_context(_style()):
            return draw(*args, **kwargs)

    return styled


class Canvas:
    """A figure measured in pixels from its top left corner."""

    def __init__(self, size):
        self.width: int
        self.height: int
        self.width, self.height = SIZES[size] if isinstance(size, str) else size
        self.figure = Figure(figsize=(self.width / 72, self.height / 72), dpi=72)
        self.end = 0.0  # where the last line of the label ends

    def axes(self, left, top, right, bottom, **settings):
        """Return axes between four edges, with nothing drawn around them but a line below."""
        box = (left, self.height - bottom, right - left, bottom - top)
        scale = (self.width, self.height, self.width, self.height)
        axes = self.figure.add_axes(
            tuple(length / of for length, of in zip(box, scale, strict=True))
        )
        axes.patch.set_visible(False)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(length=0, pad=6)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        axes.set(**settings)
        return axes

    def write(self, x, y, text, size=TEXT, colour=INK, weight="regular", ha="left", marked=False):
        """Write text with its middle at a height; return the width that it takes."""
        box = {"facecolor": MARK if marked else PAPER, "edgecolor": "none", "pad": 4}
        written = self.figure.text(
            x / self.width, 1 - y / self.height, text, size=size, color=colour, weight=weight,
            ha=ha, va="center_baseline", bbox=box if marked or text else None,
        )  # fmt: skip
        return written.get_window_extent().width

    def label(self, text):
        """Write what is measured on top, in as many lines as it takes; return where it ends."""
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            trial = self.figure.text(0, 0, longer, size=TEXT, weight="semibold")
            fits = trial.get_window_extent().width <= self.width - 8
            trial.remove()
            lines[-1:] = [longer] if fits or not lines[-1] else [lines[-1], word]
        for number_of_line, line in enumerate(lines):
            self.end = self.write(0, 20 + 32 * number_of_line, line, weight="semibold")
        return 20 + 32 * len(lines) - 8

    def key(self, x, y, entries):
        """Write a key from (x, y) on: a marker's style and its name, for each entry."""
        for style, name in entries:
            x += 14
            self.figure.add_artist(
                Line2D([x / self.width], [1 - y / self.height], linestyle="none", **style)
            )
            x += 18 + self.write(x + 18, y, name, colour=MUTED) + 16

    def finish(self, alt) -> Chart:
        """Write the figure as SVG: outlines for letters, nothing that changes from run to run."""
        letters = [
            float(text.get_fontsize())
            for text in self.figure.findobj(Text)
            if text.get_visible() and text.get_text().strip()
        ]
        buffer = io.StringIO()
        self.figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
        svg = buffer.getvalue()
        return Chart(svg, alt, self.width, self.height, min(letters, default=TEXT))


def spread(places, apart):
    """Move places (pixels) until neighbours are so far apart, and keep their order."""
    order = np.argsort(places, kind="stable")
    moved = np.asarray(places, dtype=float).copy()
    for _ in range(100):
        gaps = np.diff(moved[order])
        close = np.flatnonzero(gaps < apart - 1e-6)
        if not len(close):
            break
        for i in close:
            lack = apart - (moved[order[i + 1]] - moved[order[i]])
            if lack > 0:
                moved[order[i]] -= lack / 2
                moved[order[i + 1]] += lack / 2
    return moved
