"""Draw again what could have come out otherwise: patients for intervals, race for chance.

Both take what happened to each stay (1 where it was missed, 0 where not), its group and its
patient, and return a table with a column per group: row 0 is what was observed, each other row is
one draw. Stays of one patient are not independent, so patients are drawn, with all their stays
(the cluster bootstrap: Field and Welsh 2007, https://doi.org/10.1111/j.1467-9868.2007.00593.x).
The fitted model is taken as given.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def draw_patients(happened, group, patient, times: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Return the rate in each group, observed and in `times` draws of as many patients.

    Patients with the same counts are of one kind; there are few kinds, so one multinomial draw of
    how often each kind turns up stands for drawing the patients one by one. A group without any
    stay in a draw has no rate there (NaN).
    """
    counts = _per_patient(happened, group, patient)
    kinds = counts.value_counts()
    drawn = np.random.default_rng(seed).multinomial(len(counts), kinds / len(counts), size=times)
    totals = np.vstack([kinds, drawn]) @ np.array(kinds.index.to_list())
    return _rates(totals, counts.columns)


def shuffle_race(happened, group, patient, times: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Return the rate in each group, observed and with race dealt out to the patients at random.

    A permutation test: where race says nothing, the observed row is one of many like it (DiCiccio
    et al. 2020, https://arxiv.org/abs/2007.05124). Each group keeps its number of patients, by the
    race recorded at their first stay here; a patient's stays stay together.
    """
    counts = _per_patient(happened, group, patient)
    groups = counts.columns.levels[0]
    stays = pd.DataFrame({"happened": np.asarray(happened), "patient": np.asarray(patient)})
    of_patient = stays.groupby("patient")["happened"].agg(["sum", "size"]).to_numpy(float)
    first = pd.Series(np.asarray(group)).groupby(stays["patient"]).first()
    code, rng = groups.get_indexer(first), np.random.default_rng(seed)
    rates = [counts.xs(1, axis=1, level=1).sum() / counts.T.groupby(level=0).sum().T.sum()]
    for _ in range(times):
        deal = rng.permutation(code)
        rates.append(np.bincount(deal, of_patient[:, 0]) / np.bincount(deal, of_patient[:, 1]))
    return pd.DataFrame(np.array(rates), columns=groups)


def interval(draws, level: float = 0.95):
    """Return the ends of the middle `level` of the draws, without row 0, the observed one."""
    ends = [(1 - level) / 2, (1 + level) / 2]
    return draws[1:].quantile(ends).to_numpy()


def _per_patient(happened, group, patient) -> pd.DataFrame:
    """Count each patient's stays (rows) by group and by what happened, 0 or 1 (columns)."""
    names = np.asarray(group).astype(str)
    groups = sorted(map(str, pd.unique(names)), key=str.lower)
    columns = pd.MultiIndex.from_product([groups, [0, 1]], names=["group", "happened"])
    who, patients = pd.factorize(np.asarray(patient), sort=True)
    place = 2 * pd.Index(groups).get_indexer(names) + np.asarray(happened).astype(int)
    cell = who * len(columns) + place
    counts = np.bincount(cell, minlength=len(patients) * len(columns))
    return pd.DataFrame(counts.reshape(-1, len(columns)), patients, columns)


def _rates(totals: np.ndarray, columns: pd.MultiIndex) -> pd.DataFrame:
    missed, n = totals[:, 1::2], totals[:, 0::2] + totals[:, 1::2]
    with np.errstate(invalid="ignore"):
        return pd.DataFrame(missed / n, columns=columns.levels[0])
