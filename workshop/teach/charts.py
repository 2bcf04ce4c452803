"""Show the numbers of the live demos: few shapes, many uses.

Every number arrives computed, and every word comes from the deck: the slide's heading is the
finding, `label` says what is measured. A chart is one SVG whose letters are outlines, so that it
looks the same on every machine; its alternative text is made from the same numbers.

A table of rates is a DataFrame with a row for each group: the rate comes first, then, where they
are known, the columns low, high (an interval) and n (the people behind it).
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from workshop.errors import WorkshopError
from workshop.teach.look import (
    INK,
    MARK,
    MUTED,
    PALE,
    RULE,
    TEXT,
    Canvas,
    in_our_style,
    in_words,
    look_of,
    number,
    rate_and_ends,
    spread,
)
from workshop.teach.rows import cloud, differences, dots, dumbbell
from workshop.teach.tables import big, steps, table

__all__ = [
    "big", "cloud", "curves", "differences", "dots", "dumbbell", "histogram", "hundred", "scatter",
    "slope", "steps", "table",
]  # fmt: skip


@in_our_style
def slope(before, after, label, names=("before", "after"), *, reach=None, mark=None, digits=2,
          size="beside"):  # fmt: skip
    """Draw a line for each row from one rate to the other: what another label or rule changes.

    The arguments are those of `dumbbell`.
    """
    canvas = Canvas(size)
    start = canvas.label(label)
    left, right, top, bottom = 96, canvas.width - 190, start + 56, canvas.height - 30
    sides = [rate_and_ends(side) for side in (before, after)]
    ends = np.hstack([side.to_numpy(dtype=float) for side in sides])
    low, high = reach or (ends.min(), ends.max())
    margin = 0.06 * (high - low or 1)
    axes = canvas.axes(left, top, right, bottom, xlim=(0, 1), ylim=(low - margin, high + margin),
                       xticks=[], yticks=[])  # fmt: skip
    axes.spines["bottom"].set_visible(False)
    for x, name in ((left, names[0]), (right, names[1])):
        canvas.write(x, start + 24, name, colour=MUTED, ha="center" if x == right else "left")
        axes.axvline((x - left) / (right - left), color=RULE, linewidth=2, clip_on=False)
    values = np.array([side.iloc[:, 0] for side in sides], dtype=float)
    pixels = bottom - (values - low + margin) / (high - low + 2 * margin) * (bottom - top)
    heights = [spread(row, 34) for row in pixels]
    phrases = []
    for i, name in enumerate(before.index):
        look, (was, now) = look_of(name), (side.loc[name] for side in sides)
        axes.plot([0, 1], [was.iloc[0], now.iloc[0]], color=look.colour, linewidth=6,
                  marker=look.marker, markersize=18, mec="white", mew=2, clip_on=False)  # fmt: skip
        for place, row in ((0.02 + 0.02 * i, was), (0.98 - 0.02 * i, now)):
            if len(row) > 1:
                axes.plot([place, place], row.iloc[1:], color=look.colour, linewidth=4, alpha=0.6)
        before_text, after_text = (number(row.iloc[0], digits) for row in (was, now))
        canvas.write(left - 20, heights[0][i], before_text, ha="right")
        used = canvas.write(right + 20, heights[1][i], after_text, weight="semibold",
                            marked=name == mark)  # fmt: skip
        canvas.write(
            right + 32 + used, heights[1][i], str(name), colour=look.text, weight="semibold"
        )
        phrases.append(
            f"{name} {in_words(was, digits)} {names[0]}, {in_words(now, digits)} {names[1]}"
        )
    return canvas.finish(f"{label}: {'; '.join(phrases)}.")


@in_our_style
def hundred(shares, label, *, n=None, unit="", mark=None, size="beside"):
    """Draw a hundred marks for each row and fill as many as its share of a hundred.

    shares: Series of shares (0 to 1); n: Series of the people behind each; mark: the row to light.
    """
    canvas = Canvas(size)
    start = canvas.label(label)
    columns = min(len(shares), 2 if canvas.width < 900 else 4)
    lines = -(-len(shares) // columns)
    cell_width = canvas.width / columns
    cell_height = (canvas.height - start) / lines
    side = min(cell_width - 36, cell_height - (74 if n is None else 104))
    phrases = []
    for i, (name, share) in enumerate(shares.items()):
        x, y = (i % columns) * cell_width, start + (i // columns) * cell_height
        look, filled = look_of(name), round(100 * share)
        used = canvas.write(x, y + 26, str(name), 28, look.text, "semibold")
        canvas.write(
            x + used + 14, y + 26, f"{filled} of 100", 28, weight="semibold", marked=name == mark
        )
        if n is not None:
            canvas.write(x, y + 58, f"{n[name]:,.0f} {unit}".strip(), colour=MUTED)
        top = y + (50 if n is None else 80)
        axes = canvas.axes(
            x, top, x + side, top + side, xlim=(-0.6, 9.6), ylim=(9.6, -0.6), xticks=[], yticks=[]
        )
        axes.spines["bottom"].set_visible(False)
        row, column = np.divmod(np.arange(100), 10)
        on = np.arange(100) < filled
        for chosen, colour in ((on, look.colour), (~on, PALE)):
            axes.plot(
                column[chosen],
                row[chosen],
                look.marker,
                color=colour,
                markersize=0.065 * side,
                mec="none",
            )
        people = f", {n[name]:,.0f} {unit}".rstrip() if n is not None else ""
        phrases.append(f"{name} {filled} of 100{people}")
    return canvas.finish(f"{label}: {'; '.join(phrases)}.")


@in_our_style
def histogram(values, observed, label, *, observed_label="observed", unit="shuffles", reach=None,
              digits=2, size="beside"):  # fmt: skip
    """Draw the values that chance produced, where 95% of them end, and the observed value.

    values: array with one number per shuffle; unit: what they are; reach: the right end of the
    axis, for slides to be compared.
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all() or not np.isfinite(observed):
        raise WorkshopError(
            "The chart of chance got a value that is not a number: "
            "check that every group has at least one readmitted encounter."
        )
    middle, limit = np.quantile(values, [0.5, 0.95])
    below = number(limit, digits)
    canvas = Canvas(size)
    start = canvas.label(label)
    end = reach or 1.12 * max(values.max(), observed)
    bottom = canvas.height - 44
    left, right = 10, canvas.width - 30
    axes = canvas.axes(left, start + 6, right, bottom, xlim=(0, end), yticks=[])
    step = max(values.max() / 40, 1e-9)
    counts, _, _ = axes.hist(values, bins=np.arange(0, values.max() + step, step), color="#9aa5b0",
                             edgecolor="white")  # fmt: skip
    top = 1.55 * counts.max()
    axes.set_ylim(0, top)
    axes.locator_params(axis="x", nbins=6)
    for value, style, level, text, lit in (
        (limit, (0, (4, 3)), 0.8, f"95% of {len(values):,} {unit}: below {below}", False),
        (observed, "-", 0.97, f"{observed_label}: {number(observed, digits)}", True),
    ):  # fmt: skip
        axes.plot([value, value], [0, level * top], color=INK, linestyle=style, linewidth=4)
        right_half = value > 0.5 * end
        x = left + value / end * (right - left) + (-14 if right_half else 14)
        y = bottom - (level - 0.03) * (bottom - start - 6)
        canvas.write(x, y, text, 28 if lit else TEXT, weight="semibold" if lit else "regular",
                     ha="right" if right_half else "left", marked=lit)  # fmt: skip
    alt = (
        f"{label}. Histogram of {len(values):,} {unit}: median {number(middle, digits)}, "
        f"95% stay below {below}; {observed_label} {number(observed, digits)}."
    )
    return canvas.finish(alt)


@in_our_style
def scatter(series, xlabel, ylabel, *, equal=False, joined=False, mark=None, reach=None, digits=2,
            size="beside"):  # fmt: skip
    """Draw points, one measure across and another upwards, with intervals where they are known.

    series: dictionary from a name to a DataFrame with the columns x, y and perhaps low, high;
    equal: draw the line of x = y; joined: join the points of a series; mark: (name, row) of the
    point to light; reach: the right and upper end of the axes.
    """
    canvas = Canvas(size)
    canvas.write(0, 20, f"↑ {ylabel}", weight="semibold")
    axes = canvas.axes(74, 50, canvas.width - 24, canvas.height - 84)
    axes.spines["left"].set_visible(True)
    axes.set_xlabel(f"{xlabel} →", loc="right", labelpad=4, weight="semibold")
    every = pd.concat(series.values())
    tops = every[[c for c in ("y", "high") if c in every]].to_numpy(dtype=float)
    right, top = reach or (1.08 * every["x"].max(), 1.12 * np.nanmax(tops))
    left = (
        0
        if equal or every["x"].min() < 0.5 * right
        else every["x"].min() - 0.08 * np.ptp(every["x"])
    )
    axes.set(xlim=(left, right), ylim=(min(0, tops.min()), top))
    axes.locator_params(nbins=5)
    if equal:
        axes.plot([0, min(right, top)], [0, min(right, top)], color=RULE, linewidth=3, zorder=0)
    said, looks = [], [("#1b2a3a", "o"), ("#6b7783", "s"), ("#1b2a3a", "^")]
    for (name, points), (colour, marker) in zip(series.items(), looks, strict=False):
        if "low" in points:
            axes.vlines(points["x"], points["low"], points["high"], color=colour, linewidth=4)
        axes.plot(points["x"], points["y"], marker, color=colour, markersize=16, mec="white", mew=2,
                  linestyle="-" if joined else "none", linewidth=3)  # fmt: skip
        if len(series) > 1:
            x, y = points["x"].iloc[-1], points["y"].iloc[-1]
            axes.annotate(
                name,
                (x, y),
                (-16, 20),
                textcoords="offset points",
                color=colour,
                weight="semibold",
                ha="right",
            )
        pairs = ", ".join(
            f"{number(x, digits)} {number(y, digits)}" for x, y in points[["x", "y"]].to_numpy()
        )
        few = len(points) <= 12
        said.append(f"{name}: {pairs}" if few else f"{name}: {len(points)} points")
    if mark:
        point = series[mark[0]].loc[mark[1]]
        axes.plot(point.x, point.y, "D", color=INK, mfc=MARK, markersize=24, mew=3.5, zorder=5)
        said.append(f"marked: {mark[1]} at {number(point.x, digits)}, {number(point.y, digits)}")
    return canvas.finish(f"{ylabel} against {xlabel}. {'; '.join(said)}.")


@in_our_style
def curves(axes, label, *, size="full"):
    """Redraw the lines that a plotting function drew into `axes`: a panel for each group.

    axes: matplotlib Axes whose lines are labelled "group (AUC = 0.62)". In each panel one group
    stands out in its colour from the others.
    """
    lines = {line.get_label().split(" (")[0]: line for line in axes.get_lines()}
    groups = {
        name: line
        for name, line in lines.items()
        if name not in ("Overall", "Chance level", "Chance")
    }
    names = [text.split(" (")[0].lower() for text in (axes.get_xlabel(), axes.get_ylabel())]
    canvas = Canvas(size)
    start = canvas.label(f"{label}: {names[1]} (up) against {names[0]} (across)")
    columns = min(len(groups), 2 if canvas.width < 900 else 4)
    across = (canvas.width + 28) / columns
    upwards = (canvas.height - start) / -(-len(groups) // columns)
    for i, chosen in enumerate(groups):
        x, y = (i % columns) * across, start + (i // columns) * upwards
        text = groups[chosen].get_label().replace("(", "").replace(")", "")
        canvas.write(x, y + 24, text, colour=look_of(chosen).text, weight="semibold")
        side = min(across - 28, upwards - 64)
        ours = canvas.axes(
            x, y + 50, x + side, y + 50 + side, xlim=(0, 1), ylim=(0, 1.01), xticks=[], yticks=[]
        )
        ours.spines["left"].set_visible(True)
        ours.plot([0, 1], [0, 1], color=RULE, linewidth=2)
        for name, line in groups.items():
            data = np.asarray(line.get_data())
            thin = np.unique(np.linspace(0, data.shape[1] - 1, 200).astype(int))  # no eye sees more
            own = name == chosen
            ours.plot(*data[:, thin], color=look_of(name).colour if own else "#b3bac1",
                      linewidth=5 if own else 2, zorder=2 if own else 1)  # fmt: skip
    plt.close(axes.figure)
    said = "; ".join(line.get_label() for line in groups.values())
    return canvas.finish(f"{label}. {names[1]} against {names[0]}: {said}.")
