"""Fit the synthetic cohort's parameters to the real data: `python -m tools.fit_cohort`.

Writes `data/cohort.json`. Everything in it is an aggregate over encounters or patients: no count
under `SMALLEST` is written (it becomes 0, or joins its neighbour), and the coefficients of the
label's model are shrunk towards those of all races. Takes about a minute.
"""

import json
from itertools import zip_longest

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from workshop.data import COLUMNS, cohort, load_patients
from workshop.data.cohort import ALL_RACES, PARTS, PERSON, POSITIONS
from workshop.data.load import CSV_SHA256

SEED = 2025  # chosen among twelve: data/README.md says how
SMALLEST = 10
BINS = {  # the lowest value of each bin after the first; within a bin, values keep their shares
    "time_in_hospital": (2, 3, 4, 5, 7, 10),
    "num_lab_procedures": (10, 28, 38, 44, 50, 58, 68),
    "num_procedures": (1, 2, 3, 4),
    "num_medications": (7, 10, 13, 16, 19, 22, 28),
    "number_diagnoses": (5, 6, 7, 8, 9),
    "number_emergency": (1, 2, 3),
    "number_inpatient": (1, 2, 3, 4),
    "number_outpatient": (1, 2, 3),
}
CATEGORIES = (
    "admission_source",
    "medical_specialty",
    "primary_diagnosis",
    "max_glu_serum",
    "A1Cresult",
    "insulin",
    "discharge",
)
FLAGS = ("change", "diabetesMed")
POOLED_SCALE = 3.0  # prior standard deviation of an effect in all races, in log-odds …
RACE_SCALE = 1.0  # … and of a race's difference from it


def fit(patients: pd.DataFrame) -> dict:
    """Return the parameters of `cohort.generate()` for the real table of all encounters."""
    histories = _history_histograms(patients)
    patients = patients[patients["gender"] != "Unknown"]
    codes = _codes(patients)
    # A missing payer says when a stay was, and the cohort has no time: nothing hangs on it.
    missing, other = map(COLUMNS["payer"].categories.index, ("Missing", "Other"))
    who_pays = codes.assign(payer=codes["payer"].replace(missing, other))
    tree = _chow_liu_tree(who_pays)
    label = {
        "<30": _label_model(who_pays, patients["readmitted"] == "<30", ~patients["died"]),
        ">30": _label_model(
            who_pays,
            patients["readmitted"] == ">30",
            ~patients["died"] & (patients["readmitted"] != "<30"),
        ),
    }
    for effects in (*label["<30"].values(), *label[">30"].values()):
        effects["payer"][missing] = effects["payer"][other]
    names = [name for name, column in COLUMNS.items() if column.categories]
    return {
        "about": "Aggregate statistics of Diabetes 130-US Hospitals (Strack et al. 2014, "
        "CC BY 4.0) for the synthetic cohort; written by tools/fit_cohort.py, described in "
        "data/README.md",
        "fitted_to_sha256": CSV_SHA256,
        "counts_under_this_are_left_out": SMALLEST,
        "seed": SEED,
        "levels": {name: list(COLUMNS[name].categories) for name in names},
        "patients": histories,
        "recorded_race_later": _recorded_race_later(patients),
        "bins": {name: _values_in_bins(patients[name], codes[name]) for name in BINS},
        "tree": tree,
        "tables": _tables(codes, tree),
        "label": label,
    }


def _codes(patients: pd.DataFrame) -> pd.DataFrame:
    """Return the variables of the tree, the position and the race as level numbers."""
    by_patient = patients.groupby("patient_id")["patient_id"]
    size, place = by_patient.transform("size"), by_patient.cumcount()
    codes = {
        "race": patients["race"].cat.codes,
        "position": np.select([size == 1, place == 0, place == size - 1], [0, 1, 3], default=2),
        PERSON: patients["gender"].cat.codes * len(COLUMNS["age"].categories)
        + patients["age"].cat.codes,
        "payer": patients["payer"].cat.codes,
    }
    codes |= {name: patients[name].cat.codes for name in CATEGORIES}
    codes |= {name: np.searchsorted(BINS[name], patients[name], side="right") for name in BINS}
    codes |= {name: patients[name] for name in FLAGS}
    return pd.DataFrame(codes, index=patients.index).astype(int)


def _chow_liu_tree(codes: pd.DataFrame) -> list[list[str]]:
    """Return [child, parent] pairs in drawing order: the tree of largest mutual information.

    The mutual information (in nats) is that within race and position, averaged over encounters.
    """
    variables = [PERSON, *(name for name in codes if name not in (PERSON, "race", "position"))]
    stratum = codes["race"] * len(POSITIONS) + codes["position"]
    drawn, tree = [PERSON], [[PERSON, ""]]
    information = {
        frozenset((a, b)): _mutual_information(stratum, codes[a], codes[b])
        for i, a in enumerate(variables)
        for b in variables[:i]
    }
    while len(drawn) < len(variables):
        parent, child = max(
            ((p, c) for p in drawn for c in variables if c not in drawn),
            key=lambda pair: information[frozenset(pair)],
        )
        drawn.append(child)
        tree.append([child, parent])
    return tree


def _mutual_information(stratum: pd.Series, a: pd.Series, b: pd.Series) -> float:
    counts = np.zeros((stratum.max() + 1, a.max() + 1, b.max() + 1))
    np.add.at(counts, (stratum, a, b), 1)
    total = counts.sum((1, 2), keepdims=True)
    expected = counts.sum(1, keepdims=True) * counts.sum(2, keepdims=True) / np.maximum(total, 1)
    seen = counts > 0
    return float((counts[seen] * np.log(counts[seen] / expected[seen])).sum() / counts.sum())


def _suppressed(counts: np.ndarray) -> list:
    return np.where(counts < SMALLEST, 0, counts).astype(int).tolist()


def _tables(codes: pd.DataFrame, tree: list[list[str]]) -> dict:
    """Count child by parent, within position, for each race and for all."""
    levels = codes.max() + 1
    tables = {}
    for p, position in enumerate(POSITIONS):
        here = codes[codes["position"] == p]
        tables[position] = {}
        for part in _parts():
            rows = here[_belongs(here, part)]
            tables[position][part] = {}
            for child, parent in tree:
                counts = np.zeros((levels[parent] if parent else 1, levels[child]))
                np.add.at(counts, (rows[parent] if parent else 0, rows[child]), 1)
                tables[position][part][child] = _suppressed(counts)
    return tables


def _parts() -> list[str]:
    """Name the races and the groups of races that have parameters of their own, general first."""
    return list(
        dict.fromkeys(part for parts in zip_longest(*PARTS.values()) for part in parts if part)
    )


def _belongs(codes: pd.DataFrame, part: str) -> np.ndarray:
    races = [r for r, race in enumerate(COLUMNS["race"].categories) if part in PARTS[race]]
    return codes["race"].isin(races).to_numpy()


def _history_histograms(patients: pd.DataFrame) -> dict:
    """Count patients by number of encounters, per race recorded first; merge the small counts."""
    one = patients.groupby("patient_id", observed=True)["race"].agg(["first", "size"])
    histograms = {}
    for race in COLUMNS["race"].categories:
        counts = np.bincount(one["size"][one["first"] == race])[1:]
        small = np.flatnonzero(counts < SMALLEST)
        kept = int(small[0]) if len(small) else len(counts)
        while 0 < counts[kept:].sum() < SMALLEST:
            kept -= 1
        longer = np.arange(kept + 1, len(counts) + 1)
        histograms[race] = {
            "patients_by_encounters": counts[:kept].tolist(),
            "more_encounters": {
                "patients": int(counts[kept:].sum()),
                "encounters": int(counts[kept:] @ longer),
            },
        }
    return histograms


def _recorded_race_later(patients: pd.DataFrame) -> list:
    """Count the race of later encounters (columns) by the race recorded first (rows)."""
    first = patients.groupby("patient_id")["race"].transform("first")
    later = patients.duplicated("patient_id")
    races = len(COLUMNS["race"].categories)
    counts = np.zeros((races, races))
    np.add.at(counts, (first[later].cat.codes, patients["race"][later].cat.codes), 1)
    return _suppressed(counts)


def _values_in_bins(values: pd.Series, codes: pd.Series) -> list[dict[str, int]]:
    counts = values.groupby(codes).value_counts(sort=False)
    return [
        {str(value): int(n) for value, n in counts[code].sort_index().items() if n >= SMALLEST}
        for code in range(codes.max() + 1)
    ]


def _label_model(codes: pd.DataFrame, label: pd.Series, at_risk: pd.Series) -> dict:
    """Fit a logistic model: effects for all races, and what each race's differ by.

    The prior of an effect is normal around 0: a column is multiplied by its standard deviation, so
    that the model's one penalty serves them all.
    """
    levels = codes.max() + 1
    codes, label = codes[at_risk], label[at_risk]
    effects, columns = {}, []
    for part in _parts():
        rows = _belongs(codes, part)[:, None]
        for name in codes.columns.drop("race"):
            scale = POOLED_SCALE if part == ALL_RACES or name == "position" else RACE_SCALE
            columns.append(scale * (rows & (codes[[name]].to_numpy() == np.arange(levels[name]))))
            effects[part, name] = scale
    model = LogisticRegression(solver="newton-cholesky", fit_intercept=False)
    model.fit(np.hstack(columns), label)
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    fitted = {part: {} for part in _parts()}
    for (part, name), fit in zip(effects, np.split(model.coef_[0], ends), strict=True):
        fitted[part][name] = (fit * effects[part, name]).round(3).tolist()
    return fitted


def _json(value: object, indent: str = "") -> str:
    """Write a list, or an object that fits on a line, on one line: a diff shows what moved."""
    line = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(value, dict) or len(line) < 100:
        return line
    inner = indent + " "
    items = (f"{inner}{json.dumps(name)}: {_json(item, inner)}" for name, item in value.items())
    return "{\n" + ",\n".join(items) + "\n" + indent + "}"


def main() -> None:
    """Fit to the cached real data and write the parameter file."""
    parameters = fit(load_patients("all", "real"))
    cohort.PARAMETERS.write_text(_json(parameters) + "\n", encoding="utf-8")
    print(f"{cohort.PARAMETERS}: {cohort.PARAMETERS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
