"""Get the real data: from a file or from the network, checked by checksum, into the cache."""

import hashlib
import io
import os
import re
import tempfile
import threading
import time
import warnings
import zipfile
from concurrent.futures import Future, wait
from pathlib import Path
from typing import IO, Any
from urllib.error import ContentTooShortError, HTTPError

import numpy as np
import pandas as pd

from workshop.data.load import (
    CSV_SHA256,
    FETCH,
    TAKE,
    is_cached,
    layout,
    real_cache,
    stored_columns,
)
from workshop.data.recode import recoded
from workshop.errors import WorkshopError
from workshop.files import Progress, whole

UCI_ADDRESS = (
    "https://archive.ics.uci.edu/static/public/296/"
    "diabetes+130-us+hospitals+for+years+1999-2008.zip"
)
CSV_NAME = "diabetic_data.csv"
CSV_BYTES = 19_159_383  # as UCI publishes it, with the line ends CR LF, like the checksum
ZIP_BYTES = 64 * 2**20  # more than any zip of the file: UCI's has 3 MB


def get_data(source: str | None, brief: bool) -> None:
    """Take the real data from a file, or fetch them; offline is no failure where `brief`."""
    if source:
        import_data(source)
    elif brief:
        ensure_data()
    else:
        download()


def import_data(path: str | Path) -> Path:
    """Check the user's copy of the data (.zip or .csv), write the cache, return the cache's path.

    Raises `WorkshopError` where the file cannot be read, is not the data set, or the cache cannot
    be written; a cache that was there before stays as it was.
    """
    path = Path(path).expanduser()
    try:
        if path.stat().st_size > ZIP_BYTES:
            raise WorkshopError(f"{path} is bigger than any copy of {CSV_NAME}: name another file.")
        return _store(_verified_text(path, str(path)), str(path))
    except OSError as error:
        raise WorkshopError(f"{path} cannot be read ({error.strerror}): name another.") from None


def download() -> Path:
    """Fetch the real data from UCI, write the cache, return the cache's path.

    Does nothing where the cache is good. A download that is cut starts again, twice at most. Raises
    `WorkshopError` where the data cannot be had, or the cache cannot be written.
    """
    if is_cached():
        print(f"data     real  cached already in {real_cache()}")
        return real_cache()
    try:
        return _store(_from_uci(silence=15, total=600, retries=2), "UCI")
    except _Unavailable as reason:
        raise WorkshopError(
            f"The real data cannot be fetched from UCI ({reason}): try `{FETCH}` again later, or "
            f"`{TAKE}`; meanwhile the synthetic cohort stands in."
        ) from None


def ensure_data(timeout: float = 5.0) -> None:
    """Try once, briefly, to have the real data; never fail, and print which data stand ready.

    `timeout` is how many seconds of silence on the line mean that there is no network.
    """
    if os.environ.get("WORKSHOP_DATA") == "synthetic":
        print("data     synthetic cohort, as WORKSHOP_DATA asks")
    elif is_cached():
        print("data     real, checked and cached")
    else:
        try:
            _store(_from_uci(silence=timeout, total=60, retries=0), "UCI")
        except (_Unavailable, WorkshopError) as error:
            told = f"synthetic cohort; no real data yet ({error}); `{FETCH}` tries again"
            if real_cache().exists():
                told = f"{real_cache()} is damaged or of another version; `{FETCH}` renews it"
            print(f"data     {told}")


# --- The network


class _Unavailable(Exception):
    """Say why the network did not give the data."""


def _from_uci(silence: float, total: float, retries: int) -> bytes:
    progress = Progress("data     UCI")
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = _fetched(UCI_ADDRESS, Path(folder), silence, total, retries, progress)
            text = _verified_text(path, "the answer")
    except (OSError, WorkshopError) as error:
        progress.done(f"no data: {_reason(error)}")
        raise _Unavailable(_reason(error)) from None
    progress.done()
    return text


def _fetched(address, folder: Path, silence, total, retries, progress: Progress) -> Path:
    """Fetch a file into an empty folder; raise OSError after `silence` or `total` seconds.

    It runs in a thread, because looking up a name knows no time-out.
    """
    from sklearn.datasets import fetch_file  # takes a second: not before a file is wanted

    answer: Future[Any] = Future()

    def fetch() -> None:
        try:
            answer.set_result(fetch_file(address, folder, CSV_NAME, n_retries=retries))
        except Exception as error:  # raised again by `answer.result()`, in the thread that waits
            answer.set_exception(error)

    start = heard = time.monotonic()
    size = 0
    with warnings.catch_warnings(action="ignore"):  # "Retry downloading"
        threading.Thread(target=fetch, daemon=True).start()
        while not wait([answer], timeout=0.1).done:
            now, before = time.monotonic(), size
            size = max((path.stat().st_size for path in folder.iterdir()), default=0)
            if size > ZIP_BYTES:
                raise OSError("the answer is too long")
            if size != before:
                heard = now
                progress.step(f"{size / 1e6:.1f} MB")
            if now - heard > silence or now - start > total:
                raise TimeoutError(f"no complete answer in {now - start:.0f} s")
    return Path(answer.result())


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"status {error.code}"
    reason = error if isinstance(error, ContentTooShortError) else getattr(error, "reason", error)
    return getattr(reason, "strerror", "") or str(reason).strip("<>.") or type(reason).__name__


# --- From the file to the cache


def _verified_text(path: Path, origin: str) -> bytes:
    """Return the CSV in a file, plain or zipped, once its checksum is right."""
    with path.open("rb") as stream:
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


def _csv_text(stream: IO[bytes]) -> bytes:
    """Read no more than the file can hold, and give it the line ends that UCI's copy has."""
    text = stream.read(CSV_BYTES + 1)
    return text.replace(b"\r", b"").replace(b"\n", b"\r\n")


def _csv_from_zip(stream: IO[bytes], origin: str) -> bytes:
    """Read the CSV inside a zip without unpacking anything to the disk."""
    try:
        with zipfile.ZipFile(stream) as archive:
            for name in archive.namelist():
                if name.rpartition("/")[2] == CSV_NAME and not re.search(r"^/|[:\\]|\.\.", name):
                    return _csv_text(archive.open(name))
    except Exception as error:  # zipfile and its unpackers raise a dozen kinds on a damaged file
        reason = str(error) or type(error).__name__
        raise WorkshopError(
            f"{origin} is a damaged, cut or locked zip ({reason}): download it again."
        ) from None
    raise WorkshopError(
        f"{origin} holds no {CSV_NAME} (members named with `..` or from the root are not read): "
        "use the zip that UCI publishes."
    )


def _store(text: bytes, origin: str) -> Path:
    progress = Progress("data     real")
    path = real_cache()
    with whole(path) as temporary:
        table = recoded(pd.read_csv(io.BytesIO(text), dtype=str, keep_default_na=False))
        columns: dict[str, Any] = {"layout": np.array(layout()), **stored_columns(table)}
        np.savez(temporary, **columns)
    progress.done(f"checked and cached from {origin}")
    return path
