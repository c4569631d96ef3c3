"""What reference data add to a stage: runs of dumpers, and requests of processors."""

import pytest

from tests.unit.scenarios.flow.cases import database_case, project
from wavetank.scenarios.flow.references import Dumper, reference_use, references_of


def test_a_dumper_runs_at_every_tick_that_any_of_its_references_is_due_at() -> None:
    assert database_case(1).references.dumpers == {"ads": Dumper("wavetank/ads", 60, references=2, largest_mib=256)}


def test_a_project_without_a_database_has_no_dumper_and_asks_for_what_its_events_are_joined_with() -> None:
    use = reference_use(project())
    assert use.dumpers == {}
    assert use.asked == {event.name: 1 for event in project().events}
    assert {name for event in project().events for name in references_of(event)} == {"campaigns"}


def test_processors_ask_for_an_index_once_in_thirty_seconds_and_environment_and_not_more_often_than_they_run() -> None:
    busy = database_case(100_000).flows["click"]
    places = busy.shards * busy.component.processor.parallelization
    assert busy.index_reads == pytest.approx(places / 30)
    idle = database_case(0.003).flows["click"]
    assert idle.index_reads == pytest.approx(idle.batches)
    assert "GET of indexes of references" in busy.requests()


def test_an_unchanged_database_costs_the_requests_of_its_heartbeats_and_its_lease() -> None:
    dumper = database_case(1).references.dumpers["ads"]
    assert (dumper.gets, dumper.puts) == (2 * 2 + 1, 2 + 2)
    assert dumper.runs == pytest.approx(1 / 60)
