"""What holds on other splits of the patients: the statements on which titles of the decks may rest.

Each function says for a source whether its statement holds in enough of the saved splits
(`data/splits.json`): in nine of ten on the real data, in eight of ten on the synthetic cohort. In
the table of a deck's claims: `"Words of the title": lambda at: findings.some_statement(at.source)`.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from workshop.teach.splits import resampled

ENOUGH = {"real": 0.9, "synthetic": 0.8}
TECHNIQUES = [  # each with as many places as one threshold
    "ThresholdOptimizer",
    "A quantile per group",
    "ExponentiatedGradient",
    "CorrelationRemover",
    "GridSearch",
]
MISSED = "false negative rate"
STATEMENTS: list[Callable[[str], bool]] = []


def statement(holds: Callable[[str], bool]) -> Callable[[str], bool]:
    """List a statement, so that `tests/test_resample.py` asserts it for both sources."""
    STATEMENTS.append(holds)
    return holds


def enough(by_split: pd.Series, source: str) -> bool:
    """Tell whether a statement, True or False for each split, holds in enough of them."""
    return by_split.mean() >= ENOUGH[source]


def rates(table: str, source: str, part: str = "test", rate: str = MISSED) -> pd.DataFrame:
    """Return a rate in a part: a row per technique and split, a column per group."""
    return resampled(table, source)[rate].xs(part, level="part").unstack("group").swaplevel()


def named_gap(table: str, source: str, technique: str, part: str = "test") -> pd.Series:
    """Return the false negative rate of Black minus white patients, a value per split."""
    missed = rates(table, source, part).loc[technique]
    return missed["Black"] - missed["white"]


def everyone(source: str, technique: str) -> pd.Series:
    """Return the false negative rate over all groups in Mitigate's test part."""
    counts = resampled("mitigate", source).xs("test", level="part").xs(technique, level="technique")
    counts = counts.groupby("split")[["missed", "readmitted"]].sum()
    return counts["missed"] / counts["readmitted"]


# --------------------------------------------------------------------------------------- Assess


@statement
def unknown_has_the_best_accuracy_and_the_most_missed(source: str) -> bool:
    table = resampled("assess", source).xs("test", level="part").loc[:, "One threshold, 0.50", :]
    accuracy = (table["right"] / table["stays"]).unstack("group")
    missed = table[MISSED].unstack("group")
    return enough(
        (accuracy.idxmax(axis=1) == "Unknown") & (missed.idxmax(axis=1) == "Unknown"), source
    )


@statement
def the_largest_gap_is_beyond_chance(source: str) -> bool:
    chance = resampled("chance", source).xs("four", level="groups")
    return enough(chance["observed"] > chance["95th"], source)


@statement
def without_unknown_the_largest_gap_shrinks_by_a_third(source: str) -> bool:
    observed = resampled("chance", source)["observed"].unstack("groups")
    return enough(observed["recorded"] < 2 / 3 * observed["four"], source)


@statement
def no_named_gap_among_all_stays(source: str) -> bool:
    """Hold where the interval of Black minus white among all stays does not lie right of zero."""
    flip = resampled("flip", source).xs("all stays, refit", level="rule")
    return enough((flip["difference"] < 0) & (flip["low"] < 0), source)


@statement
def leaving_out_death_and_hospice_changes_nothing(source: str) -> bool:
    difference = resampled("flip", source)["difference"].unstack("rule")
    change = difference["without death and hospice, refit"] - difference["all stays, refit"]
    return enough(change.abs() < 0.015, source)


@statement
def each_patient_once_turns_the_answer(source: str) -> bool:
    flip = resampled("flip", source)
    turned = [
        flip["low"].xs(f"{r}, refit", level="rule") > 0 for r in ("each patient once", "first stay")
    ]
    return enough(turned[0] & turned[1], source)


@statement
def the_same_scores_turn_the_answer(source: str) -> bool:
    flip = resampled("flip", source).xs("first stay, same ranking", level="rule")
    return enough(flip["low"] > 0, source)


@statement
def days_are_predicted_too_short_for_black_patients(source: str) -> bool:
    """Hold where the mean error says so and the mean absolute error hardly shows it."""
    error = resampled("days", source).unstack("group")
    alike = (error["absolute"]["Black"] - error["absolute"]["white"]).abs() < 0.1
    return enough(
        alike & (error["signed"]["Black"] < -0.1) & (error["signed"]["white"] > 0), source
    )


# ------------------------------------------------------------------------------------- Mitigate


@statement
def black_patients_are_missed_more_by_one_threshold(source: str) -> bool:
    at_half = named_gap("mitigate", source, "One threshold, 0.50") > 0
    return enough(at_half & (named_gap("mitigate", source, "One threshold") > 0), source)


@statement
def the_gap_closes_where_the_thresholds_were_set(source: str) -> bool:
    gap = named_gap("mitigate", source, "ThresholdOptimizer", "validation")
    return enough(gap.abs() < 0.03, source)


@statement
def every_technique_misses_fewer_black_patients(source: str) -> bool:
    black = rates("mitigate", source)["Black"].unstack("technique")
    fewer = black[TECHNIQUES].lt(black["One threshold"], axis=0)
    return all(enough(fewer[technique], source) for technique in TECHNIQUES)


@statement
def thresholds_per_group_take_the_places_from_white_patients(source: str) -> bool:
    white = rates("mitigate", source)["white"].unstack("technique")
    return enough(white["ThresholdOptimizer"] > white["One threshold"], source)


@statement
def the_overall_error_hardly_moves(source: str) -> bool:
    before = everyone(source, "One threshold")
    moved = pd.DataFrame({t: everyone(source, t) - before for t in TECHNIQUES})
    return enough((moved.abs() < 0.025).all(axis=1), source)


@statement
def the_coin_buys_nothing_that_can_be_seen(source: str) -> bool:
    """Hold where quantiles without a coin leave, on average, no wider gap than the coin does."""
    coin = named_gap("mitigate", source, "ThresholdOptimizer").abs().mean()
    return named_gap("mitigate", source, "A quantile per group").abs().mean() < coin + 0.02


@statement
def who_depends_on_the_coin_changes(source: str) -> bool:
    """Hold where the share of Black patients who depend on it differs fivefold between splits."""
    rules = resampled("mitigate", source).xs("test", level="part")
    rule = rules.xs("ThresholdOptimizer", level="technique")
    share = (rule["coin"] / rule["stays"]).unstack("group")["Black"]
    return share.max() > 5 * share.min()


@statement
def at_one_place_in_ten_fewer_black_patients_are_missed(source: str) -> bool:
    black = rates("mitigate", source)["Black"].unstack("technique")
    return enough(black["A quantile per group, a tenth"] < black["One threshold, a tenth"], source)


@statement
def equalising_four_words_gives_unknown_the_places(source: str) -> bool:
    unknown = rates("assess", source)["Unknown"].unstack("technique")
    return enough(
        unknown["ThresholdOptimizer, four groups"] < unknown["One threshold"] - 0.05, source
    )


# ---------------------------------------------------------------------------------- Measurement


def places(source: str) -> pd.DataFrame:
    """Return the share of Black patients’ stays with a place, by split (rows) and label."""
    given = (
        resampled("labels", source)["places"].xs("Black", level="group").groupby(["split", "label"])
    )
    stays = resampled("assess", source).xs("Black", level="group").xs("test", level="part")["stays"]
    return given.sum().unstack("label").div(stays.groupby("split").first(), axis=0)


@statement
def the_label_alone_moves_places(source: str) -> bool:
    """Hold where Black patients get ten places in 1,000 stays more by one label than another."""
    by_label = places(source)
    return enough(by_label.max(axis=1) - by_label.min(axis=1) > 0.01, source)


@statement
def diagnoses_give_black_patients_the_fewest_places(source: str) -> bool:
    """Hold on the real data; on the synthetic cohort the statement is not made."""
    return source != "real" or enough(places(source).idxmin(axis=1) == "diagnoses", source)


@statement
def another_label_keeps_fewer_than_half_of_the_places(source: str) -> bool:
    kept = resampled("labels", source).groupby(["split", "label"])[["kept", "places"]].sum()
    share = (kept["kept"] / kept["places"]).unstack("label")
    return enough((share[["a week", "diagnoses"]] < 0.5).all(axis=1), source)
