"""Generate the synthetic cohort from `data/cohort.json`.

The parameters are aggregate statistics of the real data: `tools/fit_cohort.py` fits them and
`data/README.md` describes them. The generator draws, in this order:

1. patients, each with a race and a number of encounters, and the encounters' order in the file;
2. per encounter its *position* among the patient's encounters and the recorded race, which now
   and then differs from the one recorded first;
3. the features, from a tree-shaped network within race and position (Chow and Liu 1968,
   https://doi.org/10.1109/TIT.1968.1054142); gender and age stay the patient's;
4. the label, from a logistic model of the features within race and position.

Only uniform random numbers are drawn, so that a seed means the same cohort on every machine.
"""

import json

import numpy as np
import pandas as pd

from workshop.paths import ROOT

PARAMETERS = ROOT / "data" / "cohort.json"
POSITIONS = ("only", "first", "middle", "last")
PERSON = "person"  # gender and age band, crossed: the root of the tree
ALL_RACES = "all races"
SMALL = "Hispanic, Asian and Other"  # too few encounters to stand alone
PARTS = {  # what a race's distribution is made of, from the general to the particular
    "Black": (ALL_RACES, "Black"),
    "white": (ALL_RACES, "white"),
    "Hispanic": (ALL_RACES, SMALL, "Hispanic"),
    "Asian": (ALL_RACES, SMALL, "Asian"),
    "Other": (ALL_RACES, SMALL, "Other"),
    "Unknown": (ALL_RACES, "Unknown"),
}
SMOOTHING = 25  # weight, in encounters, of the general distribution beside the particular counts
WITHOUT_GENDER = 3  # as in the real data, where it is a public fact of the file


def generate(seed: int | None = None) -> pd.DataFrame:
    """Draw a cohort: a row per encounter, the columns that `workshop.data` stores.

    `seed` is the parameter file's unless another is given. Categories are named and ordered as in
    the parameter file; `workshop.data` gives the columns their final types.
    """
    parameters = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    rng = np.random.default_rng(parameters["seed"] if seed is None else seed)
    patient, codes = _histories(parameters, rng)
    _draw_features(parameters, rng, patient, codes)
    _draw_label(parameters, rng, codes)
    return _table(parameters, rng, patient, codes)


def _histories(parameters: dict, rng) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw who comes how often: the patient, the position and the recorded race of each row."""
    sizes = [_history_sizes(parameters["patients"][r], rng) for r in parameters["levels"]["race"]]
    race_first_recorded = np.repeat(np.arange(len(sizes)), [len(s) for s in sizes])
    patient = np.repeat(np.arange(len(race_first_recorded)), np.concatenate(sizes))
    patient = patient[np.argsort(rng.random(len(patient)))]

    first, last = np.zeros((2, len(patient)), dtype=bool)
    first[np.unique(patient, return_index=True)[1]] = True
    last[len(patient) - 1 - np.unique(patient[::-1], return_index=True)[1]] = True
    position = np.select([first & last, first, last], [0, 1, 3], default=2)

    race = race_first_recorded[patient]
    recorded = np.array(parameters["recorded_race_later"], dtype=float)
    race = np.where(first, race, _draw(recorded / recorded.sum(1, keepdims=True), race, rng))
    return patient, {"race": race, "position": position}


def _history_sizes(histogram: dict, rng) -> np.ndarray:
    """Return the number of encounters of each patient of one race."""
    counts, more = histogram["patients_by_encounters"], histogram["more_encounters"]
    least = len(counts) + 1
    spread = (rng.random(more["encounters"] - least * more["patients"]) * more["patients"]).astype(
        int
    )
    longer = least + np.bincount(spread, minlength=more["patients"])
    return np.concatenate([np.repeat(np.arange(1, least), counts), longer])


def _draw_features(parameters: dict, rng, patient: np.ndarray, codes: dict) -> None:
    """Draw each variable given its parent in the tree, within race and position."""
    left_out = parameters["counts_under_this_are_left_out"]
    for child, parent in parameters["tree"]:
        codes[child] = np.zeros(len(patient), dtype=int)
        for position, race, rows in _strata(parameters, codes):
            tables = parameters["tables"][position]
            chances = _chances([tables[part][child] for part in PARTS[race]], left_out)
            given = codes[parent][rows] if parent else np.zeros(len(rows), dtype=int)
            codes[child][rows] = _draw(chances, given, rng)
        if child == PERSON:
            _, first_row = np.unique(patient, return_index=True)
            codes[PERSON] = codes[PERSON][first_row[patient]]


def _strata(parameters: dict, codes: dict):
    for p, position in enumerate(POSITIONS):
        for r, race in enumerate(parameters["levels"]["race"]):
            yield position, race, np.flatnonzero((codes["position"] == p) & (codes["race"] == r))


def _chances(counts: list, left_out: int) -> np.ndarray:
    """Turn counts (parent's levels × child's levels), general to particular, into chances.

    Each row sums to 1. A row without any count in general falls back on the child's own
    distribution. A 0 in particular may stand for a count under `left_out`: the general distribution
    tells which one to expect.
    """
    everyone = np.array(counts[0])
    chances = everyone + everyone.sum(0) / everyone.sum()
    for particular in map(np.array, counts[1:]):
        general = chances / chances.sum(1, keepdims=True)
        seen = particular > 0
        chance_of_seen = np.where(seen, general, 0).sum(1, keepdims=True)
        expected = general * particular.sum(1, keepdims=True) / np.maximum(chance_of_seen, 1e-9)
        chances = np.where(seen, particular, np.minimum(expected, left_out - 1))
        chances = chances + SMOOTHING * general
    return chances / chances.sum(1, keepdims=True)


def _draw(chances: np.ndarray, given: np.ndarray, rng) -> np.ndarray:
    """Draw a level per row from the row of `chances` that `given` names."""
    bounds = chances.cumsum(1)[:, :-1]
    return (rng.random(len(given))[:, None] >= bounds[given]).sum(1)


def _draw_label(parameters: dict, rng, codes: dict) -> None:
    """Draw `readmitted`: within 30 days, later, or not; nobody who died is readmitted."""
    chance = {}
    for when, model in parameters["label"].items():
        logit = np.zeros(len(codes["race"]))
        for r, race in enumerate(parameters["levels"]["race"]):
            rows = np.flatnonzero(codes["race"] == r)
            for part in PARTS[race]:
                for variable, effects in model[part].items():
                    logit[rows] += np.array(effects)[codes[variable][rows]]
        chance[when] = 1 / (1 + np.exp(-logit))
    soon, later = (rng.random(len(chance[when])) < chance[when] for when in ("<30", ">30"))
    died = codes["discharge"] == parameters["levels"]["discharge"].index("Died")
    level = parameters["levels"]["readmitted"].index
    codes["readmitted"] = np.select(
        [died, soon, later], [level(r) for r in ("NO", "<30", ">30")], level("NO")
    )


def _table(parameters: dict, rng, patient: np.ndarray, codes: dict) -> pd.DataFrame:
    levels = parameters["levels"]
    gender, codes["age"] = np.divmod(codes[PERSON], len(levels["age"]))
    single = np.flatnonzero(codes["position"] == POSITIONS.index("only"))
    gender[single[:WITHOUT_GENDER]] = levels["gender"].index("Unknown")
    codes["gender"] = gender
    columns = {"patient_id": pd.factorize(patient)[0]}
    columns |= {n: pd.Categorical.from_codes(codes[n], categories=levels[n]) for n in levels}
    columns |= {n: codes[n] == 1 for n in ("change", "diabetesMed")}
    for name, bins in parameters["bins"].items():
        columns[name] = np.zeros(len(patient), dtype=int)
        for code, counts in enumerate(bins):
            rows = np.flatnonzero(codes[name] == code)
            chances = np.array([list(counts.values())]) / sum(counts.values())
            values = np.array([int(value) for value in counts])
            columns[name][rows] = values[_draw(chances, np.zeros(len(rows), dtype=int), rng)]
    return pd.DataFrame(columns)
