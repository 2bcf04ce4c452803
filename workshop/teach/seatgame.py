"""The seat game: a fixed number of places, a threshold for each group, and who loses a place.

One HTML output that works by mouse and keyboard, on stage and in an export, with no kernel and no
network. It holds counts of stays in bins of the score for each group, no rows of patients. Where no
script runs, and on paper, it shows a static picture of two rules instead.
"""

import json
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from workshop.errors import WorkshopError
from workshop.teach.look import ANY_OTHER_GROUP, GROUPS, INK, MUTED, RULE

TEMPLATES = Path(__file__).parent / "templates" / "seatgame"
BINS = 50
SHAPES = {  # outlines in a box from -10 to 10, one for each marker of the charts
    "o": "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z",
    "s": "M-7.5 -7.5h15v15h-15z",
    "^": "M0 -8.5L9 7H-9z",
    "D": "M0 -9.5L9.5 0L0 9.5L-9.5 0z",
    "h": "M0 -9L8 -4.5V4.5L0 9L-8 4.5V-4.5z",
}
_numbers = count(1)  # two games on one page must not share an id


@dataclass(frozen=True)
class SeatGame:
    """Hold the binned scores of each group, and show them as a game or as a picture.

    edges: the BINS + 1 limits of the bins; people and readmitted: stays per group (rows, in the
    order of `names`) and bin; seats: places to give; share: places per stay.
    """

    names: tuple[str, ...]
    edges: np.ndarray
    people: np.ndarray
    readmitted: np.ndarray
    seats: int
    share: float

    def selected(self, thresholds):
        """Return per group the number of stays with a score above its threshold."""
        return self._above(self.people, thresholds)

    def missed(self, thresholds):
        """Return per group the false negative rate under its threshold."""
        return 1 - self._above(self.readmitted, thresholds) / self.readmitted.sum(axis=1)

    def places(self, thresholds):
        """Return per group the whole number of places; together they are always `seats`.

        The largest remainders get the places that rounding down leaves over.
        """
        chosen = self.selected(thresholds)
        exact = self.seats * chosen / chosen.sum()
        places = np.floor(exact).astype(int)
        left = np.argsort(places - exact, kind="stable")[: self.seats - places.sum()]
        places[left] += 1
        return places

    def one_threshold(self):
        """Return the common threshold that fills the places, once per group."""
        low, high = self.edges[0], self.edges[-1]
        common = _bisect(lambda t: self.selected(np.full(len(self.names), t)).sum(), low, high)
        return np.full(len(self.names), common(self._capacity))

    def equal_missed(self):
        """Return the thresholds with equal false negative rates that fill the places."""
        back = self.readmitted / self.readmitted.sum(axis=1, keepdims=True)

        def thresholds(rate):
            return np.array([self._quantile(row, 1 - rate) for row in back])

        rate = _bisect(lambda rate: self.selected(thresholds(rate)).sum(), 0.0, 1.0)
        reached = rate(self._capacity)
        # Where a bin holds people but nobody readmitted, the volume jumps: fill up within the jump.
        low, high = thresholds(reached - 1e-9), thresholds(reached + 1e-9)
        part = _bisect(lambda part: self.selected(low + part * (high - low)).sum(), 0.0, 1.0)
        return low + part(self._capacity) * (high - low)

    @property
    def _capacity(self):
        return self.share * self.people.sum()

    def _above(self, counts, thresholds):
        below = np.concatenate([np.zeros((len(counts), 1)), counts.cumsum(axis=1)], axis=1)
        pairs = zip(thresholds, below, strict=True)
        return np.array([row[-1] - np.interp(t, self.edges, row) for t, row in pairs])

    def _quantile(self, row, above):
        """Return the threshold with the share `above` of a row's total over it."""
        find = _bisect(lambda t: self._above(row[None], [t])[0], self.edges[0], self.edges[-1])
        return find(above * row.sum())

    def _repr_html_(self):
        name = f"seat-game-{next(_numbers)}"
        data = {
            "seats": self.seats,
            "share": self.share,
            "edges": [round(float(edge), 6) for edge in self.edges],
            "groups": [
                {
                    "name": group,
                    "colour": _look(group).colour,
                    "shape": SHAPES[_look(group).marker],
                    "people": people.tolist(),
                    "readmitted": readmitted.tolist(),
                }
                for group, people, readmitted in zip(
                    self.names, self.people, self.readmitted, strict=True
                )
            ],
        }
        style = (
            (TEMPLATES / "seatgame.css").read_text(encoding="utf-8").replace("#GAME", f"#{name}")
        )
        script = (TEMPLATES / "seatgame.js").read_text(encoding="utf-8")
        # Inside a script element, "<" could end it.
        payload = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
        return (
            f'<div id="{name}" class="seat-game" data-prevent-swipe><style>{style}</style>'
            f'<div class="sg-static">{self.picture()}</div>'
            f'<div class="sg-live">{self._controls(name)}</div></div>'
            f'<script>({script})(document.getElementById("{name}"), {payload});</script>'
        )

    def _controls(self, name):
        low, high = self.edges[0], self.edges[-1]
        rows = "".join(
            f'<tr data-group="{number}">'
            f'<th scope="row" style="color:{_look(group).text}">{_marker(group)}'
            f"<span>{escape(group)}</span></th>"
            f'<td><input type="range" id="{name}-{number}" min="{low:.3f}" max="{high:.3f}" '
            f'step="0.005" aria-label="Threshold for {escape(group)}"><output></output></td>'
            '<td class="sg-places"></td><td class="sg-rate sg-selected"></td>'
            '<td class="sg-rate sg-missed"></td></tr>'
            for number, group in enumerate(self.names)
        )
        return (
            '<div class="sg-board"><div class="sg-seats"></div><table><thead><tr>'
            '<th scope="col">Group</th><th scope="col">Threshold</th><th scope="col">Places</th>'
            '<th scope="col">Selection rate</th><th scope="col">False negative rate</th>'
            f'</tr></thead><tbody>{rows}</tbody><tfoot><tr><th scope="row">All</th><td></td>'
            '<td class="sg-places"></td><td class="sg-rate sg-selected"></td>'
            '<td class="sg-rate sg-missed"></td></tr></tfoot></table></div>'
            '<div class="sg-foot"><div class="sg-buttons">'
            '<button type="button" data-rule="one">One threshold</button>'
            '<button type="button" data-rule="missed">Equal false negative rates</button>'
            '<button type="button" data-rule="selected">Equal selection rates</button>'
            '<span class="sg-key"><svg width="4" height="20" aria-hidden="true"><rect width="3" '
            f'height="20" fill="{INK}"/></svg>under one threshold<svg width="20" height="20" '
            f'aria-hidden="true"><rect x="2" y="2" width="16" height="16" fill="none" '
            f'stroke="{INK}" stroke-width="3"/></svg>a place gained</span></div>'
            '<p class="sg-summary" role="status" aria-live="polite"></p></div>'
        )

    def picture(self):
        """Return the static picture as SVG: one threshold beside equal false negative rates."""
        start, equal = self.one_threshold(), self.equal_missed()
        panels = [("One threshold for everyone", start), ("Equal false negative rates", equal)]
        before = self.places(start)
        drawn, told = [], []
        for number, (title, thresholds) in enumerate(panels):
            places, missed = self.places(thresholds), self.missed(thresholds)
            rates = self.selected(thresholds) / self.people.sum(axis=1)
            x = 590 * number
            drawn.append(_svg_text(x, 24, title, weight=600, size=24))
            drawn.append(_svg_seats(x, 44, self.names, places))
            heads = ((368, "Places"), (462, "Selected"), (545, "Missed"))
            drawn += [_svg_text(x + at, 64, head, MUTED, anchor="end") for at, head in heads]
            phrases = []
            for row, group in enumerate(self.names):
                y = 116 + 62 * row
                look = _look(group)
                change = places[row] - before[row]
                changed = f"{change:+d}".replace("-", "−") if change else ""
                drawn.append(_svg_text(x + 246, y - 22, group, look.text, weight=600))
                drawn.append(
                    _svg_text(x + 246, y + 3, f"from {thresholds[row]:.2f}", MUTED, size=18)
                )
                drawn.append(_svg_text(x + 368, y - 10, str(places[row]), anchor="end"))
                drawn.append(_svg_text(x + 374, y - 10, changed, weight=600))
                drawn.append(_svg_text(x + 462, y - 10, f"{rates[row]:.2f}", anchor="end"))
                drawn.append(_svg_text(x + 545, y - 10, f"{missed[row]:.2f}", anchor="end"))
                drawn.append(f'<path d="M{x + 246} {y + 15}h300" stroke="{RULE}"/>')
                phrases.append(
                    f"{group} {places[row]} places, false negative rate {missed[row]:.2f}"
                )
            told.append(f"{title}: {'; '.join(phrases)}")
        words = f"{self.seats} places for {round(self.seats / self.share)} stays, two rules. "
        alt = escape(words + ". ".join(told) + ".")
        return (
            f'<svg viewBox="0 0 1152 380" width="1152" height="380" role="img" aria-label="{alt}" '
            "font-family=\"'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif\">"
            f"{''.join(drawn)}"
            + _svg_text(
                0,
                366,
                f"{self.seats} places for every {round(self.seats / self.share)} stays. Selected: "
                "share of a group with a place. Missed: share of its readmitted without one.",
                MUTED,
            )
            + "</svg>"
        )


def seat_game(scores, labels, groups, seats=100, share=0.1):
    """Return the game for people of several groups who compete for `seats` places.

    scores, labels (1 where the person had the need) and groups: one value per person; share: the
    places per person, so that the picture stands for seats / share people. Raises `WorkshopError`
    where the lengths differ, a score or label is unusable, or a group has nobody with the need.
    """
    scores, labels = np.asarray(scores, dtype=float), np.asarray(labels)
    groups = pd.Series(np.asarray(groups)).astype(str).to_numpy()
    if not len(scores) == len(labels) == len(groups) > 0:
        raise WorkshopError("The seat game needs a score, a label and a group for each person.")
    if not np.isfinite(scores).all() or not np.isin(labels, [0, 1]).all():
        raise WorkshopError("The seat game needs finite scores, and labels that are 0 or 1.")
    if not (0 < share < 1 and seats == int(seats) > 0):
        raise WorkshopError("The seat game needs a positive number of seats and 0 < share < 1.")
    names = sorted(set(groups), key=lambda name: (name.lower(), name))
    edges = np.linspace(scores.min(), scores.max() + 1e-9, BINS + 1)
    people = np.array([np.histogram(scores[groups == name], edges)[0] for name in names])
    back = labels == 1
    readmitted = np.array(
        [np.histogram(scores[(groups == name) & back], edges)[0] for name in names]
    )
    for name, row in zip(names, readmitted, strict=True):
        if row.sum() == 0:
            raise WorkshopError(
                f"Nobody in the group '{name}' has the need, so it has no false negative rate: "
                "merge it or leave it out."
            )
    return SeatGame(tuple(names), edges, people, readmitted, int(seats), float(share))


def _bisect(falling, low, high):
    """Return a function that finds where a falling function reaches a value, by halving."""

    def find(value):
        a, b = low, high
        for _ in range(60):
            middle = (a + b) / 2
            a, b = (middle, b) if falling(middle) > value else (a, middle)
        return (a + b) / 2

    return find


def _look(group):
    return GROUPS.get(group, ANY_OTHER_GROUP)


def _marker(group):
    look = _look(group)
    return (
        '<svg class="sg-marker" viewBox="-11 -11 22 22" width="20" height="20" aria-hidden="true">'
        f'<path d="{SHAPES[look.marker]}" fill="{look.colour}"/></svg>'
    )


def _svg_text(x, y, text, fill=INK, size=20, weight=400, anchor="start"):
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _svg_seats(x, y, names, places):
    """Draw the places as markers in rows of ten, group by group."""
    order = [name for name, number in zip(names, places, strict=True) for _ in range(number)]
    return "".join(
        f'<path transform="translate({x + 11 + 22.5 * (seat % 10)} {y + 14 + 28 * (seat // 10)})" '
        f'd="{SHAPES[_look(name).marker]}" fill="{_look(name).colour}" stroke="#ffffff"/>'
        for seat, name in enumerate(order)
    )
