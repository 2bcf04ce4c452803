from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from workshop.agenda import clock, format_agenda, read_agenda
from workshop.errors import WorkshopError
from workshop.paths import ROOT


@pytest.fixture
def toml(tmp_path):
    """Return a function that writes a changed workshop.toml beside empty decks."""
    for deck in ROOT.glob("*/*.ipynb"):
        copy = tmp_path / deck.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.touch()
    original = (ROOT / "workshop.toml").read_text(encoding="utf-8")

    def changed(old: str = "", new: str = "") -> Path:
        assert old in original
        path = tmp_path / "workshop.toml"
        path.write_text(original.replace(old, new, 1), encoding="utf-8")
        return path

    return changed


def starts(edition: str) -> dict[str, str]:
    return {s.title: clock(s.start) for s in read_agenda().edition(edition).sessions}


def test_pydata_runs_from_half_past_one_to_half_past_three():
    edition = read_agenda().edition("pydata")
    assert starts("pydata") == {
        "Welcome": "1:30 PM",
        "Social context": "1:33 PM",
        "The scenario: who gets extra care?": "1:41 PM",
        "Measurement": "1:46 PM",
        "Data": "1:57 PM",
        "Assess disparities": "2:01 PM",
        "Mitigate disparities": "2:13 PM",
        "Accountability": "2:24 PM",
        "Panel": "2:30 PM",
    }
    assert clock(edition.sessions[-1].end) == "3:30 PM"
    assert edition.sessions[-1].end.utcoffset() == dt.timedelta(hours=-5)  # CDT
    assert sum(s.minutes for s in edition.sessions) == 120


def test_scipy_runs_from_nine_to_one_with_two_breaks():
    sessions = read_agenda().edition("scipy").sessions
    assert [(s.title, clock(s.start)) for s in sessions] == [
        ("Welcome", "9:00 AM"),
        ("Social context", "9:09 AM"),
        ("The scenario: who gets extra care?", "9:42 AM"),
        ("Measurement", "9:55 AM"),
        ("Break", "10:29 AM"),
        ("Data", "10:39 AM"),
        ("Train a model", "11:01 AM"),
        ("Assess disparities", "11:13 AM"),
        ("Break", "11:41 AM"),
        ("Mitigate disparities", "11:51 AM"),
        ("Document the model", "12:32 PM"),
        ("Accountability", "12:48 PM"),
    ]
    assert clock(sessions[-1].end) == "1:00 PM"
    assert sum(s.minutes for s in sessions) == 240


def test_an_edition_over_a_change_of_clocks_keeps_elapsed_minutes(toml):
    # In Chicago the clocks went back from 2:00 to 1:00 AM on 7 November 2021.
    path = toml("date = 2021-10-28\nstart = 13:30:00", "date = 2021-11-07\nstart = 00:58:00")
    edition = read_agenda(path).edition("pydata")
    assert clock(edition.sessions[-1].end) == "1:58 AM"


def test_an_edition_is_added_in_workshop_toml_alone(toml):
    path = toml()
    with path.open("a", encoding="utf-8") as file:
        file.write(
            '[editions.meetup]\nname = "Meetup"\ndate = 2027-01-05\nstart = 18:00:00\n'
            'timezone = "Europe/Berlin"\nminutes = 30\n'
            '[[editions.meetup.sessions]]\ntitle = "Social context"\nkind = "talk"\nminutes = 30\n'
            'deck = "slides/01-social-context.ipynb"\n'
        )
    edition = read_agenda(path).edition("meetup")
    assert edition.decks == ["slides/01-social-context.ipynb"]
    assert clock(edition.sessions[0].end) == "6:30 PM"


def test_the_table_shows_every_session_with_its_times():
    table = format_agenda(read_agenda().edition("scipy"))
    assert table.startswith("SciPy 2021, Tuesday 13 July 2021, America/Chicago")
    assert "10:29 AM – 10:39 AM   10  break" in table
    assert len(table.splitlines()) == 2 + 2 + 12 + 1


def test_the_schedule_sets_what_there_is_to_say_beside_the_minutes():
    edition = read_agenda().edition("scipy")
    speaking = {"slides/00-welcome.ipynb": 9.0, "slides/01-social-context.ipynb": 33.04}
    table = format_agenda(edition, speaking).splitlines()
    assert table[4].split()[5:8] == ["9", "9.0", "talk"]
    assert table[5].split()[5:8] == ["33", "33.0", "!"]
    assert table[-3].split() == ["240", "42.0", "in", "all"]
    assert table[-1] == "! More to say than minutes: Social context."


EMPTY = 'name = "x"\ndate = 2027-01-05\nstart = 18:00:00\ntimezone = "UTC"\nminutes = 0\n'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("minutes = 120", "minutes = 110", "editions.pydata.minutes is 110"),
        (
            "minutes = 8\n",
            'minutes = "8"\n',
            r"editions.pydata.sessions\[2\].minutes must be a who",
        ),
        ("minutes = 8\n", "minutes = true\n", r"sessions\[2\].minutes must be a whole number"),
        ("minutes = 8\n", "minutes = -8\n", r"sessions\[2\].minutes must be 1 or more"),
        ("minutes = 8\n", "minuts = 8\n", r"unknown key editions.pydata.sessions\[2\].minuts"),
        ("minutes = 8\n", "", r"editions.pydata.sessions\[2\].minutes is missing"),
        ('kind = "talk"', 'kind = "lecture"', r"sessions\[1\].kind is 'lecture'"),
        ("01-social-context", "01-social-contest", "no such file"),
        ("America/Chicago", "America/Chicogo", "editions.pydata.timezone is 'America/Chicogo'"),
        ('speaker = "Michael', 'speaker = "Mikhail', "not among the people"),
        ('role = "moderator"', 'role = "chair"', r"people\[1\].role is 'chair'"),
        ("date = 2021-10-28", 'date = "28 October"', "editions.pydata.date must be a date"),
        ('title = "Fairness', 'titel = "Fairness', "unknown key titel"),
        ("[editions.pydata]", f'[editions."py data"]\n{EMPTY}[editions.pydata]', "letters, digits"),
        ("[editions.pydata]", "[editions.pydata", "not valid TOML"),
        ("America/Chicago", "America", "timezone is 'America', which is not a time zone"),
        ('language = "en"', "language = 1", "language must be text in quotes, not 1"),
        ('people = ["', 'people = [3, "', r"people\[1\] must be text in quotes, not 3"),
        ("[[people]]\nname", "[[author]]\nname", "unknown key author"),
        ('repository = ""', 'repository = "https://x.org/\'y"', "which is not a web address"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_key(toml, old, new, says):
    with pytest.raises(WorkshopError, match=says) as caught:
        read_agenda(toml(old, new))
    assert len(str(caught.value).splitlines()) == 1


def test_spaces_in_a_tables_head_are_the_same_agenda(toml):
    spaced = read_agenda(toml("[editions.pydata]", "[ editions . pydata ]"))
    assert spaced == read_agenda(toml("", ""))


def test_a_missing_file_and_an_unknown_edition_are_named(tmp_path):
    with pytest.raises(WorkshopError, match=r"workshop.toml is missing"):
        read_agenda(tmp_path / "workshop.toml")
    with pytest.raises(WorkshopError, match=r"no edition 'scypi'.*pydata, scipy"):
        read_agenda().edition("scypi")
