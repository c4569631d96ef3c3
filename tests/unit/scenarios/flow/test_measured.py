"""What a day's sums tell of the ratios, and that the rest stays the default."""

from dataclasses import replace

import pytest

from tests.unit.scenarios.flow.cases import project
from wavetank.pipeline.layout import AVRO, PARQUET
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.measured import OWN, Sums, ratios, shares
from wavetank.scenarios.flow.ratios import Basis

EVENTS = project().events
NOTHING = Sums(
    records={},
    record_bytes={},
    invocations={},
    duration_ms={},
    log_bytes={},
    own={metric.name: 0 for metric in OWN},
    files={AVRO: 0, PARQUET: 0},
    files_number=0,
)
DAY = Sums(
    records={EVENTS[0].raw_stream: 1_000, EVENTS[0].processed_stream: 900, EVENTS[1].raw_stream: 3_000},
    record_bytes={EVENTS[0].raw_stream: 400_000, EVENTS[0].processed_stream: 540_000, EVENTS[1].raw_stream: 1_200_000},
    invocations={EVENTS[0].processor: 10, project().names.partitioner: 4},
    duration_ms={EVENTS[0].processor: 10 * of.PROCESSING_START_MS.default + 2_000},
    log_bytes={"any": 7_000},
    own={metric.name: 0 for metric in OWN},
    files={AVRO: 270_000, PARQUET: 108_000},
    files_number=3,
)


def test_without_events_everything_is_a_default() -> None:
    assert {figure.basis for _, figure in ratios(NOTHING, project())} == {Basis.DEFAULT}


def test_ratios_are_measured_where_there_are_figures_for_them() -> None:
    measured = ratios(DAY, project())
    told = {ratio: figure.value for ratio, figure in measured if figure.basis is Basis.MEASURED}
    assert told == {
        of.EVENT_BYTES: pytest.approx(400),
        of.PROCESSED_RATIO: pytest.approx(600 / 400),
        of.PROCESSING_MS: pytest.approx(0.5),
        of.LOG_BYTES: pytest.approx(500),
        of.AVRO_RATIO: pytest.approx(0.5),
        of.PARQUET_RATIO: pytest.approx(0.2),
    }


def test_invocations_quicker_than_their_start_is_taken_to_be_tell_nothing() -> None:
    quick = replace(DAY, duration_ms={EVENTS[0].processor: 1.0})
    assert ratios(quick, project()).figure(of.PROCESSING_MS).basis is Basis.DEFAULT


def test_event_types_share_the_load_as_they_did() -> None:
    assert list(shares(DAY, project()).values()) == [1_000, 3_000, 0]
