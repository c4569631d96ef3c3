"""`wavetank reference` in words: what is shown of a reference, and of two of its snapshots."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.unit.scenarios.client.reference.tables import holding, table
from wavetank.emulator.errors import CallerError
from wavetank.pipeline.components.references import ReferenceData, read_references
from wavetank.pipeline.reference.index import Entry, Index
from wavetank.scenarios.client.reference.comparison import compare
from wavetank.scenarios.commands.reference import description, difference
from wavetank.scenarios.commands.reference.dumping import Dump, DumpFailed, Outcome

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR_US = 3_600_000_000
NOW_US = round(NOW.timestamp()) * 1_000_000
CAMPAIGNS = table({"campaign": "string", "advertiser": "string"})
SNAPSHOT = holding(CAMPAIGNS, [("men", "Acme"), ("kids", None)])
TEXT = """
owner = "ads-platform"
key = ["campaign"]
every = "5 minutes"

[columns]
campaign = "string"
advertiser = "string"

[database]
name = "ads"
secret = "wavetank/ads"
table = "campaigns"
"""


def index(*hours_ago: int) -> Index:
    return Index(tuple(Entry(NOW_US - hours * HOUR_US, f"{number:064x}") for number, hours in enumerate(hours_ago, 1)))


def test_a_reference_is_shown_with_its_settings_its_columns_its_entries_and_its_first_rows(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text(TEXT)
    (configured,) = read_references(tmp_path)
    document = description.described("campaigns", configured, index(2, 1), SNAPSHOT, 1)
    assert (document["rows"], len(document["first_rows"])) == (2, 1)
    lines = list(description.in_words(document, NOW))
    for line in (
        "  owner: ads-platform",
        "  every: 5 minutes",
        "  database.table: campaigns",
        "  limits.shrink_percent: 50",
        "  key: campaign",
        "    advertiser string",
        "  rows: 2",
        "      2  000000000000  in effect since 2026-01-31T11:00:00Z",
    ):
        assert line in lines
    assert not any("None" in line for line in lines)


def test_of_a_file_only_those_settings_are_shown_that_mean_something(tmp_path: Path) -> None:
    (tmp_path / "pages.csv").write_text("page")
    (tmp_path / "pages.toml").write_text(
        'key = ["page"]\ncolumns = { page = "string" }\nfile = { path = "pages.csv" }\n'
    )
    (configured,) = read_references(tmp_path)
    names = [line.strip().split(":")[0] for line in description.in_words(described(configured), NOW)]
    assert names[1:] == ["file", "miss_percent", "limits.rows", "limits.mib", "key", "page string", "entries"]


def described(configured: ReferenceData) -> dict[str, Any]:
    return description.described(configured.name, configured, Index(), None, 0)


def test_a_reference_that_is_not_published_shows_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text(TEXT)
    (configured,) = read_references(tmp_path)
    lines = list(description.in_words(description.described("campaigns", configured, Index(), None, 5), NOW))
    assert "    campaign string" in lines
    assert lines[-1] == "  entries: none, it is not published"


def test_only_the_newest_of_many_entries_are_shown_with_their_numbers() -> None:
    many = index(*range(50, 0, -1))
    lines = list(description.in_words(description.described("campaigns", None, many, SNAPSHOT, 0), NOW))
    assert "    … 30 older ones; --json has all" in lines
    assert lines[-1].strip().startswith("50 ")
    assert sum("in effect since" in line for line in lines) == description.MOST_ENTRIES


def test_the_last_two_entries_are_compared_where_none_is_named_and_the_newest_with_one_that_is() -> None:
    entries = index(3, 2, 1).entries
    assert difference.chosen("x", Index(entries), (None, None), NOW) == entries[1:]
    assert difference.chosen("x", Index(entries), ("1", None), NOW) == (entries[0], entries[2])
    assert difference.chosen("x", Index(entries), ("150m", "90m"), NOW) == entries[:2]
    assert difference.chosen("x", Index(entries), ("2026-01-31T10:00", "3"), NOW) == entries[1:]


def test_one_entry_alone_has_nothing_to_be_compared_with() -> None:
    with pytest.raises(CallerError, match="has one entry"):
        difference.chosen("campaigns", index(1), (None, None), NOW)


@pytest.mark.parametrize("word", ["yesterday", "abcdef", "--", "-1"])
def test_a_word_that_names_no_entry_is_refused_with_the_ways_to_name_one(word: str) -> None:
    with pytest.raises(typer.BadParameter, match="no number of an entry"):
        difference.chosen("campaigns", index(2, 1), (word, None), NOW)


def test_a_comparison_in_words_is_bounded_and_counts_the_rest() -> None:
    before, after = index(2, 1).entries
    comparison = compare(holding(CAMPAIGNS, []), holding(CAMPAIGNS, [(str(each), None) for each in range(9)]), 2)
    lines = list(difference.in_words(before, after, comparison))
    assert lines[:2] == [f"--- {before.digest[:12]}  0 rows", f"+++ {after.digest[:12]}  9 rows"]
    assert lines[-2:] == ["+ … 7 more", "9 added, 0 gone, 0 changed"]
    assert len(lines) == 2 + 2 + 2


def test_snapshots_that_are_the_same_are_told_to_be() -> None:
    before, after = index(2, 1).entries
    assert list(difference.in_words(before, after, compare(SNAPSHOT, SNAPSHOT, 5)))[-1] == "they are the same"


def test_a_dump_says_what_came_of_it() -> None:
    soon = NOW_US + 43_000_000
    published = {"campaigns": {"published": 1, "rows": 12_000, "digest": "ab" * 32, "from_us": soon, "refused": 0}}
    done = Dump.of_answer("campaigns", published, failed=False)
    text = "campaigns: published abababababab, 12,000 rows, in effect from 2026-01-31T12:00:43Z, in 43 s"
    assert list(done.in_words(NOW)) == [text]
    unchanged = Dump.of_answer("campaigns", {"campaigns": {"published": 0, "rows": 9}}, failed=False)
    assert list(unchanged.in_words(NOW)) == ["campaigns: unchanged, 9 rows"]


def test_a_refused_dump_says_why_and_that_what_is_published_stays() -> None:
    why = "reference campaigns: the database gives no column advertiser"
    done = Dump.of_answer("campaigns", {"errorType": "ReferenceRefused", "errorMessage": why}, failed=True)
    assert (done.outcome, done.to_document()["why"]) == (Outcome.REFUSED, why)
    assert list(done.in_words(NOW)) == [f"campaigns: refused: {why}", "what is published stays in effect"]


def test_a_dumper_that_broke_off_is_a_failure_with_its_reason() -> None:
    with pytest.raises(DumpFailed, match="cannot connect to ads at db"):
        Dump.of_answer(
            "campaigns", {"errorType": "ServiceFault", "errorMessage": "cannot connect to ads at db"}, failed=True
        )
    with pytest.raises(DumpFailed, match="gave no reason"):
        Dump.of_answer("campaigns", {}, failed=True)
