"""Try a stop condition on the numbers of people that a group really has: when could it ring?

The condition: more than `above` of the readmitted were missed, `running` months in a row, with
`at_least` readmitted in each. Behind it: a Poisson number of readmitted stays a month, each missed
with the group's false negative rate, months independent of each other, `MONTHS` of them simulated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MONTHS = 200_000


def months_that_count(a_month: pd.Series, at_least: int = 50) -> pd.Series:
    """Return the share of months in which a group has enough readmitted stays to be judged."""
    rng = np.random.default_rng(0)
    return a_month.map(lambda mean: (rng.poisson(mean, MONTHS) >= at_least).mean())


def months_until_it_rings(
    missed: pd.Series,
    a_month: pd.Series,
    above: float = 0.5,
    at_least: int = 50,
    running: int = 2,
) -> pd.Series:
    """Return how many months pass on average before it rings: infinite where it never rang.

    missed: each group's false negative rate; a_month: its readmitted stays a month. The mean wait
    for r months in a row, each with chance p, is (1 - p^r) / (p^r (1 - p)) (Feller 1968, XIII.7).
    """
    rng, wait = np.random.default_rng(0), {}
    for group, rate in missed.items():
        readmitted = rng.poisson(a_month[group], MONTHS)
        too_many = rng.binomial(readmitted, rate) > above * readmitted
        p = min((too_many & (readmitted >= at_least)).mean(), 1 - 1e-9)
        wait[group] = (1 - p**running) / (p**running * (1 - p)) if p else np.inf
    return pd.Series(wait)
