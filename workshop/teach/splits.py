"""Read what `tools/resample.py` saved: the decks' results on other splits of the patients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pandas as pd

from workshop.data import data_source
from workshop.paths import ROOT

SAVED = ROOT / "data" / "splits.json"
KEYS = {
    "mitigate": ["technique", "part", "group"],
    "assess": ["technique", "part", "group"],
    "labels": ["label", "part", "group"],
    "days": ["group"],
    "chance": ["groups"],
    "flip": ["rule"],
}


def resampled(table: str, source: str | None = None) -> pd.DataFrame:
    """Return a saved table: a row per split and key, a column per measure.

    `table` is one of `KEYS`, which name the index after "split", the split's `random_state`.
    "mitigate" is about first stays, "assess" and "labels" about all stays of patients who left
    alive; the counts are stays: `stays` and `readmitted` of the part and group, and of these
    `missed`, `selected`, and where it applies `coin`, `right`, `expected`. From these follow the
    columns "false negative rate" and "selection rate". `source` is "real", "synthetic" or None for
    `data_source()`.
    """
    keys = ["split", *KEYS[table], "measure"]
    numbers = {
        (split, *path): value
        for path, values in _leaves(_saved()[f"{source or data_source()} {table}"])
        for split, value in enumerate(values)
    }
    wide = pd.Series(numbers, dtype=float).rename_axis(keys).unstack("measure")
    if "missed" not in wide:
        return wide
    people = wide.xs("", level="technique")[["stays", "readmitted"]]
    wide = wide.drop(index="", level="technique").drop(columns=list(people))
    wide = wide.join(people, on=["split", "part", "group"])
    wide["false negative rate"] = wide["missed"] / wide["readmitted"]
    wide["selection rate"] = wide["selected"] / wide["stays"]
    return wide


def made() -> dict[str, str | int]:
    """Return when, with how many splits and with which packages the results were computed."""
    return _saved()["made"]


def _leaves(tree: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list]]:
    for key, below in tree.items():
        if isinstance(below, dict):
            yield from _leaves(below, (*path, key))
        else:
            yield (*path, key), below


@cache
def _saved() -> dict:
    return json.loads(SAVED.read_text(encoding="utf-8"))
