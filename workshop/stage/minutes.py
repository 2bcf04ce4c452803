"""When each slide came up: one line of JSON each, in the working copy."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from itertools import pairwise
from pathlib import Path

FILE = "minutes.jsonl"


def log(copy: Path, entry: dict) -> None:
    """Append a slide that came up: `at` (ISO, UTC), `deck`, `session`, `slide`, `cell`, `title`."""
    with (copy / FILE).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry, ensure_ascii=False) + "\n")


def log_end(copy: Path) -> None:
    """Append that the stage stopped: the last slide was up until then."""
    if (copy / FILE).is_file():
        log(copy, {"at": dt.datetime.now(dt.UTC).isoformat()})


def read_minutes(copy: Path) -> tuple[dt.date | None, dict[tuple[str, str], float]]:
    """Return the day, and how long each slide was up, by deck and its first cell, in minutes.

    In the order in which they came up first. The day is None where nothing was presented.
    """
    lines = (copy / FILE).read_text("utf-8").splitlines() if (copy / FILE).is_file() else []
    entries = []
    for line in lines:
        with contextlib.suppress(ValueError):  # half a line, of a machine that was switched off
            entries.append(json.loads(line))
    starts = [dt.datetime.fromisoformat(entry["at"]) for entry in entries]
    ends = [later for _, later in pairwise(starts)] + starts[-1:]
    minutes: dict[tuple[str, str], float] = {}
    for entry, start, end in zip(entries, starts, ends, strict=True):
        if "deck" in entry:
            slide = entry["deck"], entry.get("cell", "")
            minutes[slide] = minutes.get(slide, 0) + (end - start).total_seconds() / 60
    return (starts[0].astimezone().date() if starts else None), minutes
