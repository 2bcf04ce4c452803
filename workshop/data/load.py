"""Load the patients: the verified real data where they are cached, else the synthetic cohort.

The real data are *Diabetes 130-US Hospitals for Years 1999-2008* (Strack et al. 2014,
https://doi.org/10.1155/2014/781670; UCI data set 296, CC BY 4.0). Their datasheet, and that of the
synthetic cohort, is `data/README.md`.
"""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np
import pandas as pd

from workshop.data import cohort as synthetic_cohort
from workshop.data.columns import COLUMNS, SOURCES, STORED
from workshop.errors import WorkshopError
from workshop.paths import ROOT

CACHE = ROOT / "data" / "cache"
# How a person gets the real data, in the kit and in a bundle; the second takes a copy of theirs.
FETCH, TAKE = "make data", "make data FROM=path/to/file.zip"
if not (ROOT / "Makefile").exists():
    FETCH, TAKE = "python -m workshop.data", "python -m workshop.data path/to/file.zip"
CSV_SHA256 = "0689e7ec031237dc63031b938805c48377748761a3b26acab621567afa24df97"


def data_source() -> str:
    """Name the data that `load_patients()` uses: "real" or "synthetic".

    The environment variable WORKSHOP_DATA decides where it is set; otherwise the real data where
    they are cached. Raises `WorkshopError` on another value of the variable.
    """
    wanted = os.environ.get("WORKSHOP_DATA") or ("real" if real_cache().exists() else "synthetic")
    if wanted not in SOURCES:
        raise WorkshopError(
            f'WORKSHOP_DATA is "{wanted}": set it to "real" or "synthetic", or leave it unset.'
        )
    return wanted


def load_patients(cohort: str = "all", source: str | None = None) -> pd.DataFrame:
    """Return the analysis table, one row per encounter, columns as `COLUMNS` describes them.

    `cohort` is "all" (101,766 rows) or "first": the first encounter per patient, with a recorded
    gender, without those that ended in death or hospice (69,970 rows of the real data). `source`
    is "real", "synthetic" or None for `data_source()`; `attrs["source"]` of the table tells which
    it was. Rows are in the file's order, which is that of time within a patient, and but for four
    of them that of the file's encounter numbers. Raises `WorkshopError` where the real data are
    asked for and not cached, or the cache is damaged.
    """
    if cohort not in ("all", "first"):
        raise WorkshopError(f'There is no cohort "{cohort}": ask for "all" or "first".')
    source = source or data_source()
    if source not in SOURCES:
        raise WorkshopError(f'There is no source "{source}": ask for "real" or "synthetic".')
    table = decoded(_read_real() if source == "real" else _generated())
    if cohort == "first":
        leaves = table["patient_id"].duplicated() | table["gender"].eq("Unknown")
        table = table[~(leaves | table["died_or_hospice"])].reset_index(drop=True)
    table.attrs["source"] = source
    return table


def decoded(stored: dict[str, np.ndarray]) -> pd.DataFrame:
    """Turn what a cache stores into the analysis table, with the derived columns."""
    return pd.DataFrame({name: _column(stored, name) for name in COLUMNS})


def _column(stored: dict[str, np.ndarray], name: str) -> np.ndarray | pd.Categorical:
    column = COLUMNS[name]
    if column.categories:
        ordered = column.dtype == "ordered category"
        return pd.Categorical.from_codes(stored[name], column.categories, ordered)
    if not column.derived:
        return stored[name].copy()
    source, *categories = column.derived
    codes = [COLUMNS[source].categories.index(category) for category in categories]
    holds = np.isin(stored[source], codes) if codes else stored[source] > 0
    return holds.astype(column.dtype)


# --- Cache


def real_cache() -> Path:
    """Return where the verified real data lie once they are cached."""
    return CACHE / "real.npz"


def layout() -> str:
    """Return a fingerprint of what is stored: a cache written for other columns is not read."""
    stored = {name: (column.dtype, column.categories) for name, column in STORED.items()}
    return hashlib.sha256(f"{CSV_SHA256} {stored}".encode()).hexdigest()


def _read_real() -> dict[str, np.ndarray]:
    path, or_else = real_cache(), "or set WORKSHOP_DATA=synthetic."
    if not path.exists():
        raise WorkshopError(
            f"The real data are not cached: run `{FETCH}` with a network or `{TAKE}`, {or_else}"
        )
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            if str(archive["layout"]) == layout():
                return {name: archive[name] for name in STORED}
    except Exception:  # zipfile, zlib and NumPy raise a dozen kinds on a damaged file
        pass
    raise WorkshopError(
        f"{path} is damaged or from another version of the kit: run `{FETCH}` to renew it, "
        f"{or_else}"
    )


def is_cached() -> bool:
    """Tell whether the real data are cached, whole and of this version."""
    try:
        return bool(_read_real())
    except WorkshopError:
        return False


@functools.cache
def _generated() -> dict[str, np.ndarray]:
    return stored_columns(synthetic_cohort.generate())


def stored_columns(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Turn a table with named categories into what a cache stores."""
    stored = {}
    for name, column in STORED.items():
        values = table[name]
        if column.categories:
            values = pd.Categorical(values, categories=column.categories).codes
        stored[name] = np.asarray(values, dtype="int8" if column.categories else column.dtype)
    return stored
