"""One split and one model for all decks, so that a number means the same in each of them.

A patient is in the same part in every deck and in every cohort, so the gap that *Assess* finds is
the gap that *Mitigate* starts from. What is taught stays in the decks: the Fairlearn calls.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from workshop.data import FEATURES

PARTS = {"train": 0.2, "validation": 0.4, "test": 0.4}  # shares of the patients
# Of the ten splits first tried, the one nearest to their medians on the real data: neither the
# luckiest nor the unluckiest. `data/splits.json` holds the others.
TYPICAL = 4
SAMPLE_WEIGHT = (
    "logisticregression__sample_weight"  # where Fairlearn's reductions put their weights
)


def recorded_race(stays: pd.DataFrame) -> pd.Series:
    """Return race as recorded, in four words: Other holds Asian, Hispanic and the form's Other."""
    return stays["race"].astype(str).replace({"Asian": "Other", "Hispanic": "Other"})


def inputs(stays: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the model sees: the features, one-hot, without race."""
    return pd.get_dummies(stays[FEATURES]).astype(float)


def split_by_patient(stays: pd.DataFrame, random_state: int = TYPICAL) -> dict[str, pd.Index]:
    """Return the rows of "train", "validation" and "test", each patient in one part.

    A fifth of the patients to learn from, two fifths to choose on, two fifths to report on: rates
    and thresholds by group need more people than a linear model. The draw depends on `random_state`
    and the patient's number only, so a patient's first stay is in the part of all their stays.
    """
    numbers = stays["patient_id"].to_numpy()
    draw = np.random.default_rng(random_state).random(numbers.max() + 1)[numbers]
    bounds = np.cumsum(list(PARTS.values()))
    part = np.searchsorted(bounds, draw, side="right")
    return {name: stays.index[part == number] for number, name in enumerate(PARTS)}


def recommender(class_weight: str | None = "balanced") -> Pipeline:
    """Return the plain model of all decks, not fitted: scaled columns, logistic regression.

    With "balanced" weights the readmitted weigh as much as all others together, so that the scores
    spread around one half: they rank, and are no risks. With None they are risks. Fairlearn's
    reductions bring weights of their own: give them the model with None, and for the same balance
    `objective=ErrorRate(costs={"fp": share, "fn": 1 - share})`, where share is the readmitted's.
    """
    classifier = LogisticRegression(solver="newton-cholesky", class_weight=class_weight)
    return make_pipeline(StandardScaler(), classifier)
