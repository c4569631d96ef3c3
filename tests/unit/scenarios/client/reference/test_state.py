"""The state of a reference: when it is stale, and what is said of one that is not published."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wavetank.pipeline.components.references import ReferenceData, read_references
from wavetank.pipeline.reference.index import Entry
from wavetank.scenarios.client.reference.state import HEADINGS, State, duration

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEXT = """
owner = "ads-platform"
key = ["campaign"]
stale_after = "15 minutes"

[columns]
campaign = "string"
"""
DATABASE = '\n[database]\nname = "ads"\nsecret = "wavetank/ads"\ntable = "campaigns"\n'


@pytest.fixture
def campaigns(tmp_path: Path) -> ReferenceData:
    (tmp_path / "campaigns.toml").write_text(TEXT + DATABASE)
    return read_references(tmp_path)[0]


def state(reference: ReferenceData | None, age: timedelta | None, newest: Entry | None = None) -> State:
    looked_at = None if age is None else NOW - age
    return State("campaigns", reference, newest, entries=1, rows=10, looked_at=looked_at, now=NOW)


def test_a_database_is_stale_once_nobody_has_looked_at_it_for_so_long(campaigns: ReferenceData) -> None:
    assert not state(campaigns, timedelta(minutes=15)).is_stale
    assert state(campaigns, timedelta(minutes=15, seconds=1)).is_stale
    assert state(campaigns, None).is_stale
    assert "stale" in state(campaigns, timedelta(hours=2)).cells()[-1]


def test_a_file_is_never_stale(tmp_path: Path) -> None:
    (tmp_path / "plain.json").write_text('{"rows": {}}')
    (plain,) = read_references(tmp_path)
    assert not state(plain, None).is_stale
    assert state(plain, None).source == "file plain.json"


def test_a_state_says_what_is_known_and_what_is_not(campaigns: ReferenceData) -> None:
    cells = state(campaigns, timedelta(seconds=40), Entry(0, "ab" * 32)).cells()
    assert len(cells) == len(HEADINGS)
    source, effect = "database ads, table campaigns", "in effect from the beginning"
    assert cells == ("campaigns", source, "ads-platform", "10", "ab" * 6, effect, "40 s ago")
    gone = state(None, None).to_document()
    assert (gone["file"], gone["database"], gone["digest"], gone["in_effect"]) == (None, None, None, False)
    assert "not in the folder" in state(None, None).source


def test_an_entry_that_is_not_in_effect_yet_is_told_as_such(campaigns: ReferenceData) -> None:
    soon = Entry(round((NOW + timedelta(seconds=43)).timestamp()) * 1_000_000, "ab" * 32)
    assert state(campaigns, timedelta(), soon).to_document()["in_effect"] is False
    assert state(campaigns, timedelta(), soon).cells()[5] == "in effect from 2026-01-31T12:00:43Z, in 43 s"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3_660, "1 h 1 min"), (187_200, "2 d 4 h")]
)
def test_a_duration_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
