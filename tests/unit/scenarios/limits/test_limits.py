"""Limits: the load at which each bites, by the definition of biting, and what the settings make of them."""

import tempfile
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.examples import PING, event
from tests.unit.scenarios.flow.cases import case, database_case
from wavetank.emulator.kinesis.model import limits as enforced
from wavetank.pipeline.aws import references
from wavetank.pipeline.components.model import Component, Processor, Stream, StreamMode
from wavetank.pipeline.core.bulk.batch import identified
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.sizes import SIZES, Sizes
from wavetank.pipeline.package import MAX_UNZIPPED
from wavetank.pipeline.reference.source import RUN_S
from wavetank.pipeline.template import dumpers
from wavetank.pipeline.template.render import MOST_BYTES, MOST_RESOURCES, PARAMETERS
from wavetank.scenarios.flow import ratios as of_ratio
from wavetank.scenarios.flow.flow import Case, Load
from wavetank.scenarios.flow.ratios import Basis, Figure, Ratios
from wavetank.scenarios.limits import quotas
from wavetank.scenarios.limits.limits import (
    COPIES,
    EXACT,
    HOTTEST,
    MERGERS,
    MOST_SNAPSHOTS,
    SPILLED_RECORD_BYTES,
    Limit,
    concurrency,
    first_to_bite,
    spilled_bytes,
    stage_limits,
)
from wavetank.scenarios.limits.quotas import QUOTAS, Quota, value_in

QUOTA = Quota("things", "Things", 100, "things", "https://docs.aws.amazon.com/", False)
REGION = "us-east-1"


def of(quota: Quota, *, component: Component | None = None, load: float = 100) -> list[Limit]:
    return [limit for limit in stage_limits(case(load, component=component), REGION) if limit.quota is quota]


@settings(max_examples=60)
@given(st.floats(1e-3, 1e6), st.floats(0, 1e5), st.floats(1, 1e6))
def test_a_limit_bites_at_the_highest_load_that_it_allows(slope: float, start: float, value: float) -> None:
    limit = Limit(QUOTA, "", value, lambda load: start + slope * load)
    bites_at = limit.bites_at()
    if bites_at is None:
        assert not limit.is_exceeded(1e9)
    elif bites_at == 0:
        assert limit.is_exceeded(EXACT)
    else:
        assert limit.need(bites_at) <= value
        assert limit.need(bites_at * (1 + 2 * EXACT)) > value


@pytest.mark.parametrize("mode", StreamMode)
def test_every_limit_of_a_stage_bites_at_the_highest_load_that_it_allows(mode: StreamMode) -> None:
    for limit in stage_limits(case(100, component=Component(stream=Stream(mode=mode))), REGION):
        bites_at = limit.bites_at()
        if bites_at is not None and bites_at > 0:
            assert limit.need(bites_at) <= limit.value, limit
            assert limit.need(bites_at * (1 + 2 * EXACT)) > limit.value, limit


@settings(max_examples=25)
@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_higher_load_never_needs_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for limit in stage_limits(case(100), REGION):
        assert limit.need(low) <= limit.need(high) * (1 + 1e-6) + 1e-9, limit


def test_what_bites_first_comes_first() -> None:
    loads = [load for load, _ in first_to_bite(stage_limits(case(100), REGION))]
    assert loads
    assert loads == sorted(loads)


def test_a_shard_takes_a_thousand_records_a_second() -> None:
    """Three event types share the load, two shards share a type's, and the busiest has more than its share."""
    limit = next(limit for limit in of(quotas.SHARD_RECORDS_IN) if limit.subject == "click, raw stream")
    assert limit.bites_at() == pytest.approx(3 * 2 * 1_000 / HOTTEST, rel=2 * EXACT)


def test_more_shards_bear_more() -> None:
    def bites_at(shards: int) -> float:
        return of(quotas.SHARD_BYTES_IN, component=Component(stream=Stream(shards=shards)))[0].bites_at() or inf

    assert bites_at(8) == pytest.approx(4 * bites_at(2), rel=4 * EXACT)


def test_a_stream_on_demand_has_no_limit_of_a_shard_but_one_of_its_own() -> None:
    on_demand = Component(stream=Stream(mode=StreamMode.ON_DEMAND))
    assert of(quotas.SHARD_RECORDS_IN, component=on_demand) == []
    assert len(of(quotas.ON_DEMAND_BYTES, component=on_demand)) == 6
    assert of(quotas.ON_DEMAND_STREAMS, component=on_demand)[0].need(1) == 6


def test_concurrency_is_what_catching_up_takes_or_what_is_reserved() -> None:
    wide = Component(stream=Stream(shards=4), processor=Processor(parallelization=10))
    held = Component(stream=Stream(shards=4), processor=Processor(parallelization=10, reserved_concurrency=7))
    assert concurrency(case(0, component=wide)) == 3 * 40 + MERGERS + 3
    assert concurrency(case(0, component=held)) == 3 * 7 + MERGERS + 3


def test_consumers_count_against_the_stream_they_read() -> None:
    base = case(1)
    with_consumers = Case(base.components, base.inventory, Load(1, consumers=21))
    exceeded = [limit for limit in stage_limits(with_consumers, REGION) if limit.is_exceeded(1)]
    assert {limit.quota for limit in exceeded} == {quotas.CONSUMERS}


def test_room_for_temporary_files_is_what_the_template_gives_the_function_that_merges() -> None:
    base = case(100)
    functions = {name: replace(size, temporary_mib=700) for name, size in base.inventory.functions.items()}
    smaller = replace(base, inventory=replace(base.inventory, functions=functions))
    values = [
        [limit.value for limit in stage_limits(each, REGION) if limit.quota is quotas.TEMPORARY]
        for each in (base, smaller)
    ]
    assert values == [3 * [10_240 * quotas.MIB], 3 * [700 * quotas.MIB]]


def test_a_merge_of_more_than_it_holds_in_memory_takes_as_much_room_for_records_as_is_reckoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    records = [encode(event(number, label="x" * 150), PING) for number in range(2_000)]
    bodies, pieces = sum(map(len, records)), 16
    merging = merge_all([identified(Bodies.of(records), PING)], Digests.of([]), Sizes(merge_bytes=bodies // 10))
    next(merging)
    room = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    assert room == bodies + len(records) * SPILLED_RECORD_BYTES + pieces * 8


def test_records_that_a_merge_holds_in_memory_take_no_room() -> None:
    in_memory = SIZES.merge_bytes
    assert [spilled_bytes(10, in_memory + more) for more in (0, 1)] == [0, in_memory + 1 + 10 * SPILLED_RECORD_BYTES]


def test_a_quota_of_the_account_goes_before_the_default() -> None:
    limits = stage_limits(case(100), REGION, {"account-concurrency": 10})
    limit = next(limit for limit in limits if limit.quota is quotas.CONCURRENCY)
    assert (limit.value, limit.bites_at()) == (10, 0.0)


def test_regions_differ() -> None:
    assert value_in("us-east-1", quotas.SHARDS) == 20_000
    assert value_in("eu-central-1", quotas.SHARDS) == 1_000


def test_every_quota_is_met_somewhere() -> None:
    met: set[Quota] = set()
    for mode in StreamMode:
        base = case(1, component=Component(stream=Stream(mode=mode)))
        dashboards = replace(base.inventory, dashboards={"overview": (3, 2)})
        built = stage_limits(replace(base, inventory=dashboards), REGION, packages={"any": 1})
        met |= {limit.quota for limit in built}
    met |= {limit.quota for limit in stage_limits(database_case(1, vpc_subnets=2), REGION)}
    assert set(QUOTAS) == met


def of_database(quota: Quota, under: Case) -> list[Limit]:
    return [limit for limit in stage_limits(under, REGION) if limit.quota is quota]


def test_a_dumper_has_room_for_the_largest_snapshot_that_it_may_write() -> None:
    under = database_case(1)
    (room,) = (limit for limit in of_database(quotas.TEMPORARY, under) if limit.subject == "ads, dumper")
    assert room.need(1) == COPIES * 256 * quotas.MIB
    assert not room.is_exceeded(1)
    assert COPIES == dumpers.COPIES


def test_a_dump_has_to_end_within_its_time_out_and_before_the_next() -> None:
    (time,) = (limit for limit in of_database(quotas.FUNCTION_TIME, database_case(1)) if limit.subject == "ads, dumper")
    assert time.value == min(RUN_S, 60)
    slow = replace(database_case(1), ratios=Ratios({of_ratio.DUMP_MS: Figure(61_000, Basis.MEASURED)}))
    assert [each.subject for each in of_database(quotas.FUNCTION_TIME, slow) if each.is_exceeded(1)] == ["ads, dumper"]


def test_two_snapshots_of_each_reference_have_to_fit_into_the_memory_of_a_processor() -> None:
    assert not any(limit.is_exceeded(1) for limit in of_database(quotas.SNAPSHOTS, database_case(1)))
    large = replace(database_case(1), ratios=Ratios({of_ratio.SNAPSHOT_MB: Figure(300, Basis.MEASURED)}))
    exceeded = [limit.subject for limit in of_database(quotas.SNAPSHOTS, large) if limit.is_exceeded(1)]
    assert exceeded == [f"{name}, processor" for name in large.components]
    assert MOST_SNAPSHOTS == references.MOST_SNAPSHOTS


def test_subnets_need_an_address_for_the_dumpers_and_one_for_each_endpoint() -> None:
    assert of_database(quotas.ADDRESSES, database_case(1)) == []
    (addresses,) = of_database(quotas.ADDRESSES, database_case(1, vpc_subnets=3))
    assert addresses.need(1) == 2


def test_a_dumper_has_one_invocation_of_the_account_for_itself() -> None:
    before = [limit.need(1) for limit in of(quotas.RESERVED)]
    (after,) = of_database(quotas.RESERVED, database_case(1))
    assert after.need(1) == sum(before) + 1


def test_every_quota_has_a_page_of_aws_and_a_name_of_its_own() -> None:
    assert all(quota.source.startswith("https://docs.aws.amazon.com/") for quota in QUOTAS)
    assert len({quota.name for quota in QUOTAS}) == len(QUOTAS)


def test_quotas_are_those_that_the_rest_of_the_project_has() -> None:
    assert (quotas.SHARD_RECORDS_IN.value, quotas.SHARD_BYTES_IN.value) == (enforced.RECORDS_IN, enforced.BYTES_IN)
    assert (quotas.SHARD_READS.value, quotas.SHARD_BYTES_OUT.value) == (enforced.READS_OUT, enforced.BYTES_OUT)
    assert (quotas.RESOURCES.value, quotas.TEMPLATE_BYTES.value) == (MOST_RESOURCES, MOST_BYTES)
    assert quotas.PACKAGE.value == MAX_UNZIPPED
    assert PARAMETERS["MergeConcurrency"]["Default"] == MERGERS
