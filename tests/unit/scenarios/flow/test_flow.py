"""The flow of events at a load: what is conserved, what grows, and the constants that the template has as well."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scenarios.flow.cases import case, project
from wavetank.pipeline.aws import calls
from wavetank.pipeline.components.model import Component, Delivery, Processor, Stream, StreamMode
from wavetank.pipeline.metrics import Handler
from wavetank.pipeline.template.shared import PLANNER_SCHEDULE, REPLAYER_SCHEDULE
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.flow import (
    FIRST_MINUTES,
    PARALLEL,
    PLANS_PER_HOUR,
    REPLAYS_PER_HOUR,
    Case,
    Load,
    gathered,
    spread,
    uploads,
)
from wavetank.scenarios.flow.ratios import Basis, Figure, Ratios

RATES = st.floats(0.001, 1e6)


@given(RATES, st.floats(1, 10_000), st.floats(0.1, 900))
def test_batches_are_never_fuller_than_allowed_nor_more_than_things(rate: float, most: float, window: float) -> None:
    batches = gathered(rate, most, window)
    assert rate / most <= batches * (1 + 1e-9)
    assert batches <= rate * (1 + 1e-9)


@given(RATES, RATES)
def test_more_things_never_make_fewer_batches(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert gathered(low, 500, 1) <= gathered(high, 500, 1) * (1 + 1e-9)


def test_a_lone_thing_is_a_batch_of_its_own() -> None:
    assert gathered(0.001, 500, 1) == pytest.approx(0.001, rel=0.01)


def test_things_that_fill_every_window_come_in_full_batches() -> None:
    assert gathered(10_000, 500, 1) == 20


@given(st.floats(0, 1e6), st.floats(1, 200))
def test_things_are_spread_over_no_more_places_than_there_are_things_or_places(things: float, places: float) -> None:
    assert 0 <= spread(things, places) <= min(max(things, 1), places) * (1 + 1e-9)


@settings(max_examples=40)
@given(RATES)
def test_every_event_is_in_a_chunk_and_in_a_partition(rate: float) -> None:
    for flow in case(rate).flows.values():
        assert flow.chunks * flow.chunk_events == pytest.approx(flow.events)
        assert flow.partitions * flow.partition_events == pytest.approx(flow.events)
        assert flow.chunk_bytes <= flow.component.delivery.buffer_mib * 1024**2 * (1 + 1e-9)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from([event.name for event in project().events]), st.integers(0, 100)))
def test_the_events_of_all_types_are_those_of_the_load(shares: dict[str, float]) -> None:
    base = case(1000)
    shared = Case(base.components, base.inventory, Load(1000, shares=shares))
    assert sum(flow.events for flow in shared.flows.values()) == pytest.approx(1000)


def test_longer_buffers_and_windows_make_fewer_chunks_and_batches() -> None:
    usual = case(100, component=Component()).flows["click"]
    longer = case(
        100, component=Component(delivery=Delivery(buffer_s=300, buffer_mib=64), processor=Processor(batch_window_s=10))
    ).flows["click"]
    assert longer.chunks < usual.chunks
    assert longer.batches < usual.batches


def test_more_memory_makes_a_processor_quicker_up_to_one_cpu() -> None:
    def seconds(memory_mib: int) -> float:
        return case(1000, component=Component(processor=Processor(memory_mib=memory_mib))).flows["click"].batch_s

    assert seconds(256) > seconds(512) > seconds(1_769) == seconds(10_240)


def test_a_stream_on_demand_has_shards_for_twice_what_comes() -> None:
    on_demand = Component(stream=Stream(mode=StreamMode.ON_DEMAND))
    flow = case(30_000, component=on_demand).flows["click"]
    assert flow.shards * 1024**2 == pytest.approx(2 * flow.events * flow.processed_event_bytes)


def test_a_large_object_takes_the_requests_of_an_upload_in_parts() -> None:
    assert [uploads(size) for size in (0, 8 * 1024**2, 8 * 1024**2 + 1, 24 * 1024**2)] == [1, 1, 4, 5]


def test_the_schedules_are_those_of_the_template() -> None:
    assert f"rate({60 // REPLAYS_PER_HOUR} minutes)" == REPLAYER_SCHEDULE
    assert f"cron({FIRST_MINUTES} * * * ? *)" == PLANNER_SCHEDULE
    assert PLANS_PER_HOUR == 1


def test_functions_ask_as_many_at_a_time_as_their_pool_has() -> None:
    assert PARALLEL == calls.PARALLEL_CALLS


def test_a_figure_says_what_it_is_based_on() -> None:
    ratios = Ratios({of.EVENT_BYTES: Figure(700, Basis.MEASURED)})
    assert ratios.figure(of.EVENT_BYTES) == Figure(700, Basis.MEASURED)
    assert ratios.figure(of.LOG_BYTES).basis is Basis.DEFAULT
    assert ratios.given(of.EVENT_BYTES, 10).figure(of.EVENT_BYTES) == Figure(10, Basis.GIVEN)
    assert ratios.given(of.EVENT_BYTES, None) == ratios


def test_the_inventory_is_that_of_the_templates() -> None:
    inventory = case(1).inventory
    assert set(inventory.functions) == set(project().functions)
    assert inventory.size(Handler.CONCATENATOR).memory_mib == 2048
    components = {project().names.component_stack(event.name) for event in project().events}
    assert set(inventory.stacks) == {"wavetank", "wavetank-dashboards", *components}
