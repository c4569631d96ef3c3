"""`wavetank cost` on a stack with events: what it measures there, as a user types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.e2e.commands import wavetank
from wavetank.scenarios.cli import app
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

EVENTS = ("--synthetic", "200", "--seed", "3", "--hours", "1", "--start", "2025-03-01T20:00:00+00:00")


def test_the_ratios_of_a_stack_with_events_are_measured(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = site.stack.endpoint_url
    monkeypatch.chdir(tmp_path)
    assert wavetank(url, "feed", *EVENTS).exit_code == 0
    site.stack.settle()
    estimate = wavetank(url, "cost", "--events-per-day", "5000000", "--json").document
    bases = {ratio["name"]: ratio["basis"] for ratio in estimate["ratios"]}
    assert bases["event-bytes"] == bases["processed-ratio"] == "measured"
    assert sum(estimate["measured"]["records"].values()) >= 2 * 200
    assert sum(estimate["measured"]["invocations"].values()) > 0
    assert estimate["month"] == pytest.approx(sum(line["cost"] for line in estimate["lines"]))
    assert {line["component"] for line in estimate["lines"]} == {
        "shared",
        *(event.name for event in site.topology.events),
    }


def test_a_figure_that_is_given_goes_before_one_that_is_measured(site: Site) -> None:
    ran = wavetank(site.stack.endpoint_url, "cost", "--event-bytes", "777", "--json")
    event_bytes = next(ratio for ratio in ran.document["ratios"] if ratio["name"] == "event-bytes")
    assert (event_bytes["value"], event_bytes["basis"]) == (777, "given")


def test_people_are_told_the_sums_and_what_would_change_them(site: Site) -> None:
    ran = wavetank(site.stack.endpoint_url, "cost", "--events-per-day", "1000000000")
    assert ran.exit_code == 0
    for words in ("kinesis.put-units", "stream.mode = on-demand", "the load needs", "a month"):
        assert words in ran.stdout


def test_without_a_stack_the_defaults_are_taken_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVETANK_HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    result = CliRunner().invoke(app, ["cost", "--json"])
    assert result.exit_code == 0
    assert {ratio["basis"] for ratio in json.loads(result.stdout)["ratios"]} == {"default"}


def test_a_region_or_a_price_list_that_is_none_is_a_mistake_told_in_a_sentence(tmp_path: Path) -> None:
    for arguments in (["--region", "mars-1"], ["--prices", str(tmp_path / "none.toml")]):
        result = CliRunner().invoke(app, ["cost", *arguments])
        assert type(result.exception).__name__ == "ConfigurationError"
