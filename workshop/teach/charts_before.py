"""Show the numbers of the live demos: a table, dots with intervals, a histogram, differences.

Cosmetics only: every number arrives computed. A chart is one SVG whose letters are outlines, so
that it looks the same on every machine, and its alternative text is made from the same numbers.
"""

import base64
import io
from dataclasses import dataclass
from functools import cache, wraps
from html import escape
from itertools import groupby

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

from workshop.errors import WorkshopError
from workshop.paths import package_folder

INK, MUTED, ACCENT, RULE = "#1b2a3a", "#4a5a6a", "#0b5cad", "#c9d3dc"
WIDTH = 1152  # pixels of a slide's text column: one unit of the drawing is one pixel
TEXT = 19  # pixels


@dataclass(frozen=True)
class GroupLook:
    """How a group looks in every chart: marker colour, a text colour with contrast, a marker."""

    colour: str
    text: str
    marker: str


GROUPS = {  # Okabe–Ito hues; the text colours are darkened to a contrast of at least 4.5 : 1
    "Black": GroupLook("#0072B2", "#0069A4", "o"),
    "white": GroupLook("#D55E00", "#B04E00", "s"),
    "Other": GroupLook("#009E73", "#00755A", "^"),
    "Unknown": GroupLook("#8C4A79", "#8C4A79", "D"),
}
ANY_OTHER_GROUP = GroupLook(MUTED, MUTED, "h")


@dataclass(frozen=True)
class Chart:
    """Hold a drawing as SVG text, its description, and its height in pixels."""

    svg: str
    alt: str
    height: int

    def _repr_html_(self):
        data = base64.b64encode(self.svg.encode()).decode()
        return (
            f'<img class="chart" width="{WIDTH}" height="{self.height}" alt="{escape(self.alt)}" '
            f'style="max-width: 100%; height: auto" src="data:image/svg+xml;base64,{data}">'
        )


@dataclass(frozen=True)
class Table:
    """Hold a table as HTML."""

    html: str

    def _repr_html_(self):
        return self.html


def table(frame):
    """Lay out a DataFrame for a slide: counts with thousands, rates with two decimals.

    A column whose values are whole numbers and not all 0 or 1 holds counts. A value that is
    missing shows as a dash. Nested column names become nested headings. Returns a Table.
    """
    names = [column if isinstance(column, tuple) else (column,) for column in frame.columns]
    head = []
    for level in range(frame.columns.nlevels):
        # Equal neighbours under the same parents share one heading.
        spans = [(key[-1], len([*same])) for key, same in groupby(n[: level + 1] for n in names)]
        cells = "".join(_heading(name, "colgroup" if n > 1 else "col", n) for name, n in spans)
        head.append(f"<tr><td></td>{cells}</tr>")
    columns = [_written(frame[column]) for column in frame.columns]
    body = []
    for name, *values in zip(frame.index, *columns, strict=True):
        look = GROUPS.get(name)
        style = f' style="color: {look.text}; font-weight: 600"' if look else ""
        cells = "".join(f"<td>{value}</td>" for value in values)
        body.append(f'<tr><th scope="row"{style}>{escape(str(name))}</th>{cells}</tr>')
    return Table(f"<table><thead>{''.join(head)}</thead><tbody>{''.join(body)}</tbody></table>")


def _heading(name, scope, span):
    width = f' colspan="{span}"' if span > 1 else ""
    return f'<th scope="{scope}"{width}>{escape(str(name))}</th>'


def _written(column):
    numbers = column.astype(float)
    known = numbers.dropna()
    counts = (known % 1 == 0).all() and known.max() > 1
    return ["–" if np.isnan(x) else f"{x:,.0f}" if counts else f"{x:.2f}" for x in numbers]


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
        "axes.labelcolor": MUTED,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "svg.fonttype": "path",
        "svg.hashsalt": "workshop",
    }


def _in_our_style(draw):
    """Let our settings hold while a chart is drawn, and leave a participant's own alone."""

    @wraps(draw)
    def styled(*args, **kwargs):
        with mpl.rc_context(_style()):
            return draw(*args, **kwargs)

    return styled


@_in_our_style
def dots(estimates, low, high, n, title, xlabel, unit="readmitted", height=264):
    """Draw a dot with its 95% interval for each group.

    estimates: Series of rates (0 to 1), indexed by group name; low, high, n: one value per group
    in the same order. `unit` says what n counts. Returns a Chart.
    """
    low, high, n = (np.asarray(values, dtype=float) for values in (low, high, n))
    figure, axes = _canvas(title, xlabel, height, _room_for(estimates.index), right=356)
    rows = range(len(estimates))[::-1]
    phrases = []
    for row, (name, rate), a, b, size in zip(rows, estimates.items(), low, high, n, strict=True):
        look = GROUPS.get(name, ANY_OTHER_GROUP)
        axes.plot([a, b], [row, row], color=look.colour, linewidth=4, solid_capstyle="butt")
        axes.plot(rate, row, look.marker, color=look.colour, markersize=14, mec="white", mew=1.5)
        numbers = f"{rate:.2f}  [{a:.2f}, {b:.2f}]"
        _write_row(axes, row, name, look.text, numbers, f"{size:,.0f} {unit}")
        phrases.append(f"{name} {rate:.2f}, {a:.2f} to {b:.2f}, {size:,.0f} {unit}")
    _frame_rows(axes, len(estimates))
    alt = f"{title}. Dots with 95% intervals, {xlabel}: {'; '.join(phrases)}."
    return _finish(figure, alt, height)


@_in_our_style
def histogram_with_observed(values, observed, title, xlabel, height=290):
    """Draw the values that chance produced, their 95th percentile, and the observed value.

    values: array of numbers, one per shuffle; observed: the value to compare. Returns a Chart.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all() or not np.isfinite(observed):
        raise WorkshopError(
            "The chart of chance got a value that is not a number: "
            "check that every group has at least one readmitted encounter."
        )
    middle, limit = np.quantile(values, [0.5, 0.95])
    figure, axes = _canvas(title, xlabel, height, 64, right=40)
    counts, _, _ = axes.hist(
        values, bins=40, range=(0, values.max()), color="#a9b8c6", edgecolor="white"
    )
    end = 1.12 * max(values.max(), observed)
    top = 1.5 * counts.max()
    axes.set(xlim=(0, end), ylim=(0, top))
    axes.set(ylabel="shuffles", yticks=[_round_number_near(counts.max())])
    # The two labels sit at different heights, so they stay apart however close the lines are.
    for value, colour, style, level, text in (
        (
            limit,
            MUTED,
            (0, (4, 3)),
            0.84,
            f"95% of {len(values):,} shuffles stay below {limit:.2f}",
        ),
        (observed, ACCENT, "-", 0.97, f"observed: {observed:.2f}"),
    ):
        axes.plot([value, value], [0, level * top], color=colour, linestyle=style, linewidth=3)
        right_half = value > 0.6 * end
        axes.annotate(
            text,
            (value, level * top),
            (-8 if right_half else 8, 0),
            textcoords="offset points",
            ha="right" if right_half else "left",
            va="top",
            color=colour,
            weight="semibold",
        )
    alt = (
        f"{title}. Histogram of {len(values):,} shuffles, {xlabel}: median {middle:.2f}, "
        f"95% of shuffles stay below {limit:.2f}; observed {observed:.2f}."
    )
    return _finish(figure, alt, height)


@_in_our_style
def difference_intervals(
    estimates, low, high, n, title, xlabel, sides, unit="readmitted", height=300
):
    """Draw signed differences with their 95% intervals on both sides of a zero line.

    estimates: Series indexed by what is compared; low, high, n: one value per row; sides: two
    phrases that say what a value left and right of zero means. Returns a Chart.
    """
    low, high, n = (np.asarray(values, dtype=float) for values in (low, high, n))
    figure, axes = _canvas(title, xlabel, height, _room_for(estimates.index), right=410, top=92)
    rows = range(len(estimates))[::-1]
    phrases = []
    for row, (name, value), a, b, size in zip(rows, estimates.items(), low, high, n, strict=True):
        axes.plot([a, b], [row, row], color=ACCENT, linewidth=4, solid_capstyle="butt")
        axes.plot(value, row, "o", color=ACCENT, markersize=14, mec="white", mew=1.5)
        numbers = f"{value:+.3f}  [{a:+.3f}, {b:+.3f}]".replace("-", "−")
        _write_row(axes, row, name, INK, numbers, f"{size:,.0f} {unit}")
        phrases.append(f"{name} {value:+.3f}, {a:+.3f} to {b:+.3f}, {size:,.0f} {unit}")
    _frame_rows(axes, len(estimates))
    axes.axvline(0, color=INK, linewidth=2, zorder=0)
    reach = 1.25 * max(abs(low.min()), abs(high.max()))
    axes.set_xlim(-reach, reach)
    axes.locator_params(axis="x", nbins=7)
    _name_sides(axes, sides)
    spoken = "; ".join(phrases).replace("-", "−")
    alt = (
        f"{title}. Differences with 95% intervals around a zero line, {xlabel}: {spoken}. "
        f"Left of zero: {sides[0]}; right of zero: {sides[1]}."
    )
    return _finish(figure, alt, height)


def _name_sides(axes, sides):
    """Say above the axes what left and right of zero mean."""
    for side, text, ha in ((-1, f"← {sides[0]}", "right"), (1, f"{sides[1]} →", "left")):
        axes.annotate(
            text,
            (0, 1),
            (8 * side, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=ha,
            color=MUTED,
        )


def _canvas(title, xlabel, height, left, right, top=52):
    """Return a figure measured in pixels and its axes, with the title on the left edge."""
    figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
    axes = figure.add_axes(
        (left / WIDTH, 62 / height, (WIDTH - left - right) / WIDTH, (height - 62 - top) / height)
    )
    figure.text(0, 1 - 4 / height, title, size=TEXT + 2, weight="semibold", va="top")
    axes.set_xlabel(xlabel)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def _room_for(names):
    """Return the width in pixels that the names of the rows take on the left."""
    return 34 + 0.56 * TEXT * max(len(str(name)) for name in names)


def _round_number_near(largest):
    """Return the largest of 1, 2, 5 times a power of ten that does not exceed `largest`."""
    power = 10 ** np.floor(np.log10(largest))
    return max(step * power for step in (1, 2, 5) if step * power <= largest)


def _write_row(axes, row, name, colour, numbers, people):
    """Write a row's name on the left; its numbers and the people behind them on the right."""
    right = {"textcoords": "offset points", "xycoords": ("axes fraction", "data"), "va": "center"}
    axes.annotate(name, (0, row), (-14, 0), ha="right", color=colour, weight="semibold", **right)
    axes.annotate(numbers, (1, row), (18, 0), **right)
    axes.annotate(
        people,
        (1, row),
        (axes.figure.bbox.width - axes.bbox.x1, 0),
        ha="right",
        color=MUTED,
        **right,
    )


def _frame_rows(axes, n_rows):
    """Rule a light line under each row and leave half a row of room around them."""
    axes.set(ylim=(-0.6, n_rows - 0.4), yticks=[])
    for row in range(n_rows):
        axes.axhline(row, color=RULE, linewidth=1, zorder=0)


def _finish(figure, alt, height):
    """Write the figure as SVG: outlines for letters, nothing that changes from run to run."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    return Chart(buffer.getvalue(), alt, height)


def rules(assessed):
    """Lay out how decision rules compare: the gap in each part, and everyone in the test part.

    assessed: name of a rule -> name of a part (one is "test") -> its MetricFrame, which has the
    metrics "false negative rate" and "selection rate". Returns a Table.
    """
    error, volume = "false negative rate", "selection rate"
    rows = {}
    for name, frames in assessed.items():
        row = {("largest gap", part): frames[part].difference()[error] for part in frames}
        row["everyone, test", error] = frames["test"].overall[error]
        row["everyone, test", volume] = frames["test"].overall[volume]
        rows[name] = row
    return table(pd.DataFrame.from_dict(rows, orient="index"))


@_in_our_style
def of_hundred(shares, n, title, unit="stays", height=236):
    """Draw a hundred small marks for each group and fill as many as its share of a hundred.

    shares: Series of shares (0 to 1), indexed by group name; n: people per group, in the same
    order. `unit` says what n counts. Returns a Chart.
    """
    left, right = _room_for(shares.index), 290
    figure, axes = _canvas(title, "", height, left, right)
    axes.spines["bottom"].set_visible(False)
    # No scale stands below the marks, so that they may use its room.
    axes.set_position((left / WIDTH, 6 / height, 1 - (left + right) / WIDTH, 1 - 52 / height))
    rows = range(len(shares))[::-1]
    phrases = []
    for row, (name, share), size in zip(rows, shares.items(), n, strict=True):
        look = GROUPS.get(name, ANY_OTHER_GROUP)
        filled = round(100 * share)
        for mark in range(100):
            colour = look.colour if mark < filled else "#d5dde4"
            axes.plot(mark, row, look.marker, color=colour, markersize=6.6, mec="none")
        _write_row(axes, row, name, look.text, f"{filled} of 100", f"{size:,.0f} {unit}")
        phrases.append(f"{name} {filled} of 100, {size:,.0f} {unit}")
    axes.set(xlim=(-1, 100), ylim=(-0.6, len(shares) - 0.4), xticks=[], yticks=[])
    return _finish(figure, f"{title}: {'; '.join(phrases)}.", height)


@_in_our_style
def trade_off(points, title, xlabel, ylabel, height=310):
    """Draw decision rules as points with 95% intervals: an error across, a difference upwards.

    points: DataFrame with one row per rule and the columns x, y, low, high, chosen so that less is
    better across and zero is parity upwards. Returns a Chart.
    """
    points = points.sort_values("y", ascending=False)
    figure, axes = _canvas(title, xlabel, height, left=86, right=352)
    axes.spines["left"].set_visible(True)
    axes.axhline(0, color=INK, linewidth=2, zorder=0)
    axes.set_ylabel(ylabel)
    margin = max(0.004, 0.12 * np.ptp(points["x"]))
    axes.set_xlim(points["x"].min() - margin, points["x"].max() + margin)
    axes.set_ylim(min(points["low"].min(), 0) - 0.02, points["high"].max() + 0.02)
    axes.locator_params(nbins=6)
    phrases = []
    for number, (name, point) in enumerate(points.iterrows()):
        axes.plot([point.x, point.x], [point.low, point.high], color=ACCENT, linewidth=3)
        axes.plot(point.x, point.y, "o", color=ACCENT, markersize=14, mec="white", mew=1.5)
        # The names stand on the right, as high as their points as far as there is room.
        level = 1 - (number + 0.5) / max(len(points), 4)
        gap = round(point.y, 2) + 0.0  # no minus before a zero
        numbers = f"{point.x:.3f} missed, gap {gap:+.2f}".replace("-", "−")
        key = {"textcoords": "axes fraction", "va": "center"}
        line = {"arrowstyle": "-", "color": "#9aa8b5", "linewidth": 1.5, "shrinkA": 0}
        axes.annotate("", (point.x, point.y), (1.02, level), arrowprops=line, zorder=0, **key)
        beside = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "center"}
        axes.annotate(name, (1.02, level), (6, 11), weight="semibold", **beside)
        axes.annotate(numbers, (1.02, level), (6, -12), color=MUTED, **beside)
        interval = f"{point.low:+.2f} to {point.high:+.2f}"
        phrases.append(f"{name} {point.x:.3f}, {gap:+.2f}, {interval}")
    spoken = "; ".join(phrases).replace("-", "−")
    return _finish(figure, f"{title}. {xlabel}; {ylabel}, with 95% interval: {spoken}.", height)


def differences(gaps, n, title, sides, unit, height=300):
    """Draw `difference_intervals` of pairs (difference, half the width of its 95% interval).

    gaps: dictionary from what is compared to its pair; the rest as there. Returns a Chart.
    """
    estimates = pd.Series({name: gap for name, (gap, _) in gaps.items()})
    half = np.array([half for _, half in gaps.values()])
    low, high, xlabel = estimates - half, estimates + half, "difference, with 95% interval"
    return difference_intervals(estimates, low, high, n, title, xlabel, sides, unit, height)


@_in_our_style
def calibration(curves, title, xlabel, ylabel, height=330):
    """Draw what was observed against what was predicted, a line for each model.

    curves: dictionary from the model's name to its triple (observed shares, predicted scores,
    number of stays behind each). 95% intervals are normal approximations. Returns a Chart.
    """
    people = f"{min(np.min(n) for _, _, n in curves.values()):,.0f} stays behind each dot"
    figure, axes = _canvas(title, f"{xlabel}, {people}", height, left=78, right=300)
    axes.spines["left"].set_visible(True)
    axes.set_ylabel(ylabel)
    right = 1.06 * max(max(predicted) for _, predicted, _ in curves.values())
    top = 1.3 * max(max(observed) for observed, _, _ in curves.values())
    axes.set(xlim=(0, right), ylim=(0, top))
    axes.locator_params(axis="y", nbins=5, prune="lower")
    end = min(right, top)
    axes.plot([0, end], [0, end], color=MUTED, linestyle=(0, (4, 3)), linewidth=2.5, zorder=0)
    beside = {"textcoords": "offset points", "va": "center", "annotation_clip": False}
    axes.annotate("score = share", (end, end), (12, -8), color=MUTED, **beside)
    phrases = []
    for number, (name, (observed, predicted, n)) in enumerate(curves.items()):
        colour, marker = (ACCENT, "o") if number == 0 else (INK, "s")
        observed, predicted = np.asarray(observed), np.asarray(predicted)
        half = 1.96 * np.sqrt(observed * (1 - observed) / np.asarray(n))
        axes.errorbar(predicted, observed, half, color=colour, linewidth=2, elinewidth=3)
        axes.plot(predicted, observed, marker, color=colour, markersize=11, mec="white", mew=1.2)
        axes.annotate(
            name, (predicted[-1], observed[-1]), (16, 0), color=colour, weight="semibold", **beside
        )
        pairs = zip(predicted, observed, strict=True)
        said = ", ".join(f"score {score:.2f} observed {share:.2f}" for score, share in pairs)
        phrases.append(f"{name}: {said}")
    alt = f"{title}. {ylabel} against {xlabel}, {people}, with 95% intervals."
    alt = f"{alt} {'; '.join(phrases)}."
    return _finish(figure, alt, height)


@_in_our_style
def weights(values, low, high, height=316):
    """Draw the weights of a model's standardised columns on both sides of zero, with ranges.

    values: Series indexed by column; low, high: one value per row, the range over refits. Returns
    a Chart.
    """
    title = "The largest weights, and their range over five refits on fewer patients"
    xlabel, sides = "weight of the standardised column", ("score falls", "score rises")
    low, high = (np.asarray(ends, dtype=float) for ends in (low, high))
    figure, axes = _canvas(title, xlabel, height, _room_for(values.index), right=250, top=84)
    phrases = []
    rows = range(len(values))[::-1]
    for row, (name, value), a, b in zip(rows, values.items(), low, high, strict=True):
        axes.plot([a, b], [row, row], color=ACCENT, linewidth=5, solid_capstyle="butt")
        axes.plot(value, row, "o", color=ACCENT, markersize=12, mec="white", mew=1.5)
        numbers = f"{value:+.2f}  [{a:+.2f}, {b:+.2f}]".replace("-", "−")
        _write_row(axes, row, name, INK, numbers, "")
        phrases.append(f"{name} {numbers}")
    _frame_rows(axes, len(values))
    axes.axvline(0, color=INK, linewidth=2, zorder=0)
    axes.set_xlim(1.6 * min(0.0, low.min()) - 0.05, 1.1 * max(0.0, high.max()))
    axes.locator_params(axis="x", nbins=7)
    _name_sides(axes, sides)
    alt = f"{title}. {xlabel}, left of zero {sides[0]}, right of zero {sides[1]}: "
    return _finish(figure, f"{alt}{'; '.join(phrases)}.", height)


@_in_our_style
def candidates(points, picked, title, xlabel, ylabel, height=330):
    """Draw candidates as small dots, an error across and a gap upwards, and name the picked one.

    points: DataFrame with one row per candidate and the columns missed and gap; picked: the label
    of its row. Returns a Chart.
    """
    figure, axes = _canvas(title, xlabel, height, left=86, right=40)
    axes.spines["left"].set_visible(True)
    axes.set_ylabel(ylabel)
    axes.plot(points["missed"], points["gap"], "o", color="#8093a5", markersize=11, mec="white")
    chosen = points.loc[picked]
    axes.plot(chosen.missed, chosen.gap, "D", color=ACCENT, markersize=15, mec="white", mew=1.5)
    right_half = chosen.missed > points["missed"].mean()
    axes.annotate(
        f"picked: {chosen.missed:.3f} missed, gap {chosen.gap:.2f}",
        (chosen.missed, chosen.gap),
        (-16 if right_half else 16, -2),
        textcoords="offset points",
        ha="right" if right_half else "left",
        va="top",
        color=ACCENT,
        weight="semibold",
    )
    axes.set_ylim(0, 1.1 * points["gap"].max())
    axes.locator_params(nbins=6)
    alt = (
        f"{title}. {len(points)} dots, {xlabel} {points['missed'].min():.3f} to "
        f"{points['missed'].max():.3f}, {ylabel} {points['gap'].min():.2f} to "
        f"{points['gap'].max():.2f}; picked: {chosen.missed:.3f}, {chosen.gap:.2f}."
    )
    return _finish(figure, alt, height)


@_in_our_style
def curves(axes, title, height=376):
    """Redraw the lines that a plotting function drew into `axes`, with our colours and labels.

    axes: matplotlib Axes whose lines are labelled "group (AUC = 0.62)". Each group keeps its colour
    and marker; the labels stand beside the curves, not in a legend over them. Returns a Chart.
    """
    labels = [axes.get_xlabel().split(" (")[0].lower(), axes.get_ylabel().split(" (")[0].lower()]
    figure, ours = _canvas(title, labels[0], height, left=78, right=420)
    ours.set(ylabel=labels[1], xlim=(0, 1), ylim=(0, 1.01))
    ours.spines["left"].set_visible(True)
    said = []
    for row, line in enumerate(axes.get_lines()):
        name = line.get_label().split(" (")[0]
        look, group = GROUPS.get(name, ANY_OTHER_GROUP), name in GROUPS
        x, y = line.get_data()
        thin = np.unique(np.linspace(0, len(x) - 1, 400).astype(int))  # no eye sees more
        style = {"color": look.colour, "linestyle": "--" if name.startswith("Chance") else "-"}
        marked = {"marker": look.marker if group else None, "markersize": 9, "mec": "white"}
        marked["markevery"] = max(1, len(thin) // 6)
        ours.plot(np.asarray(x)[thin], np.asarray(y)[thin], linewidth=2.2, **style, **marked)
        place = {"xycoords": "axes fraction", "annotation_clip": False, "va": "center"}
        height_of = 0.9 - 0.13 * row
        ours.plot(
            [1.06, 1.12], [height_of] * 2, transform=ours.transAxes, clip_on=False, linewidth=2.2,
            **style, **{**marked, "markevery": [0]},
        )  # fmt: skip
        ours.annotate(line.get_label(), (1.15, height_of), color=look.text, **place)
        said.append(line.get_label())
    plt.close(axes.figure)
    return _finish(figure, f"{title}. {labels[1]} against {labels[0]}: {'; '.join(said)}.", height)
