"""Try a stop condition on the numbers of people that a group really has: when could it ring?

The condition: more than `above` of the readmitted were missed, `running` months in a row, with
`at_least` readmitted in each. The model behind it: a Poisson number of readmitted stays a month,
each missed with the group's false negative rate, months independent of each other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom, poisson


def months_that_count(a_month: pd.Series, at_least: int = 50) -> pd.Series:
    """Return the share of months in which a group has enough readmitted stays to be judged."""
    return pd.Series(poisson.sf(at_least - 1, a_month), a_month.index)


def months_until_it_rings(
    missed: pd.Series,
    a_month: pd.Series,
    above: float = 0.5,
    at_least: int = 50,
    running: int = 2,
) -> pd.Series:
    """Return how many months pass on average before the condition rings; infinite is never.

    missed: each group's false negative rate; a_month: its readmitted stays a month. The mean wait
    for r months in a row, each with chance p, is (1 - p^r) / (p^r (1 - p)) (Feller 1968, XIII.7).
    """
    n = np.arange(at_least, max(at_least, int(a_month.max() + 10 * a_month.max() ** 0.5)) + 1)
    chance = {}
    for group, rate in missed.items():
        too_many = binom.sf(np.floor(above * n), n, rate)
        chance[group] = (poisson.pmf(n, a_month[group]) * too_many).sum()
    p = pd.Series(chance).clip(upper=1 - 1e-12)
    in_a_row = p**running
    wait = (1 - in_a_row) / (in_a_row * (1 - p))
    return wait.where(in_a_row > 1e-9, np.inf)
