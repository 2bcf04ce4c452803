"""The patients: the verified real data where they are cached, else the synthetic cohort."""

from workshop.data.columns import COLUMNS, FEATURES, RACES, SOURCES
from workshop.data.load import data_source, load_patients, real_cache

__all__ = ["COLUMNS", "FEATURES", "RACES", "SOURCES", "data_source", "load_patients", "real_cache"]
