"""Repeat what the decks compute on other splits and save the results: `data/splits.json`.

A claim from one split may be the luck of that split. This command repeats what the decks compute,
with the split's `random_state` from 0 on, on the real data and on the synthetic cohort. It saves
counts of stays by group, nothing about a patient. `workshop.teach.splits` reads them; the decks
show them beside the split that runs live, and tests hold the decks' titles against them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from tools.mitigations import NAMED, TENTH, Split, mitigate, threshold_optimizer, totals
from workshop.data import load_patients
from workshop.files import Progress, near, whole
from workshop.teach.draws import draw_patients, interval, shuffle_race
from workshop.teach.model import inputs, recommender, recorded_race, split_by_patient
from workshop.teach.splits import SAVED

SPLITS = 20
SOURCES = ["real", "synthetic"]


# --------------------------------------------------------------------------------------- Assess


def assess(split: Split) -> dict[str, pd.DataFrame]:
    """Assess the plain model, and the four recorded groups equalised as software would."""
    one = (split.score >= 0.5).astype(int)
    decided, coin = threshold_optimizer(split, one, split.everyone)
    tenth = split.fill(split.score, TENTH)
    counted = {
        "One threshold, 0.50": split.count(one),
        "ThresholdOptimizer, four groups": split.count(decided),
        "One threshold": split.count(split.fill(split.score, decided[split.valid].mean())),
        "One threshold, a tenth": split.count(tenth),
    }
    counted["ThresholdOptimizer, four groups"]["coin"] = totals(split, coin)
    right = one == split.y
    counted["One threshold, 0.50"]["right"] = totals(split, right)
    # Balanced weights multiplied the odds; undone, the scores are risks (Elkan 2001).
    share = split.y[split.train].mean()
    odds = split.score / (1 - split.score) * share / (1 - share)
    risk = odds / (1 + odds)
    counted["One threshold, 0.50"]["expected"] = totals(split, risk)
    counted["One threshold, a tenth"]["expected"] = totals(split, risk * tenth)
    return counted


def chance(split: Split) -> dict[tuple[str, str], float]:
    """Return the observed largest gap and what shuffled race makes, with and without Unknown."""
    back = split.test[split.y[split.test] == 1]
    missed = (split.score[back] < 0.5).astype(int)
    found = {}
    for groups, keep in {"four": back, "recorded": back[split.group[back] != "Unknown"]}.items():
        patients = split.stays.loc[keep, "patient_id"]
        gaps = np.ptp(shuffle_race(missed[keep], split.group[keep], patients, 500), axis=1)
        found[groups, "observed"] = gaps[0]
        found[groups, "median"], found[groups, "95th"] = np.quantile(gaps[1:], [0.5, 0.95])
    return found


def flip(stays: pd.DataFrame, random_state: int) -> dict[tuple[str, str], float]:
    """Return the named difference under each rule for who counts: estimate, low, high.

    Predictions are out of fold, by patient. "refit" learns from the cohort itself; "same" keeps the
    decisions of the model of all stays; "same ranking" cuts its scores anew, so that the share of
    the cohort that is selected is that of all stays.
    """
    first = stays.index[
        ~stays.duplicated("patient_id") & ~stays["died_or_hospice"] & (stays["gender"] != "Unknown")
    ]
    cohorts = {
        "all stays": stays.index,
        "without death and hospice": stays.index[~stays["died_or_hospice"]],
        "each patient once": stays.index[~stays.duplicated("patient_id")],
        "first stay": first,
    }
    scores = {name: out_of_fold(stays.loc[rows], random_state) for name, rows in cohorts.items()}
    rules = {f"{name}, refit": score >= 0.5 for name, score in scores.items()}
    same = scores["all stays"][first]
    rules["first stay, same decisions"] = same >= 0.5
    rules["first stay, same ranking"] = same >= same.quantile(1 - rules["all stays, refit"].mean())
    found = {}
    for name, rule in rules.items():
        back = rule.index[(stays.loc[rule.index, "readmitted_30_days"] == 1)]
        back = back[stays.loc[back, "race"].isin(NAMED)]
        of = stays.loc[back]
        drawn = draw_patients(~rule[back], of["race"].astype(str), of["patient_id"], 1000)
        difference = drawn[NAMED[0]] - drawn[NAMED[1]]
        found[name, "difference"] = difference[0]
        found[name, "low"], found[name, "high"] = interval(difference)
    return found


def out_of_fold(stays: pd.DataFrame, random_state: int) -> pd.Series:
    """Return the score of each stay by a model that has not met the patient."""
    X, y = inputs(stays), stays["readmitted_30_days"]
    folds = GroupKFold(5, shuffle=True, random_state=random_state)
    score = pd.Series(0.0, stays.index)
    for train, test in folds.split(X, groups=stays["patient_id"]):
        model = recommender().fit(X.iloc[train], y.iloc[train])
        score.iloc[test] = model.predict_proba(X.iloc[test])[:, 1]
    return score


def days(stays: pd.DataFrame, random_state: int) -> dict[tuple[str, str], float]:
    """Predict the days in hospital; return the mean error, signed and absolute, by group."""
    X = inputs(stays).drop(columns="time_in_hospital")
    true, group = stays["time_in_hospital"].astype(float), recorded_race(stays)
    parts = split_by_patient(stays, random_state)
    train, test = parts["train"], parts["test"]
    error = LinearRegression().fit(X.loc[train], true[train]).predict(X.loc[test]) - true[test]
    means = {"signed": error.groupby(group).mean(), "absolute": error.abs().groupby(group).mean()}
    return {(g, measure): value for measure, by in means.items() for g, value in by.items()}


# --------------------------------------------------------------------------------- Measurement


def labels(stays: pd.DataFrame, random_state: int) -> dict[str, pd.DataFrame]:
    """Change the label only: count by group who of the test part gets one of the places."""
    made = pd.DataFrame({"30 days": stays["readmitted_30_days"] == 1})
    made["ever"] = stays["readmitted"] != "NO"
    made["emergency"] = stays["had_emergency"]
    made["a week"] = stays["time_in_hospital"] >= 7
    made["diagnoses"] = stays["number_diagnoses"] >= 9
    copied = ("had_emergency", "time_in_hospital", "number_diagnoses")
    X = inputs(stays)
    X = X.drop(columns=[c for c in X if c.startswith(copied)])
    parts, group = split_by_patient(stays, random_state), recorded_race(stays)
    train, test = parts["train"], parts["test"]
    counted, places = {}, {}
    for label in made:
        model = recommender(class_weight=None)  # it only has to rank
        score = model.fit(X.loc[train], made.loc[train, label]).decision_function(X.loc[test])
        place = pd.Series(score, test).rank(method="first", pct=True) > 1 - TENTH
        places[label] = place
        kept = place & places["30 days"]
        counts = {"places": place.groupby(group).sum(), "kept": kept.groupby(group).sum()}
        counted[label] = pd.concat({"test": pd.DataFrame(counts)}, names=["part", "group"])
    return counted


# --------------------------------------------------------------------------------------- saving


def analyse(source: str, random_state: int) -> dict[str, dict[tuple, float]]:
    """Run everything on one split; return the tables, each as {(keys, measure): number}."""
    every = load_patients("all", source)
    alive = every[~every["died"]]
    day_by_day, once = (
        Split(alive, random_state),
        Split(load_patients("first", source), random_state),
    )
    tables: dict[str, dict[tuple, float]] = {
        "mitigate": _flat(mitigate(once)),
        "assess": _flat(assess(day_by_day)),
        "labels": _flat(labels(alive, random_state)),
        "days": days(alive, random_state),
        "chance": chance(day_by_day),
        "flip": flip(every, random_state),
    }
    for name, split in {"mitigate": once, "assess": day_by_day}.items():
        tables[name] |= _flat({"": split.people()})
    return tables


def _flat(counted: dict[str, pd.DataFrame]) -> dict[tuple, float]:
    return {
        (name, part, group, measure): value
        for name, table in counted.items()
        for (part, group), row in table.iterrows()
        for measure, value in row.dropna().items()
    }


def gather(sources: list[str], splits: int, tell: Callable[[str], None]) -> dict[str, dict]:
    """Run all splits of the sources, two at a time; return a tree per source and table."""
    tasks = list(product(sources, range(splits)))
    runs: dict[str, list] = {source: [] for source in sources}
    with ProcessPoolExecutor(2, initializer=threadpool_limits, initargs=(1,)) as pool:
        for done, (task, run) in enumerate(
            zip(tasks, pool.map(analyse, *zip(*tasks, strict=True)), strict=True)
        ):
            runs[task[0]].append(run)
            tell(f"{done + 1} of {len(tasks)}")
    return {
        f"{source} {table}": tree
        for source in sources
        for table, tree in together(runs[source]).items()
    }


def together(runs: list[dict[str, dict[tuple, float]]]) -> dict[str, dict]:
    """Turn the tables of all splits into one tree of keys for each table."""
    trees: dict[str, dict] = {table: {} for table in runs[0]}
    for table, tree in trees.items():
        for keys in runs[0][table]:
            branch = tree
            for key in keys[:-1]:
                branch = branch.setdefault(key, {})
            branch[keys[-1]] = [_short(run[table][keys]) for run in runs]
    return trees


def _short(value: float) -> float | int:
    """Return a count as it is, a rate with three decimals."""
    return int(value) if float(value).is_integer() else round(float(value), 1 if value > 2 else 3)


def write(trees: dict[str, dict], splits: int) -> None:
    """Save the results whole or not at all, a branch a line, so that a diff shows what moved."""
    packages = ("fairlearn", "scikit-learn", "pandas", "numpy")
    made = {"date": datetime.now(UTC).date().isoformat(), "splits": splits}
    lines = [f'"made": {json.dumps(made | {name: version(name) for name in packages})}']
    for table, tree in trees.items():
        branches = [f"{json.dumps(key)}: {_compact(branch)}" for key, branch in tree.items()]
        lines.append(f'"{table}": {{\n' + ",\n".join(branches) + "\n}")
    with whole(SAVED) as temporary:
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _compact(tree: dict) -> str:
    return json.dumps(tree, separators=(",", ":"))


def main() -> None:
    """Compute all splits and write `data/splits.json`; of both sources, or of one again."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=SPLITS, help=f"how many ({SPLITS})")
    parser.add_argument("--only", choices=SOURCES, help="keep what is saved of the other source")
    asked = parser.parse_args()
    kept = {}
    if asked.only:
        saved = json.loads(SAVED.read_text(encoding="utf-8"))
        kept = {table: tree for table, tree in saved.items() if asked.only not in table.split()}
        asked.splits = kept.pop("made")["splits"]
    progress = Progress("resample")
    progress.step("two splits at a time …")
    trees = kept | gather([asked.only] if asked.only else SOURCES, asked.splits, progress.step)
    write(dict(sorted(trees.items())), asked.splits)
    progress.done(f"{near(SAVED)}: {SAVED.stat().st_size:,} bytes, {asked.splits} splits")


if __name__ == "__main__":
    main()
