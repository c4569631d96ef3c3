"""Schema folders of generated event types: accepted by the gate, the same by seed, their events written."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.pipeline.schemas.checks import check_folder
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.oracle.at_rest import canonical
from wavetank.scenarios.workload.generated.events import generated
from wavetank.scenarios.workload.generated.folder import (
    NAMES,
    UnusableSpecificationError,
    schema_folder,
    seed_of,
    write,
)

USUAL = project_root() / "schemas"
START = datetime(2025, 1, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_gate_accepts_the_folder_and_every_event_is_written(seed: int, tmp_path: Path) -> None:
    write(seed, tmp_path, USUAL)
    planned = topology.load(tmp_path)
    assert not check_folder(planned)
    known = routes(planned)
    assert set(known) == set(NAMES)
    definitions = {name: route.schema.definition for name, route in known.items()}
    events = list(generated(40, seed, START, 2, definitions))
    assert [event.time_us for event in events] == sorted(event.time_us for event in events)
    assert len({event.event_id for event in events}) == 40
    assert {event.event_type for event in events} == set(NAMES)
    for event in events:
        assert encode_frame(known[event.event_type].schema, event.record)
        assert known[event.event_type].schema.in_words(event.record)["event_time"] == event.time_us
    again = generated(40, seed, START, 2, definitions)
    assert [canonical(event.record) for event in again] == [canonical(event.record) for event in events]


def test_the_same_seed_gives_the_same_files_and_another_one_others(tmp_path: Path) -> None:
    texts = []
    for number, seed in enumerate((3, 3, 4)):
        write(seed, tmp_path / str(number), USUAL)
        texts.append([path.read_text("utf-8") for path in sorted((tmp_path / str(number)).rglob("*.avsc"))])
    assert texts[0] == texts[1] != texts[2]


def test_without_a_specification_the_folder_is_the_usual_one() -> None:
    with schema_folder("", USUAL) as folder:
        assert folder == USUAL


@pytest.mark.parametrize(
    "text", ["", "generated", "generated:", "generated:-1", "generated:x", "generated:1\n", "/etc"]
)
def test_what_is_no_specification_is_refused(text: str) -> None:
    with pytest.raises(UnusableSpecificationError, match="generated:SEED"):
        seed_of(text)
