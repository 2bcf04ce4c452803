"""Get the real data: from a file or from the network, checked by checksum, into the cache."""

import functools
import hashlib
import http.client
import io
import os
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from workshop.data.columns import COLUMNS, code, stored_dtype
from workshop.data.load import CSV_SHA256, UNREADABLE, is_cached, layout, real_cache
from workshop.errors import WorkshopError
from workshop.files import Progress, whole

UCI_ADDRESS = (
    "https://archive.ics.uci.edu/static/public/296/"
    "diabetes+130-us+hospitals+for+years+1999-2008.zip"
)
OPENML_ID = (
    4541  # the raw file; Fairlearn's own copy (43874) has neither patient numbers nor deaths
)
CSV_NAME = "diabetic_data.csv"
CSV_BYTES = 19_159_383  # as UCI publishes it, with the line ends CR LF, like the checksum
ZIP_BYTES = 64 * 2**20  # more than any zip of the file: UCI's has 3 MB


def import_data(path: str | Path) -> Path:
    """Check the user's copy of the data (.zip or .csv), write the cache, return the cache's path.

    Raises `WorkshopError` where the file cannot be read, is not the data set, or the cache cannot
    be written; a cache that was there before stays as it was.
    """
    path = Path(path).expanduser()
    try:
        if path.stat().st_size > ZIP_BYTES:
            raise WorkshopError(f"{path} is bigger than any copy of {CSV_NAME}: name another file.")
        with path.open("rb") as stream:
            text = _verified_text(stream, str(path))
    except OSError as error:
        raise WorkshopError(
            f"{path} cannot be read ({error.strerror}): name another file."
        ) from None
    return _store(text, str(path))


def _verified_text(stream: io.BufferedIOBase, origin: str) -> bytes:
    """Return the CSV in a stream, plain or zipped, once its checksum is right."""
    zipped = stream.read(2) == b"PK"
    stream.seek(0)
    text = _csv_from_zip(stream, origin) if zipped else _csv_text(stream)
    digest = hashlib.sha256(text).hexdigest()
    if digest != CSV_SHA256:
        size = f"{len(text):,}" if len(text) <= CSV_BYTES else "more than"
        raise WorkshopError(
            f"{origin} is not UCI's {CSV_NAME}: it has {size} of the {CSV_BYTES:,} bytes expected, "
            f"and SHA-256 {digest[:12]}… instead of {CSV_SHA256[:12]}…; use another copy."
        )
    return text


def _csv_text(stream: io.BufferedIOBase) -> bytes:
    """Read no more than the file can hold, and give it the line ends that UCI's copy has."""
    text = stream.read(CSV_BYTES + 1)
    return text.replace(b"\r", b"").replace(b"\n", b"\r\n")


def _csv_from_zip(stream: io.BufferedIOBase, origin: str) -> bytes:
    """Read the CSV inside a zip without unpacking anything to the disk."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = [name for name in archive.namelist() if _is_data_member(name)]
            if names:
                with archive.open(names[0]) as member:
                    return _csv_text(member)
    except UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise WorkshopError(
            f"{origin} is a damaged, cut or locked zip ({reason}): download it again."
        ) from None
    raise WorkshopError(
        f"{origin} holds no {CSV_NAME} (members named with `..` or from the root are not read): "
        "use the zip that UCI publishes."
    )


def _is_data_member(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    safe = not path.is_absolute() and ".." not in path.parts and ":" not in name
    return safe and path.name == CSV_NAME


def _store(text: bytes, origin: str) -> Path:
    progress = Progress("data     real")
    path = real_cache()
    with whole(path) as temporary:
        np.savez(temporary, layout=np.array(layout()), **_analysis_table(text))
    progress.done(f"checked and cached from {origin}")
    return path


# Stored column: the file's column, its values as categories, and the category of all other values.
_RECODED = {
    "race": (
        "race",
        {"AfricanAmerican": "Black", "Caucasian": "white", "?": "Unknown"}
        | {race: race for race in ("Hispanic", "Asian", "Other")},
        None,
    ),
    "gender": ("gender", {"Female": "Female", "Male": "Male"}, "Unknown"),
    "age": (
        "age",
        {f"[{low}-{low + 10})": "30 years or younger" for low in (0, 10, 20)}
        | {f"[{low}-{low + 10})": "30-60 years" for low in (30, 40, 50)},
        "Over 60 years",
    ),
    "admission_source": (
        "admission_source_id",
        {"1": "Referral", "2": "Referral", "3": "Referral", "7": "Emergency"},
        "Other",
    ),
    "medical_specialty": (
        "medical_specialty",
        {
            "InternalMedicine": "Internal medicine",
            "Emergency/Trauma": "Emergency and trauma",
            "Family/GeneralPractice": "Family and general practice",
            "Cardiology": "Cardiology",
            "Surgery-General": "General surgery",
            "?": "Missing",
        },
        "Other",
    ),
    "max_glu_serum": (
        "max_glu_serum",
        {"None": "Not measured", "Norm": "Normal", ">200": ">200", ">300": ">300"},
        None,
    ),
    "A1Cresult": (
        "A1Cresult",
        {"None": "Not measured", "Norm": "Normal", ">7": ">7", ">8": ">8"},
        None,
    ),
    "insulin": ("insulin", {dose: dose for dose in COLUMNS["insulin"].categories}, None),
    "discharge": (
        "discharge_disposition_id",
        {
            "1": "Home",
            "6": "Home with care",
            "8": "Home with care",
            "13": "Hospice",
            "14": "Hospice",
        }
        | dict.fromkeys(("11", "19", "20", "21"), "Died")
        | dict.fromkeys(
            map(str, (2, 3, 4, 5, 9, 10, 15, 22, 23, 24, 27, 28, 29, 30)), "Another facility"
        ),
        "Other or not recorded",
    ),
    "readmitted": ("readmitted", {when: when for when in COLUMNS["readmitted"].categories}, None),
}
_FLAGS = {  # stored column: the file's column, and the value that means yes
    "change": ("change", "Ch"),
    "diabetesMed": ("diabetesMed", "Yes"),
    "medicare": ("payer_code", "MC"),
    "medicaid": ("payer_code", "MD"),
}


def _analysis_table(text: bytes) -> dict[str, np.ndarray]:
    """Turn UCI's CSV into the stored columns: codes of `categories`, flags and small integers."""
    raw = pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False, na_values=[])
    stored = {}
    for name, column in COLUMNS.items():
        if column.derived:
            continue
        if name == "patient_id":
            stored[name] = pd.factorize(raw["patient_nbr"])[0].astype(column.dtype)
            continue
        source, groups, others = _RECODED.get(name, (_FLAGS.get(name, (name,))[0], {}, None))
        source = "diag_1" if name == "primary_diagnosis" else source
        values = raw[source].astype("category").cat
        if name == "primary_diagnosis":
            meaning = [code(name, _diagnosis_group(value)) for value in values.categories]
        elif name in _RECODED:
            meaning = [code(name, groups.get(value, others)) for value in values.categories]
        elif name in _FLAGS:
            meaning = [value == _FLAGS[name][1] for value in values.categories]
        else:
            meaning = [int(value) for value in values.categories]
        stored[name] = np.array(meaning, dtype=stored_dtype(column))[values.codes]
    return stored


def _diagnosis_group(icd9: str) -> str:
    """Group an ICD-9 code as the SciPy 2021 tutorial did; codes V and E are others."""
    if not icd9[:1].isdigit():
        return "Other"
    chapter = int(float(icd9))
    if chapter == 250:
        return "Diabetes"
    if 460 <= chapter <= 519 or chapter == 786:
        return "Respiratory"
    if 580 <= chapter <= 629 or chapter == 788:
        return "Genitourinary"
    return "Musculoskeletal" if 710 <= chapter <= 739 else "Other"


def download() -> Path:
    """Fetch the real data from UCI or else OpenML, write the cache, return the cache's path.

    Does nothing where the cache is good. A download that is cut starts again (it has 3 MB). Raises
    `WorkshopError` where neither place gives the data, or the cache cannot be written.
    """
    if is_cached():
        print(f"data     real  cached already in {real_cache()}")
        return real_cache()
    reasons = {}
    for name, fetch in (("UCI", functools.partial(_from_uci, 15, 600)), ("OpenML", _from_openml)):
        try:
            text = fetch()
        except _Unavailable as error:
            reasons[name] = str(error)
        else:
            return _store(text, name)
    told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    raise WorkshopError(
        f"The real data cannot be fetched ({told}): try `make data` again later, or `make data "
        "FROM=path/to/file.zip`; meanwhile the synthetic cohort stands in."
    )


def ensure_data(timeout: float = 5.0) -> None:
    """Try once, briefly, to have the real data; never fail, and print which data stand ready.

    `timeout` is how many seconds of silence on the line mean that there is no network.
    """
    if os.environ.get("WORKSHOP_DATA") == "synthetic":
        print("data     synthetic cohort, as WORKSHOP_DATA asks")
        return
    if is_cached():
        print("data     real, checked and cached")
        return
    try:
        _store(_from_uci(timeout, 60), "UCI")
    except (_Unavailable, WorkshopError) as error:
        if real_cache().exists():
            print(
                f"data     {real_cache()} is damaged or of another version; `make data` renews it"
            )
            return
        reason = str(error).rstrip(".")
        print(f"data     synthetic cohort; no real data yet ({reason}), `make data` tries again")


class _Unavailable(Exception):
    """Say why a place on the network did not give the data."""


def _from_uci(silence: float, total: float) -> bytes:
    progress = Progress("data     UCI")
    try:
        body = _patiently(functools.partial(_fetch, UCI_ADDRESS, silence), silence, total, progress)
        text = _verified_text(io.BytesIO(body), "the answer")
    except (OSError, http.client.HTTPException, WorkshopError) as error:
        progress.done(f"no data: {_reason(error)}")
        raise _Unavailable(_reason(error)) from None
    progress.done(f"{len(body) / 1e6:.1f} MB")
    return text


def _fetch(address: str, silence: float, tell: Callable[[str], None]) -> bytes:
    """Return the body at an address; start again, twice at most, where the line is cut."""
    for attempt in range(3):
        body, expected = bytearray(), 0
        try:
            with urllib.request.urlopen(address, timeout=silence) as response:
                expected = response.length or 0
                while chunk := response.read1(2**16):
                    body += chunk
                    size = f" of {expected / 1e6:.1f}" if expected else ""
                    tell(f"{len(body) / 1e6:.1f}{size} MB" + (" (again)" if attempt else ""))
                    if len(body) > ZIP_BYTES:
                        raise WorkshopError("the answer is too long")
        except urllib.error.HTTPError as error:
            error.close()
            raise OSError(f"status {error.code}") from None
        except (OSError, http.client.HTTPException):
            if not body:  # nothing came at all: not a cut line
                raise
        else:
            if len(body) >= expected:
                return bytes(body)
    raise OSError(f"cut off after {len(body):,} of {expected or 'all the'} bytes, three times")


def _from_openml() -> bytes:
    """Fetch the raw file's copy through scikit-learn's fetcher, on which Fairlearn's is built.

    Fairlearn's own `fetch_diabetes_hospital` gives a table without patient numbers and deaths, for
    which there is no checksum.
    """
    progress = Progress("data     OpenML")
    try:
        frame = _patiently(_fetch_openml, silence=300, total=300, progress=progress)
        text = _verified_text(io.BytesIO(_csv_of(frame)), "the answer")
    except Exception as error:  # whatever a fetcher makes of an unexpected answer
        progress.done(f"no data: {_reason(error)}")
        raise _Unavailable(_reason(error)) from None
    progress.done(f"{len(frame):,} rows")
    return text


def _fetch_openml(tell: Callable[[str], None]) -> pd.DataFrame:
    from sklearn.datasets import fetch_openml

    tell("about 20 MB …")
    with tempfile.TemporaryDirectory() as folder:
        return fetch_openml(
            data_id=OPENML_ID, as_frame=True, parser="pandas", data_home=folder, n_retries=0
        ).frame


def _csv_of(frame: pd.DataFrame) -> bytes:
    """Write OpenML's table as the CSV that it was made from: missing is `?`, the outcome last."""
    frame = frame[[*frame.columns.drop("readmitted"), "readmitted"]]
    return frame.map(_as_written).to_csv(index=False, lineterminator="\r\n").encode()


def _as_written(value: object) -> str:
    if pd.isna(value):
        return "?"
    whole_number = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole_number else str(value)


def _patiently(work: Callable, silence: float, total: float, progress: Progress):
    """Return `work(tell)`, where `work` calls `tell(text)` as a sign of life.

    It runs in a thread that is given up after `silence` or `total` seconds, because looking up a
    name and scikit-learn's fetcher know no time-out. Raises TimeoutError, or what `work` raises.
    """
    start = heard = time.monotonic()
    outcome, given_up = [], threading.Event()

    def tell(text: str) -> None:
        nonlocal heard
        if given_up.is_set():
            raise RuntimeError("given up")
        heard = time.monotonic()
        progress.step(text)

    def attempt() -> None:
        try:
            outcome.append((work(tell), None))
        except Exception as error:  # raised again below, in the thread that waits
            outcome.append((None, error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        now = time.monotonic()
        if thread.is_alive() and (now - heard > silence or now - start > total):
            given_up.set()
            raise TimeoutError(f"no complete answer in {now - start:.0f} s")
    result, error = outcome[0]
    if error:
        raise error
    return result


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError):
        error = error.reason
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip(".") or type(error).__name__
