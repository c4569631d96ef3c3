"""The bill: AWS's own worked examples, and what holds of every bill."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scenarios.flow.cases import case, database_case
from wavetank.pipeline.components.model import Component, Stream, StreamMode
from wavetank.scenarios.cost.bill import KIB, Bill, Usage, bill, firehose_gb, put_units, rounded_up, usages
from wavetank.scenarios.cost.prices import Price, read
from wavetank.scenarios.flow.flow import Case, Load

PRICES = read().in_region("us-east-1")
DAY_S = 86_400


def billed(*used: Usage, free: bool = False) -> float:
    return bill(used, PRICES, free=free).usd


def test_kinesis_example_of_records_of_35_kb() -> None:
    """Kinesis Data Streams pricing: 100 records a second of 35 KB for 31 days on four shards: $44.64 and $7.50."""
    units = put_units(100 * 31 * DAY_S, 35 * KIB)
    assert units == 535_680_000
    assert billed(Usage("a", "kinesis.shard-hours", "", 4 * 24 * 31)) == pytest.approx(44.64)
    assert billed(Usage("a", "kinesis.put-units", "", units)) == pytest.approx(7.50, abs=0.005)


@pytest.mark.parametrize(("size_kb", "units"), [(5, 1), (25, 1), (45, 2), (1000, 40)])
def test_kinesis_example_of_payload_units(size_kb: int, units: int) -> None:
    """Kinesis Data Streams pricing, "PUT Payload Unit"."""
    assert put_units(1, size_kb * KIB) == units


def test_kinesis_example_of_data_in_on_demand() -> None:
    """Kinesis Data Streams pricing, "Data-In": a record of 4.5 KB counts as 5 KB."""
    assert rounded_up(4.5 * KIB, KIB) == 5 * KIB


def test_lambda_example_of_512_mb_for_a_second() -> None:
    """Lambda pricing, example 1: three million requests of one second with 512 MB: $18.34 and $0.40."""
    compute = Price(unit="GB-second", per=1, free=400_000, source="", regions={"us-east-1": 0.00001667})
    assert compute.cost("us-east-1", 3_000_000 * 512 / 1024, free=True) == pytest.approx(18.34, abs=0.005)
    assert billed(Usage("a", "lambda.gb-seconds", "", 1_500_000), free=True) == pytest.approx(18.34, abs=0.01)
    assert billed(Usage("a", "lambda.requests", "", 3_000_000), free=True) == pytest.approx(0.40)


def test_lambda_example_of_ten_gb_of_temporary_files() -> None:
    """AWS Compute Blog, "Using larger ephemeral storage for AWS Lambda": what is past 512 MB is paid by the second."""
    assert billed(Usage("a", "lambda.temporary-gb-seconds", "", 1e9)) == pytest.approx(30.90)


def test_only_the_function_that_merges_pays_for_temporary_files_and_only_past_what_is_free() -> None:
    used = {(each.price, each.item): each.quantity for each in usages(case(100), 30) if each.component == "click"}
    seconds = used["lambda.gb-seconds", "concatenator"] / (2_048 / KIB)
    assert used["lambda.temporary-gb-seconds", "concatenator"] == pytest.approx(seconds * (10_240 - 512) / KIB)
    assert used["lambda.temporary-gb-seconds", "processor"] == used["lambda.temporary-gb-seconds", "partitioner"] == 0


def test_firehose_example_of_records_of_3_kb() -> None:
    """Firehose pricing: 100 records a second of 3 KB for 30 days count as 1,235.96 GB, $35.84."""
    gb = firehose_gb(100 * 30 * DAY_S, 3 * KIB)
    assert gb == pytest.approx(1235.96, abs=0.005)
    assert billed(Usage("a", "firehose.gb", "", gb)) == pytest.approx(35.84, abs=0.005)


@pytest.mark.parametrize(("size_kb", "counted_kb"), [(1, 5), (3, 5), (12, 15), (42, 45)])
def test_firehose_examples_of_rounding(size_kb: int, counted_kb: int) -> None:
    """Firehose pricing: each record is rounded up to 5 KB; two records of 1 KB in one call count as 10 KB."""
    assert firehose_gb(2, size_kb * KIB) * 1024**2 == pytest.approx(2 * counted_kb)


def test_s3_example_of_storage_in_two_tiers() -> None:
    """S3 FAQ, "How will I be charged": 52,900 GB-months cost $1,215.00."""
    gb_months = (100 * 15 * 24 + 100 * 1024 * 16 * 24) / 744
    assert gb_months == pytest.approx(52_900, abs=1)
    assert billed(Usage("a", "s3.storage", "", 52_900)) == pytest.approx(1215.00)


def test_s3_example_of_requests() -> None:
    """S3 FAQ: 10,000 PUT and 20,000 GET requests a day for 31 days cost $1.55 and $0.25."""
    assert billed(Usage("a", "s3.put", "", 310_000)) == pytest.approx(1.55)
    assert billed(Usage("a", "s3.get", "", 620_000)) == pytest.approx(0.25, abs=0.005)


def test_cloudwatch_tiers_of_metrics_and_what_is_free() -> None:
    """CloudWatch pricing, "Metrics", "Alarms", "Dashboards" and "Free tier"."""
    assert billed(Usage("a", "cloudwatch.metrics", "", 12_000)) == pytest.approx(10_000 * 0.30 + 2_000 * 0.10)
    assert billed(Usage("a", "cloudwatch.alarms", "", 12), free=True) == pytest.approx(0.20)
    assert billed(Usage("a", "cloudwatch.dashboards", "", 5), free=True) == pytest.approx(2 * 3.00)
    assert billed(Usage("a", "logs.ingestion", "", 6), free=True) == pytest.approx(0.50)


def test_components_share_in_tiers_by_what_they_use() -> None:
    shared = bill([Usage("a", "s3.storage", "", 25_600), Usage("b", "s3.storage", "", 76_800)], PRICES)
    by_component = shared.by_component()
    assert shared.usd == pytest.approx(billed(Usage("a", "s3.storage", "", 102_400)))
    assert by_component["b"]["s3"] == pytest.approx(3 * by_component["a"]["s3"])


def whole(under: Case, *, free: bool = False) -> Bill:
    return bill(usages(under, 365), PRICES, free=free)


def prices_paid(stream: Stream) -> set[str]:
    return {line.usage.price for line in whole(case(5, component=Component(stream=stream))).lines}


@settings(max_examples=25)
@given(st.floats(0, 1e5), st.booleans())
def test_the_whole_is_the_sum_of_its_components_and_of_its_items(rate: float, free: bool) -> None:
    counted = whole(case(rate), free=free)
    assert sum(sum(each.values()) for each in counted.by_component().values()) == pytest.approx(counted.usd)
    assert sum(item.usd for item in counted.items()) == pytest.approx(counted.usd)
    assert all(line.usd >= 0 for line in counted.lines)


@settings(max_examples=25)
@given(st.floats(0.001, 1e5), st.floats(1.01, 10))
def test_more_events_never_cost_less(rate: float, factor: float) -> None:
    assert whole(case(rate)).usd <= whole(case(rate * factor)).usd + 1e-6


def test_without_events_what_stands_there_is_paid_and_nothing_else() -> None:
    services = {line.usage.price for line in whole(case(0)).lines}
    assert {"kinesis.shard-hours", "cloudwatch.metrics", "cloudwatch.alarms", "kms.requests"} <= services
    assert not services & {"kinesis.put-units", "firehose.gb", "s3.storage", "sns.requests"}


def test_a_stream_on_demand_has_no_shard_hours() -> None:
    paid = prices_paid(Stream(mode=StreamMode.ON_DEMAND))
    assert "kinesis.shard-hours" not in paid
    assert {"kinesis.on-demand-hours", "kinesis.on-demand-in", "kinesis.on-demand-out"} <= paid


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (24, set[str]()),
        (25, {"kinesis.extended-retention"}),
        (168, {"kinesis.extended-retention"}),
        (169, {"kinesis.extended-retention", "kinesis.long-retention"}),
    ],
)
def test_retention_costs_past_a_day_and_again_past_a_week(hours: int, expected: set[str]) -> None:
    paid = prices_paid(Stream(retention_hours=hours))
    assert {price for price in paid if price.endswith("retention")} == expected


def test_each_consumer_pays_for_the_shards_and_what_it_reads_of_the_processed_stream() -> None:
    base = case(5)
    lines = whole(Case(base.components, base.inventory, Load(5, consumers=2))).lines
    hours = {line.usage.item: line.usage.quantity for line in lines if line.usage.price == "kinesis.fan-out-hours"}
    assert hours == {"processed stream": 2 * 2 * 730}


def paid(under: Case) -> dict[tuple[str, str], float]:
    return {(line.usage.price, line.usage.item): line.usage.quantity for line in whole(under).lines}


def test_a_database_costs_its_runs_its_secret_and_its_requests() -> None:
    lines, runs = paid(database_case(1)), 730 * 60
    assert lines["lambda.requests", "dumper"] == pytest.approx(runs)
    assert lines["secretsmanager.calls", "dumper of ads"] == pytest.approx(runs)
    assert lines["secretsmanager.secrets", "secret wavetank/ads"] == 1
    assert lines["s3.put", "dumper of ads"] == pytest.approx(4 * runs)
    assert not any(price == "vpc.endpoint-hours" for price, _ in lines)


def test_in_a_vpc_an_endpoint_is_paid_by_the_hour_and_zone() -> None:
    hours = paid(database_case(1, vpc_subnets=3))["vpc.endpoint-hours", "endpoints in the VPC"]
    assert hours == 3 * 730


def test_without_a_database_nothing_is_paid_for_one() -> None:
    services = {price.partition(".")[0] for price, _ in paid(replace(case(1), vpc_subnets=3))}
    assert services.isdisjoint({"secretsmanager", "vpc"})
