import hashlib
import http.server
import io
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from workshop.data import columns, fetch, load
from workshop.errors import WorkshopError
from workshop.paths import ROOT

real = pytest.mark.skipif(not load.real_cache().exists(), reason="the real data are not cached")

# A made-up file in the layout of UCI's: same 50 columns, five encounters of four people.
DOSES = """
metformin repaglinide nateglinide chlorpropamide glimepiride acetohexamide glipizide glyburide
tolbutamide pioglitazone rosiglitazone acarbose miglitol troglitazone tolazamide examide
citoglipton insulin glyburide-metformin glipizide-metformin glimepiride-pioglitazone
metformin-rosiglitazone metformin-pioglitazone
"""
HEADER = f"""
encounter_id patient_nbr race gender age weight admission_type_id discharge_disposition_id
admission_source_id time_in_hospital payer_code medical_specialty num_lab_procedures
num_procedures num_medications number_outpatient number_emergency number_inpatient diag_1
diag_2 diag_3 number_diagnoses max_glu_serum A1Cresult {DOSES} change diabetesMed readmitted
"""
ENCOUNTERS = """
11,901,AfricanAmerican,Female,[20-30),?,1,1,7,3,MC,Cardiology,41,0,12,0,0,0,250.83,?,?,1,None,>8|Ch,Yes,<30
12,902,?,Male,[30-40),[75-100),1,1,1,2,MD,?,5,1,9,2,1,3,460,250,V27,9,>200,None|No,No,>30
13,901,AfricanAmerican,Female,[60-70),?,3,6,4,14,?,Hematology,132,6,81,0,0,1,V57,8,E909,16,Norm,Norm|No,Yes,NO
14,903,Caucasian,Unknown/Invalid,[90-100),?,2,18,17,1,HM,InternalMedicine,1,0,1,0,0,0,715,38,599,5,>300,>7|No,No,NO
15,904,Asian,Male,[50-60),?,1,11,7,5,CP,Surgery-General,60,2,30,0,0,0,788,428,427,7,None,None|No,Yes,NO
"""


def made_up_csv() -> bytes:
    doses = ",".join("Steady" if name == "insulin" else "No" for name in DOSES.split())
    rows = [row.replace("|", f",{doses},") for row in ENCOUNTERS.split()]
    return ("\r\n".join([",".join(HEADER.split()), *rows]) + "\r\n").encode()


CSV = made_up_csv()


def zipped(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


GOOD_ZIP = zipped(("dataset/IDs_mapping.csv", b"x"), ("dataset/diabetic_data.csv", CSV))


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """Let the made-up file be the expected one, and the cache empty."""
    monkeypatch.setattr(load, "CACHE", tmp_path / "cache")
    for module in (fetch, load):
        monkeypatch.setattr(module, "CSV_SHA256", hashlib.sha256(CSV).hexdigest())
    monkeypatch.setattr(fetch, "CSV_BYTES", len(CSV))
    monkeypatch.delenv("WORKSHOP_DATA", raising=False)
    return tmp_path


def given(folder, content: bytes, name: str = "copy.zip"):
    path = folder / name
    path.write_bytes(content)
    return path


# ------------------------------------------------------------------------------------ a good copy


UNIX = CSV.replace(b"\r\n", b"\n")
GOOD_COPIES = {
    "csv": CSV,
    "csv with unix line ends": UNIX,
    "zip": GOOD_ZIP,
    "zip without a folder": zipped(("diabetic_data.csv", UNIX)),
}


@pytest.mark.parametrize("name", GOOD_COPIES)
def test_a_good_copy_becomes_the_cache(kit, name):
    assert load.data_source() == "synthetic"
    fetch.import_data(given(kit, GOOD_COPIES[name]))
    assert load.data_source() == "real"
    assert load.load_patients().attrs["source"] == "real"
    assert [path.name for path in load.CACHE.iterdir()] == ["real.npz"]


def test_values_are_recoded_as_documented(kit):
    fetch.import_data(given(kit, CSV))
    table = load.load_patients()
    expected = {
        "patient_id": [0, 1, 0, 2, 3],
        "race": ["Black", "Unknown", "Black", "white", "Asian"],
        "gender": ["Female", "Male", "Female", "Unknown", "Male"],
        "age": ["30 years or younger", "30-60 years", *["Over 60 years"] * 2, "30-60 years"],
        "admission_source": ["Emergency", "Referral", "Other", "Other", "Emergency"],
        "medical_specialty": [
            "Cardiology", "Missing", "Other", "Internal medicine", "General surgery",
        ],
        "num_lab_procedures": [41, 5, 132, 1, 60],
        "primary_diagnosis": [
            "Diabetes", "Respiratory", "Other", "Musculoskeletal", "Genitourinary",
        ],
        "max_glu_serum": ["Not measured", ">200", "Normal", ">300", "Not measured"],
        "A1Cresult": [">8", "Not measured", "Normal", ">7", "Not measured"],
        "insulin": ["Steady"] * 5,
        "change": [True, False, False, False, False],
        "payer": ["Medicare", "Medicaid", "Missing", "Other", "Other"],
        "medicare": [True, False, False, False, False],
        "medicaid": [False, True, False, False, False],
        "had_emergency": [False, True, False, False, False],
        "had_inpatient_days": [False, True, True, False, False],
        "number_inpatient": [0, 3, 1, 0, 0],
        "discharge": ["Home", "Home", "Home with care", "Other or not recorded", "Died"],
        "died": [False, False, False, False, True],
        "readmitted": ["<30", ">30", "NO", "NO", "NO"],
        "readmitted_30_days": [1, 0, 0, 0, 0],
    }  # fmt: skip
    assert {name: table[name].tolist() for name in expected} == expected


def test_first_cohort_keeps_one_encounter_of_those_who_can_return(kit):
    fetch.import_data(given(kit, CSV))
    first = load.load_patients("first")
    assert first["patient_id"].tolist() == [0, 1]  # 2 has no gender recorded, 3 died
    assert first["readmitted_30_days"].tolist() == [1, 0]
    assert isinstance(first.index, pd.RangeIndex)


# ------------------------------------------------------------------------------------- a bad copy


def encrypted_zip() -> bytes:
    """Set the flag "encrypted" in both headers of a good zip."""
    content = bytearray(zipped(("diabetic_data.csv", CSV)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


BAD_COPIES = {
    "cut zip": (GOOD_ZIP[: len(GOOD_ZIP) // 2], "damaged, cut or locked"),
    "damaged zip": (GOOD_ZIP.replace(GOOD_ZIP[300:310], b"0123456789"), "damaged, cut or locked"),
    "locked zip": (encrypted_zip(), "damaged, cut or locked"),
    "zip of something else": (zipped(("photo.jpg", b"x")), "holds no diabetic_data.csv"),
    "zip with a parent's name": (zipped(("../diabetic_data.csv", CSV)), "holds no diabetic_data"),
    "zip with a deep parent's name": (zipped(("a/../../diabetic_data.csv", CSV)), "holds no"),
    "zip with a root's name": (zipped(("/diabetic_data.csv", CSV)), "holds no diabetic_data.csv"),
    "zip with a drive's name": (zipped(("C:\\diabetic_data.csv", CSV)), "holds no"),
    "one byte changed": (CSV.replace(b"[20-30)", b"[10-20)"), "is not UCI's diabetic_data.csv"),
    "last line missing": (CSV[: CSV.rindex(b"15,")], "is not UCI's diabetic_data.csv"),
    "a line too many": (CSV + CSV.splitlines(True)[-1], "more than of the"),
    "a web page": (b"<html>Please log in</html>", "is not UCI's diabetic_data.csv"),
    "nothing": (b"", "is not UCI's diabetic_data.csv"),
}


@pytest.mark.parametrize("name", BAD_COPIES)
def test_a_bad_copy_is_refused_in_one_sentence_and_the_cache_stays(kit, name):
    content, reason = BAD_COPIES[name]
    fetch.import_data(given(kit, GOOD_ZIP))
    before = (load.CACHE / "real.npz").read_bytes()
    path = given(kit, content, "bad")
    with pytest.raises(WorkshopError, match=reason) as refusal:
        fetch.import_data(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert (load.CACHE / "real.npz").read_bytes() == before
    assert len(list(kit.rglob("*"))) == 4, "nothing was unpacked or left behind"


def test_a_zip_that_unpacks_to_gigabytes_is_not_unpacked(kit, monkeypatch):
    read = []
    monkeypatch.setattr(fetch, "CSV_BYTES", 1000)
    original = zipfile.ZipExtFile.read

    def counted(self, n=-1):
        chunk = original(self, n)
        read.append(len(chunk))
        return chunk

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    bomb = given(kit, zipped(("diabetic_data.csv", bytes(50_000_000))))
    assert bomb.stat().st_size < 100_000
    with pytest.raises(WorkshopError, match="more than of the 1,000 bytes"):
        fetch.import_data(bomb)
    assert sum(read) <= 1001


def test_a_file_that_is_too_big_or_missing_is_refused(kit, monkeypatch):
    for path in (kit / "nowhere.zip", kit):
        with pytest.raises(WorkshopError, match="cannot be read"):
            fetch.import_data(path)
    monkeypatch.setattr(fetch, "ZIP_BYTES", 100)
    with pytest.raises(WorkshopError, match="bigger than any copy"):
        fetch.import_data(given(kit, GOOD_ZIP))


def test_a_cache_that_cannot_be_written_is_one_sentence(kit, monkeypatch):
    occupied = given(kit, b"a file where a folder should be", "occupied")
    monkeypatch.setattr(load, "CACHE", occupied / "cache")
    with pytest.raises(WorkshopError, match="cannot be written"):
        fetch.import_data(given(kit, GOOD_ZIP))
    assert occupied.read_bytes() == b"a file where a folder should be"


# ---------------------------------------------------------------------------------------- sources


def test_asking_for_real_data_that_are_not_there_says_what_to_do(kit, monkeypatch):
    monkeypatch.setenv("WORKSHOP_DATA", "real")
    assert load.data_source() == "real"
    with pytest.raises(WorkshopError, match="not cached: run `make data`"):
        load.load_patients()


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (("all", None), 'WORKSHOP_DATA is "genuine"'),
        (("all", "genuine"), 'no source "genuine"'),
        (("second", "synthetic"), 'no cohort "second"'),
    ],
)
def test_an_unknown_source_or_cohort_is_refused(monkeypatch, asked, refusal):
    monkeypatch.setenv("WORKSHOP_DATA", "genuine")
    with pytest.raises(WorkshopError, match=refusal):
        load.load_patients(*asked)


def test_the_environment_can_ask_for_the_synthetic_cohort(kit, monkeypatch):
    fetch.import_data(given(kit, GOOD_ZIP))
    monkeypatch.setenv("WORKSHOP_DATA", "synthetic")
    assert load.load_patients().attrs["source"] == "synthetic"


@pytest.mark.parametrize("damage", ["cut", "empty", "other columns"])
def test_a_damaged_cache_is_named_and_renewed(kit, damage, monkeypatch, capsys):
    fetch.import_data(given(kit, GOOD_ZIP))
    cache = load.CACHE / "real.npz"
    if damage == "other columns":
        np.savez(cache, layout=np.array("older"))
    else:
        cache.write_bytes(cache.read_bytes()[: 1000 if damage == "cut" else 0])
    with pytest.raises(WorkshopError, match=r"real\.npz is damaged"):
        load.load_patients()
    monkeypatch.setattr(fetch, "UCI_ADDRESS", "http://127.0.0.1:9/")
    fetch.ensure_data()
    assert "damaged" in capsys.readouterr().out
    fetch.import_data(given(kit, GOOD_ZIP))
    assert len(load.load_patients()) == 5


# ----------------------------------------------------------------------------------------- network


@contextmanager
def server(*answers):
    """Serve one answer per request (the last for all further ones); count the requests."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.path)
            answers[min(len(seen), len(answers)) - 1](self)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/data.zip", seen
        finally:
            running.shutdown()
            thread.join()


def sends(content: bytes, length: int | None = None, chunk: int = 2**16, pause: float = 0):
    def answer(request):
        request.send_response(200)
        request.send_header("Content-Length", str(length or len(content)))
        request.end_headers()
        for start in range(0, len(content), chunk):
            request.wfile.write(content[start : start + chunk])
            time.sleep(pause)

    return answer


CUT = sends(GOOD_ZIP[:500], length=len(GOOD_ZIP))


def fails(request):
    request.send_error(503)


def is_silent(request):
    time.sleep(1)


@contextmanager
def uci(monkeypatch, *answers):
    """Let a server of our own stand in for UCI; yield the requests that it sees."""
    with server(*answers) as (address, seen):
        monkeypatch.setattr(fetch, "UCI_ADDRESS", address)
        yield seen


def test_download_fetches_checks_and_caches(kit, monkeypatch, capsys):
    with uci(monkeypatch, sends(GOOD_ZIP, chunk=200, pause=0.02)) as seen:
        fetch.download()
        fetch.download()
    assert len(seen) == 1, "a good cache is not downloaded again"
    assert load.load_patients().attrs["source"] == "real"
    assert "cached already" in capsys.readouterr().out


@pytest.mark.parametrize("first", [CUT, fails], ids=["cut", "server error"])
def test_a_download_that_fails_once_starts_again(kit, monkeypatch, first):
    with uci(monkeypatch, first, sends(GOOD_ZIP)) as seen:
        fetch.download()
    assert len(seen) == 2
    assert len(load.load_patients()) == 5


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (CUT, "got only 500 out of", 3),
        (fails, "status 503", 3),
        (sends(b"<html>Please log in</html>"), "is not UCI's", 1),
        (sends(GOOD_ZIP[:500]), "damaged, cut or locked", 1),
    ],
    ids=["cut each time", "server error", "a portal's page", "half a file"],
)
def test_a_failed_download_says_why_and_leaves_nothing(kit, monkeypatch, answer, reason, requests):
    with uci(monkeypatch, answer) as seen, pytest.raises(WorkshopError, match=reason) as refusal:
        fetch.download()
    assert len(seen) == requests
    assert "\n" not in str(refusal.value)
    assert load.data_source() == "synthetic"
    assert not load.CACHE.exists()


def test_an_endless_download_is_stopped(kit, monkeypatch):
    monkeypatch.setattr(fetch, "ZIP_BYTES", 1000)
    endless = sends(bytes(100_000), chunk=10_000, pause=0.1)
    with uci(monkeypatch, endless), pytest.raises(WorkshopError, match="the answer is too long"):
        fetch.download()


def test_set_up_gives_up_early_on_a_silent_line(kit, monkeypatch, capsys):
    with uci(monkeypatch, is_silent):
        start = time.monotonic()
        fetch.ensure_data(timeout=0.3)
        assert time.monotonic() - start < 20  # of 60 that a slow download may take
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("data     synthetic cohort; no real data yet (no complete answer in")


def test_set_up_works_with_and_without_a_network(kit, monkeypatch, capsys):
    monkeypatch.setattr(fetch, "UCI_ADDRESS", "http://127.0.0.1:9/nobody-listens")
    fetch.ensure_data()
    assert "no real data yet (Connection refused)" in capsys.readouterr().out
    monkeypatch.setenv("WORKSHOP_DATA", "synthetic")
    fetch.ensure_data()
    assert capsys.readouterr().out == "data     synthetic cohort, as WORKSHOP_DATA asks\n"
    monkeypatch.delenv("WORKSHOP_DATA")
    with uci(monkeypatch, sends(GOOD_ZIP)):
        fetch.ensure_data()
    capsys.readouterr()
    fetch.ensure_data()
    assert capsys.readouterr().out == "data     real, checked and cached\n"


# ----------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize("source", [pytest.param("real", marks=real), "synthetic"])
def test_columns_are_as_documented(source):
    table = load.load_patients(source=source)
    assert list(table) == list(columns.COLUMNS)
    for name, column in columns.COLUMNS.items():
        assert column.description
        if column.categories:
            assert tuple(table[name].cat.categories) == column.categories
            assert table[name].cat.ordered == (column.dtype == "ordered category")
            assert table[name].notna().all(), name
        else:
            assert table[name].dtype == column.dtype, name
            assert bool(column.unit) == (
                column.dtype not in ("bool", "int32") and name != "readmitted_30_days"
            ), name


def test_features_hold_no_race_outcome_or_later_knowledge():
    leaks = {"patient_id", "race", "discharge", "died", "died_or_hospice", "readmitted"}
    assert len(columns.FEATURES) == 20
    assert not leaks.union({"readmitted_30_days"}) & set(columns.FEATURES)
    assert set(columns.FEATURES) < set(columns.COLUMNS)


@real
def test_the_real_data_are_those_that_the_curriculum_describes():
    table = load.load_patients(source="real")
    assert len(table) == 101_766
    assert table["patient_id"].nunique() == 71_518
    assert table["race"].value_counts()["Unknown"] == 2_273
    assert table["gender"].value_counts()["Unknown"] == 3
    assert round(table["readmitted_30_days"].mean(), 3) == 0.112
    assert table["died"].sum() == 1_652
    assert not table.loc[table["died"], "readmitted_30_days"].any()
    assert round(table["patient_id"].duplicated(keep=False).mean(), 2) == 0.46
    assert (table.groupby("patient_id")["race"].nunique() > 1).sum() == 249
    assert len(load.load_patients("first", "real")) == 69_970


@real
def test_the_payers_are_those_that_the_datasheet_describes():
    stays = load.load_patients(source="real")
    missing = stays["payer"] == "Missing"
    assert missing.sum() == 40_256
    by_race = missing.groupby(stays["race"], observed=True).mean().round(2)
    assert by_race[["Black", "Hispanic", "white"]].tolist() == [0.48, 0.49, 0.37]
    fifths = missing.groupby(stays.index * 5 // len(stays)).mean().round(2)
    assert missing[: len(stays) // 5].all()
    assert fifths.tolist() == [1.0, 0.46, 0.3, 0.1, 0.12]
    known = stays[~missing].groupby("race", observed=True)[["medicaid", "medicare"]].mean().round(3)
    assert known.loc["Black"].tolist() == [0.106, 0.468]
    assert known.loc["white"].tolist() == [0.043, 0.551]


@pytest.mark.parametrize("source", [pytest.param("real", marks=real), "synthetic"])
def test_who_pays_is_recorded_less_often_for_black_than_for_white_patients(source):
    stays = load.load_patients(source=source)
    missing = stays["payer"] == "Missing"
    assert missing.mean() == pytest.approx(0.396, abs=0.01)
    by_race = missing.groupby(stays["race"], observed=True).mean()
    assert by_race["Black"] > by_race["white"] + 0.08
    known = stays[~missing].groupby("race", observed=True)[["medicaid", "medicare"]].mean()
    assert known.loc["Black"].tolist() == pytest.approx([0.106, 0.468], abs=0.02)
    assert known.loc["white"].tolist() == pytest.approx([0.043, 0.551], abs=0.02)


# ------------------------------------------------------------------------- what a cell imports


@pytest.mark.parametrize(
    "code",
    [
        "import workshop.data.fetch, workshop.data",
        "from workshop import charts, exercises, modelcard, seatgame",
    ],
)
def test_what_cells_import_does_not_import_the_builder(code):
    builder = ("workshop.deck", "workshop.panel", "workshop.stage", "nbconvert", "playwright")
    found = f"[name for name in sys.modules if name.startswith({builder})]"
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print({found})"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert ran.stdout.strip() == "[]"
