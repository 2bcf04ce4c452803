"""The seat game: a fixed number of places, a threshold for each group, and who loses a place.

One HTML output that works by mouse, keyboard and touch, on stage and in an export, with no kernel
and no network. It holds counts of stays by score for each group, no rows of patients. Where no
script runs, and on paper, it shows a static picture of two rules instead.

The thresholds of the rules are computed here, once; the script looks counts up in the tables that
it gets from here, and moves thresholds.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup
from scipy.optimize import brentq

from workshop.errors import WorkshopError
from workshop.pages import template
from workshop.teach.look import INK, MUTED, RULE, look_of

TEMPLATES = Path(__file__).parent / "templates" / "seatgame"
BINS = 50
SHAPES = {  # outlines in a box from -10 to 10, one for each marker of the charts
    "o": "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z",
    "s": "M-7.5 -7.5h15v15h-15z",
    "^": "M0 -8.5L9 7H-9z",
    "D": "M0 -9.5L9.5 0L0 9.5L-9.5 0z",
}
PICTURED = {"one": "One threshold for everyone", "missed": "Equal false negative rates"}


@dataclass(frozen=True)
class SeatGame:
    """Hold the scores of each group as counts, and show them as a game or as a picture.

    edges: BINS + 1 scores, evenly spaced; people and readmitted: stays with a score above each
    edge, one row per group in the order of `names`; seats: places to give; share: places per stay.
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
        return 1 - self._above(self.readmitted, thresholds) / self.readmitted[:, 0]

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

    @cached_property
    def rules(self):
        """Return the thresholds per group that fill the places under each rule.

        one: the same; missed: equal false negative rates; selected: equal selection rates.
        """
        capacity = self.share * self.people[:, 0].sum()

        def too_many(found):
            return self.selected(self._thresholds(self.readmitted, found)).sum() - capacity

        everyone = self.people.sum(axis=0, keepdims=True)
        found = brentq(too_many, 0, 1, xtol=1e-15, maxiter=500)
        return {
            "one": np.repeat(self._thresholds(everyone, self.share), len(self.names)),
            "missed": self._thresholds(self.readmitted, found),
            "selected": self._thresholds(self.people, self.share),
        }

    def _above(self, table, thresholds):
        pairs = zip(thresholds, table, strict=True)
        return np.array([np.interp(threshold, self.edges, row) for threshold, row in pairs])

    def _thresholds(self, table, share):
        """Return per row the threshold with this share of the row's stays above it."""
        # A trace of a stay in each bin: else a bin without any would be jumped over.
        table = table + 1e-7 * np.arange(len(self.edges))[::-1]
        return np.array([np.interp(share * r[0], r[::-1], self.edges[::-1]) for r in table])

    def _repr_html_(self):
        data = {
            "seats": self.seats,
            "share": self.share,
            "low": self.edges[0],
            "high": self.edges[-1],
            "groups": self._groups(people=self.people, readmitted=self.readmitted),
            "rules": {name: thresholds.tolist() for name, thresholds in self.rules.items()},
        }
        style, script = (
            Markup((TEMPLATES / file).read_text(encoding="utf-8"))
            for file in ("seatgame.css", "seatgame.js")
        )
        return template(TEMPLATES, "game").render(
            data, data=data, picture=Markup(self.picture()), style=style, script=script
        )

    def picture(self):
        """Return the static picture as SVG: one threshold beside equal false negative rates."""
        before = self.places(self.rules["one"])
        panels = []
        for rule, title in PICTURED.items():
            thresholds = self.rules[rule]
            results = {
                "threshold": thresholds,
                "places": self.places(thresholds),
                "change": self.places(thresholds) - before,
                "selected": self.selected(thresholds) / self.people[:, 0],
                "missed": self.missed(thresholds),
            }
            panels.append((title, self._groups(**results)))
        return template(TEMPLATES, "picture").render(
            panels=panels, seats=self.seats, stays=round(self.seats / self.share),
            ink=INK, muted=MUTED, rule=RULE,
        )  # fmt: skip

    def _groups(self, **numbers):
        """Return per group what a template needs: its name, its look and these numbers of it."""
        groups = []
        for row, name in enumerate(self.names):
            look, own = look_of(name), {key: value[row].tolist() for key, value in numbers.items()}
            shown = {"colour": look.colour, "text": look.text, "shape": SHAPES[look.marker]}
            groups.append({"name": name} | shown | own)
        return groups


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
    if idle := [name for name in names if not labels[groups == name].any()]:
        raise WorkshopError(
            f"Nobody in the group '{idle[0]}' has the need, so it has no false negative rate: "
            "merge it or leave it out."
        )
    edges = np.linspace(scores.min(), scores.max() + 1e-9, BINS + 1)

    def above(counted):
        rows = (np.histogram(scores[(groups == name) & counted], edges)[0] for name in names)
        return np.array([np.append(row[::-1].cumsum()[::-1], 0) for row in rows])

    people, readmitted = above(labels >= 0), above(labels == 1)
    return SeatGame(tuple(names), edges, people, readmitted, int(seats), float(share))
