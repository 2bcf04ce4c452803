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
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pandas as pd
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.preprocessing import CorrelationRemover
from fairlearn.reductions import (
    ErrorRate,
    ExponentiatedGradient,
    GridSearch,
    TruePositiveRateParity,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from workshop.data import load_patients
from workshop.files import Progress, near, whole
from workshop.teach.draws import draw_patients, interval, shuffle_race
from workshop.teach.model import (
    SAMPLE_WEIGHT,
    inputs,
    recommender,
    recorded_race,
    split_by_patient,
)
from workshop.teach.splits import SAVED

SPLITS = 20
NAMED = ["Black", "white"]  # the comparison that is named before anything is measured
REPORTED = ("validation", "test")
TENTH = 0.1  # the programme's capacity: one place for ten stays


class Split:
    """The data of one cohort, one split of it, and the model fitted to its training part."""

    def __init__(self, stays: pd.DataFrame, random_state: int):
        self.stays, self.y = stays, stays["readmitted_30_days"]
        self.X, self.group = inputs(stays), recorded_race(stays)
        self.named = self.group.isin(NAMED)
        self.parts = split_by_patient(stays, random_state)
        self.train, self.valid, self.test = self.parts.values()
        self.model = recommender().fit(self.X.loc[self.train], self.y[self.train])
        self.score = self.scores(self.model)

    def scores(self, model, X=None) -> pd.Series:
        """Return a model's score of each stay."""
        X = self.X if X is None else X
        return pd.Series(model.predict_proba(X)[:, 1], X.index)

    def fill(self, score: pd.Series, share: float) -> pd.Series:
        """Recommend by one threshold that fills the share of places in the validation part."""
        return (score >= score[self.valid].quantile(1 - share)).astype(int)

    def count(self, decisions: pd.Series, parts=REPORTED) -> pd.DataFrame:
        """Count missed and selected stays by part and group."""
        rows = {}
        for name in parts:
            part = self.parts[name]
            d, y, g = decisions[part], self.y[part], self.group[part]
            counts = {"missed": (1 - d) * y, "selected": d}
            rows[name] = pd.DataFrame(counts).groupby(g).sum()
        return pd.concat(rows, names=["part", "group"])

    def people(self) -> pd.DataFrame:
        """Count stays and readmitted stays by part and group."""
        rows = {name: self.y[part].groupby(self.group) for name, part in self.parts.items()}
        counts = {
            n: pd.DataFrame({"stays": g.size(), "readmitted": g.sum()}) for n, g in rows.items()
        }
        return pd.concat(counts, names=["part", "group"])


# ------------------------------------------------------------------------------------- Mitigate


def mitigate(split: Split) -> dict[str, pd.DataFrame]:
    """Run each technique; count by part and group. Each first at its own volume, then at one."""
    one = (split.score >= 0.5).astype(int)
    decided, coin = threshold_optimizer(split, one, split.named)
    share = decided[split.valid].mean()  # the places that the rule hands out
    mean_score, drawn = gradient(split)
    decorrelated = without_correlation(split)
    rules = {
        "One threshold, 0.50": one,
        "ThresholdOptimizer": decided,
        "ThresholdOptimizer, four groups": threshold_optimizer(split, one, split.named | True)[0],
        "ExponentiatedGradient, drawn": drawn,
        "CorrelationRemover, 0.50": (decorrelated >= 0.5).astype(int),
        "One threshold": split.fill(split.score, share),
        "A quantile per group": equal_missed(split, share),
        "ExponentiatedGradient": split.fill(mean_score, share),
        "CorrelationRemover": split.fill(decorrelated, share),
        "GridSearch": grid_search(split, share),
        "One threshold, a tenth": split.fill(split.score, TENTH),
        "A quantile per group, a tenth": equal_missed(split, TENTH),
    }
    counted = {name: split.count(rule) for name, rule in rules.items()}
    for name in ("One threshold, 0.50", "ExponentiatedGradient, drawn"):
        counted[name] = split.count(rules[name], ["train", *REPORTED])
    counted["ThresholdOptimizer"]["coin"] = coins(split, coin)
    return counted


def threshold_optimizer(split: Split, others: pd.Series, who: pd.Series):
    """Return decisions, with thresholds by group for `who`, and who depends on the coin."""
    optimizer = ThresholdOptimizer(
        estimator=split.model,
        constraints="false_negative_rate_parity",
        objective="balanced_accuracy_score",
        predict_method="predict_proba",
        prefit=True,
    )
    valid, rows = split.valid[who[split.valid]], split.stays.index[who]
    optimizer.fit(split.X.loc[valid], split.y[valid], sensitive_features=split.group[valid])
    asked = {"X": split.X.loc[rows], "sensitive_features": split.group[rows]}
    decided = others.copy()
    decided[rows] = optimizer.predict(**asked, random_state=0)
    chance = pd.Series(optimizer._pmf_predict(**asked)[:, 1], rows)
    return decided, ((chance > 0) & (chance < 1)).reindex(split.stays.index, fill_value=False)


def coins(split: Split, coin: pd.Series) -> pd.Series:
    """Count by part and group the stays for which the coin decides."""
    return pd.concat({n: coin[split.parts[n]].groupby(split.group).sum() for n in REPORTED})


def equal_missed(split: Split, share: float) -> pd.Series:
    """Recommend by a quantile of each named group's readmitted, with no coin.

    The quantile is the same in both groups, so that both miss the same share of the readmitted in
    the validation part; it is the one that gives the two groups together as many places there as
    one threshold gives them. Whoever is in neither group keeps the one threshold.
    """
    decisions = split.fill(split.score, share)
    rows = split.stays.index[split.named]
    valid = split.valid[split.named[split.valid]]
    back = valid[split.y[valid] == 1]

    def rule(missed: float) -> pd.Series:
        threshold = split.score[back].groupby(split.group[back]).quantile(missed)
        return (split.score[rows] >= split.group[rows].map(threshold).astype(float)).astype(int)

    low, high, places = 0.0, 1.0, decisions[valid].sum()
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if rule(middle)[valid].sum() > places else (low, middle)
    decisions[rows] = rule((low + high) / 2)
    return decisions


def gradient(split: Split) -> tuple[pd.Series, pd.Series]:
    """Return the mean score of the mixture, and its decisions as drawn."""
    learn = split.train[split.named[split.train]]
    share = split.y[split.train].mean()
    mitigator = ExponentiatedGradient(
        recommender(class_weight=None),
        TruePositiveRateParity(difference_bound=0.02),
        objective=ErrorRate(costs={"fp": share, "fn": 1 - share}),
        max_iter=5,
        sample_weight_name=SAMPLE_WEIGHT,
    )
    mitigator.fit(split.X.loc[learn], split.y[learn], sensitive_features=split.group[learn])
    used = [(w, mitigator.predictors_[i]) for i, w in mitigator.weights_.items() if w > 0]
    mean_score = sum(w * split.scores(model) for w, model in used)
    return mean_score, pd.Series(mitigator.predict(split.X, random_state=0), split.X.index)


def without_correlation(split: Split) -> pd.Series:
    """Return scores of the plain model on columns without correlation with recorded race."""
    races = pd.get_dummies(split.group, dtype=float)
    columns = split.X.join(races)
    remover = CorrelationRemover(sensitive_feature_ids=list(races)).fit(columns.loc[split.train])
    removed = pd.DataFrame(remover.transform(columns), split.X.index)
    model = recommender().fit(removed.loc[split.train], split.y[split.train])
    return split.scores(model, removed)


def grid_search(split: Split, share: float) -> pd.Series:
    """Pick on validation: of those that miss at most 0.02 more, the smallest named gap."""
    learn = split.train[split.named[split.train]]
    grid = GridSearch(
        recommender(class_weight=None),
        TruePositiveRateParity(),
        grid_size=20,
        grid_limit=0.25,
        sample_weight_name=SAMPLE_WEIGHT,
    )
    grid.fit(split.X.loc[learn], split.y[learn], sensitive_features=split.group[learn])
    back = split.valid[split.y[split.valid] == 1]
    rules = [split.fill(split.scores(candidate), share) for candidate in grid.predictors_]
    limit = 1 - split.fill(split.score, share)[back].mean() + 0.02

    def worth(rule):
        missed = 1 - rule[back].groupby(split.group[back]).mean()
        return 1 - rule[back].mean() > limit, abs(missed[NAMED[0]] - missed[NAMED[1]])

    return min(rules, key=worth)


# --------------------------------------------------------------------------------------- Assess


def assess(split: Split) -> dict[str, pd.DataFrame]:
    """Assess the plain model, and the four recorded groups equalised as software would."""
    one = (split.score >= 0.5).astype(int)
    everyone = split.named | True
    decided, coin = threshold_optimizer(split, one, everyone)
    tenth = split.fill(split.score, TENTH)
    counted = {
        "One threshold, 0.50": split.count(one),
        "ThresholdOptimizer, four groups": split.count(decided),
        "One threshold": split.count(split.fill(split.score, decided[split.valid].mean())),
        "One threshold, a tenth": split.count(tenth),
    }
    counted["ThresholdOptimizer, four groups"]["coin"] = coins(split, coin)
    right = one == split.y
    counted["One threshold, 0.50"]["right"] = coins(split, right)
    # Balanced weights multiplied the odds; undone, the scores are risks (Elkan 2001).
    share = split.y[split.train].mean()
    odds = split.score / (1 - split.score) * share / (1 - share)
    risk = odds / (1 + odds)
    counted["One threshold, 0.50"]["expected"] = coins(split, risk)
    counted["One threshold, a tenth"]["expected"] = coins(split, risk * tenth)
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


def gather(source: str, splits: int, tell: Callable[[str], None]) -> dict[str, dict]:
    """Run all splits of a source; return per table a tree of its keys: a number per split."""
    runs = []
    for random_state in range(splits):
        tell(f"{source}: split {random_state + 1} of {splits}")
        runs.append(analyse(source, random_state))
    return together(runs)


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


def write(results: dict[str, dict[str, dict]], splits: int) -> None:
    """Save the results whole or not at all, a branch a line, so that a diff shows what moved."""
    packages = ("fairlearn", "scikit-learn", "pandas", "numpy")
    made = {"date": datetime.now(UTC).date().isoformat(), "splits": splits}
    lines = [f'"made": {json.dumps(made | {name: version(name) for name in packages})}']
    for source, tables in results.items():
        for table, tree in tables.items():
            branches = [f"{json.dumps(k)}: {_compact(branch)}" for k, branch in tree.items()]
            lines.append(f'"{source} {table}": {{\n' + ",\n".join(branches) + "\n}")
    with whole(SAVED) as temporary:
        temporary.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _compact(tree: dict) -> str:
    return json.dumps(tree, separators=(",", ":"))


def main() -> None:
    """Compute all splits of both sources and write `data/splits.json`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--splits", type=int, default=SPLITS, help=f"how many ({SPLITS})")
    splits = parser.parse_args().splits
    progress = Progress("resample")
    with threadpool_limits(1):
        results = {s: gather(s, splits, progress.step) for s in ("real", "synthetic")}
    write(results, splits)
    progress.done(f"{near(SAVED)}: {SAVED.stat().st_size:,} bytes, {splits} splits of each source")


if __name__ == "__main__":
    main()
