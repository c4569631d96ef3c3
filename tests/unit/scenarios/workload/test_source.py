"""Events from a file: every line of it is used or accounted for, and a file that gives none is refused."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.workload.source import BrokenSourceError, NoEventsError, WorkloadEvents, draw
from wavetank.scenarios.workload.workload import Workload, stretches

MAPPING = """
event = "click"
[id]
field = "id"
[time]
field = "at"
format = "epoch_s"
"""
GOOD = b'{"id": "c1", "at": 1574596800}'


def drawn(folder: Path, source: bytes, events: int = 1_000) -> WorkloadEvents:
    file, mapping = folder / "events.ndjson", folder / "mine.toml"
    file.write_bytes(source)
    mapping.write_text(MAPPING)
    known = routes(topology.load(project_root() / "schemas"))
    workload = Workload(events=events, source=file, mapping=mapping)
    return draw(workload, 1, {name: route.schema.definition for name, route in known.items()})


def test_lines_that_are_no_events_are_counted_by_reason(tmp_path: Path) -> None:
    found = drawn(tmp_path, b"\n".join([GOOD, b"no", b'{"at": 1}', b'{"id": "x"}', b"nor", b"", b"  "]))
    assert [event.event_id for event in found.events] == ["c1"]
    assert found.unused == {"not-json": 2, "missing-id": 1, "missing-time": 1}


def test_lines_after_the_last_event_that_is_wanted_are_not_read(tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"c{n}", "at": n}).encode() for n in range(5)]
    found = drawn(tmp_path, b"\n".join([*lines, b"no"]), events=5)
    assert (len(found.events), found.unused) == (5, {})


def test_a_file_in_which_no_line_is_an_event_is_refused_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(NoEventsError, match=r"no line of it is an event by .*mine\.toml \(not-json 2\)"):
        drawn(tmp_path, b"no\nnor\n")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join([GOOD] * 100))
    with pytest.raises(BrokenSourceError, match=r"events\.ndjson: the file is damaged: .*truncated"):
        drawn(tmp_path, whole[:-12])


@given(st.integers(1, 60), st.integers(1, 50), st.integers(1, 20))
def test_every_event_is_sent_in_the_stretch_of_its_time(number: int, hours: int, portions: int) -> None:
    start = datetime(2030, 5, 1, 7, tzinfo=UTC)
    workload = Workload(events=number, hours=hours, conversions=False)
    events = draw(workload, 1, {}, start=start).events
    assert all(0 <= event.time_us - start.timestamp() * 1e6 < hours * HOUR_US for event in events)
    dealt = stretches(events, portions)
    assert [event for stretch in dealt for event in stretch] == list(events)
    assert len(dealt) <= portions
    assert all(dealt)
