"""Run each technique of the deck *Mitigate* on one split of the patients, and count by group."""

from __future__ import annotations

import pandas as pd
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.preprocessing import CorrelationRemover
from fairlearn.reductions import (
    ErrorRate,
    ExponentiatedGradient,
    GridSearch,
    TruePositiveRateParity,
)

from workshop.teach.model import (
    SAMPLE_WEIGHT,
    inputs,
    recommender,
    recorded_race,
    split_by_patient,
)

NAMED = ["Black", "white"]  # the comparison that is named before anything is measured
REPORTED = ("validation", "test")
TENTH = 0.1  # the programme's capacity: one place for ten stays


class Split:
    """The data of one cohort, one split of it, and the model fitted to its training part."""

    def __init__(self, stays: pd.DataFrame, random_state: int):
        self.stays, self.y = stays, stays["readmitted_30_days"]
        self.X, self.group = inputs(stays), recorded_race(stays)
        self.named = self.group.isin(NAMED)
        self.everyone = pd.Series(True, stays.index)
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
        "ThresholdOptimizer, four groups": threshold_optimizer(split, one, split.everyone)[0],
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
    counted["ThresholdOptimizer"]["coin"] = totals(split, coin)
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


def totals(split: Split, values: pd.Series) -> pd.Series:
    """Add up values, one a stay, by part and group."""
    return pd.concat({n: values[split.parts[n]].groupby(split.group).sum() for n in REPORTED})


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
