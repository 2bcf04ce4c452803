"""Draw a row for each group or rule, its name and numbers in words above its marks.

The table of rates, `label`, `reach` and `mark` are explained in `workshop.teach.charts`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from workshop.teach.look import (
    FEW,
    INK,
    MARK,
    MUTED,
    RULE,
    Canvas,
    in_our_style,
    in_words,
    look_of,
    number,
    rate_and_ends,
)

FILLED = {"markersize": 21, "mec": "white", "mew": 2, "zorder": 3}
HOLLOW = {"markersize": 19, "mfc": "white", "mew": 4, "zorder": 3}


@in_our_style
def dots(rates, label, *, unit="", sides=None, reach=None, mark=None, digits=2, size="beside",
         few="too few to compare"):  # fmt: skip
    """Draw a dot with its interval for each row; with `sides`, on both sides of zero.

    rates: DataFrame of rates (see above), in the order of the rows; unit: what n counts; sides:
    what a value left and right of zero means; reach: the ends of the axis, for slides to be
    compared; mark: the row to light. A rate of fewer than ten people is faded, and said to be.
    """
    canvas, axes, places = _rows(size, rates.index, label, sides)
    signed, phrases = sides is not None, []
    for place, (name, row) in zip(places, rates.iterrows(), strict=True):
        value, look = row.iloc[0], look_of(name)
        is_few = row.get("n", FEW) < FEW
        alpha = 0.3 if is_few else 1
        numbers, said = number(value, digits, signed), [f"{name} {number(value, digits, signed)}"]
        if "low" in row and not is_few:
            low, high = (number(row[end], digits, signed) for end in ("low", "high"))
            numbers += f"  [{low}, {high}]"
            said.append(f"{low} to {high}")
            _interval(axes, row["low"], row["high"], place, look.colour)
        axes.plot(value, place, look.marker, color=look.colour, **FILLED, alpha=alpha)
        people = f"{row['n']:,.0f} {unit}".strip() if "n" in row else ""
        people += f": {few}" if is_few else ""
        _row_text(canvas, axes, place, name, numbers, people, name == mark)
        phrases.append(", ".join(filter(None, [*said, people])))
    ends = rates[["low", "high"]] if "low" in rates else rates.iloc[:, :1]
    _scale(axes, reach, ends.to_numpy(dtype=float), sides)
    spoken = f" Left of zero: {sides[0]}; right of zero: {sides[1]}." if sides else ""
    return canvas.finish(f"{label}: {'; '.join(phrases)}.{spoken}")


def differences(gaps, n, label, sides, *, unit="", size="beside"):
    """Draw, as `dots` does, pairs (difference, half the width of its 95% interval) with signs.

    gaps: dictionary from what is compared to its pair; n: the people behind each, in its order.
    """
    table = pd.DataFrame(gaps, ["rate", "half"]).T
    low, high = table["rate"] - table["half"], table["rate"] + table["half"]
    rates = pd.DataFrame({"rate": table["rate"], "low": low, "high": high, "n": np.asarray(n)})
    return dots(rates, label, unit=unit, sides=sides, digits=3, size=size)


@in_our_style
def dumbbell(before, after, label, names=("before", "after"), *, n=None, unit="", reach=None,
             mark=None, digits=2, size="beside"):  # fmt: skip
    """Draw, for each row, where a rate was (hollow) and where it is (filled).

    before, after: Series with the same index, or tables of rates with low and high, which are drawn
    too; names: what the two are; n: Series of the people behind both; the rest as in `dots`.
    """
    ink = {"marker": "o", "color": INK}
    key = [(ink | HOLLOW, names[0]), (ink | FILLED, names[1])]
    ends = [rate_and_ends(side) for side in (before, after)]
    canvas, axes, places = _rows(size, before.index, label, None, key)
    pitch = axes.get_position().height * canvas.height / len(places)
    lift = 12 / pitch if ends[0].shape[1] > 1 else 0.0  # so that no interval covers the other
    phrases = []
    for place, name in zip(places, before.index, strict=True):
        look, (was, now) = look_of(name), (side.loc[name] for side in ends)
        heights = place - lift, place + lift
        axes.plot([was.iloc[0], now.iloc[0]], heights, color=look.colour, zorder=1,
                  linewidth=2 if lift else 6)  # fmt: skip
        for row, height, style in zip((was, now), heights, (HOLLOW, FILLED), strict=True):
            if lift:
                axes.plot(row.iloc[1:3], [height, height], color=look.colour, linewidth=5)
            axes.plot(row.iloc[0], height, look.marker, color=look.colour, **style)
        numbers = f"{number(was.iloc[0], digits)} → {number(now.iloc[0], digits)}"
        people = f"{n[name]:,.0f} {unit}".strip() if n is not None else ""
        _row_text(canvas, axes, place, name, numbers, people, name == mark)
        said = f"{name} {in_words(was, digits)} {names[0]}, {in_words(now, digits)} {names[1]}"
        phrases.append(f"{said}, {people}" if people else said)
    _scale(axes, reach, np.hstack([side.to_numpy(dtype=float) for side in ends]), None)
    return canvas.finish(f"{label}: {'; '.join(phrases)}.")


@in_our_style
def cloud(splits, live, label, *, live_label="this split", sides=None, reach=None, mark=None,
          digits=2, size="beside"):  # fmt: skip
    """Draw a strip of dots for each row, one dot for each split, and the split that runs live.

    splits: DataFrame with a row for each split and a column for each rule or group; live: Series
    with the live value of each column (a column may be missing); sides, reach, mark as in `dots`.
    """
    here = {"marker": "D", "color": INK, "mfc": MARK, "markersize": 17, "mew": 3}
    middle = {"marker": "|", "color": INK, "markersize": 26, "mew": 4}
    key = [(here, live_label), (middle, "mean")]
    canvas, axes, places = _rows(size, splits.columns, label, sides, key)
    phrases = []
    for place, (name, values) in zip(places, splits.items(), strict=True):
        values, look = values.dropna(), look_of(name[-1] if isinstance(name, tuple) else name)
        name = " · ".join(map(str, name)) if isinstance(name, tuple) else name
        # Dots that would cover each other stand in rows of three.
        lift = 0.1 * (np.arange(len(values)) % 3 - 1) if len(values) > 15 else np.zeros(len(values))
        axes.plot(np.sort(values), place + lift, look.marker, color=look.colour, markersize=13,
                  alpha=0.45, mec="none")  # fmt: skip
        mean = values.mean()
        axes.plot([mean, mean], [place - 0.14, place + 0.14], color=INK, linewidth=4)
        if name in live:
            axes.plot(live[name], place, **here, zorder=4)
        now = f", {live_label} {number(live[name], digits)}" if name in live else ""
        ends = f"{number(values.min(), digits)} to {number(values.max(), digits)}"
        numbers = f"mean {number(mean, digits)}, {ends}"
        _row_text(canvas, axes, place, name, numbers, "", name == mark)
        phrases.append(f"{name} {numbers} over {len(values)} splits{now}")
    _scale(axes, reach, splits.to_numpy(dtype=float), sides)
    return canvas.finish(f"{label}: {'; '.join(phrases)}.")


def _rows(size, names, label, sides, key=()):
    """Return a canvas, axes with a line for each row, and the height of each row's marks."""
    canvas = Canvas(size)
    top = canvas.label(label)
    if key:
        beside = canvas.width > 900
        canvas.key(canvas.end + 24 if beside else 0, top - 24 if beside else top + 12, key)
        top += 0 if beside else 36
    top += 38 * bool(sides)
    bottom = canvas.height - 40
    axes = canvas.axes(16, top, canvas.width - 16, bottom, ylim=(len(names), 0), yticks=[])
    places = np.arange(len(names)) + 0.72
    for place in places:
        axes.axhline(place, color=RULE, linewidth=1.5, zorder=0)
    return canvas, axes, places


def _row_text(canvas, axes, place, name, numbers, people, marked):
    """Write a row's name, its numbers and the people behind them above its marks."""
    box = axes.get_position()
    top, tall = (1 - box.y1) * canvas.height, box.height * canvas.height
    rows = axes.get_ylim()[0]
    pitch = tall / rows
    y = top + place * pitch - min(0.42 * pitch, 46)
    large = 32 if pitch > 110 else 28
    used = canvas.write(2, y, str(name), large, look_of(name).text, "semibold")
    canvas.write(2 + used + 18, y, numbers, large - 2, weight="semibold", marked=marked)
    canvas.write(canvas.width - 2, y, people, colour=MUTED, ha="right")


def _interval(axes, low, high, place, colour):
    """Draw an interval with ends that stand out from its marker."""
    axes.plot([low, high], [place, place], color=colour, linewidth=6, solid_capstyle="butt")
    axes.plot([low, high], [place, place], "|", color=colour, markersize=34, mew=4, zorder=4)


def _scale(axes, reach, ends, sides):
    """Set the ends of the axis; with `sides` zero is in its middle, and named."""
    low, high = np.nanmin(ends), np.nanmax(ends)
    margin = 0.06 * (high - low or 1)
    if sides:
        far = max(abs(low), abs(high)) + margin
        reach = reach or (-far, far)
        axes.axvline(0, color=INK, linewidth=3, zorder=1)
        for x, text, ha in ((0.49, f"← {sides[0]}", "right"), (0.51, f"{sides[1]} →", "left")):
            axes.annotate(
                text,
                (x, 1),
                (0, 14),
                xycoords="axes fraction",
                textcoords="offset points",
                ha=ha,
                color=MUTED,
            )
    axes.set_xlim(*(reach or (low - margin, high + margin)))
    axes.locator_params(axis="x", nbins=6)
