"""The bill of a case: what each component pays for each thing that AWS counts, in a month. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from wavetank.pipeline.components.model import Component, StreamMode
from wavetank.pipeline.metrics import METRICS, Dimension, Handler
from wavetank.scenarios.cost.prices import RegionalPrices
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.flow import DAY_S, HOUR_S, PLANS_PER_HOUR, Case, Flow
from wavetank.scenarios.flow.inventory import SHARED, TEMPORARY_MIB, FunctionSize

MONTH_H = 730
"""The hours of a month, as AWS's pricing calculator has them."""
MONTH_S = MONTH_H * HOUR_S
MONTH_DAYS = MONTH_S / DAY_S
KIB, GIB = 1024, 1024**3
PUT_UNIT = 25 * KIB
ON_DEMAND_UNIT = KIB
FIREHOSE_UNIT = 5 * KIB
FREE_RETENTION_H, EXTENDED_RETENTION_H = 24, 168
KEY_S = 300
"""Kinesis asks KMS about every five minutes for each of a stream's users, producers and consumers (Kinesis developer
guide, "Costs, Regions, and performance considerations" of server-side encryption)."""
EMPTY_POLLS_PER_S = 5 / 20
"""Five pollers wait 20 seconds each for messages (Lambda developer guide, "Using Lambda with Amazon SQS")."""
MESSAGES_AT_ONCE = 10
LOG_COMPRESSION = 0.15
"""Of the bytes of a log so much is stored (CloudWatch pricing, examples)."""
TAGS_EACH = 1


@dataclass(frozen=True, slots=True)
class Usage:
    """A quantity of what a price is for, that a component uses in a month; `item`: what it is used for."""

    component: str
    price: str
    item: str
    quantity: float

    @property
    def service(self) -> str:
        """The AWS service."""
        return self.price.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Line:
    """A usage and its cost in US dollars."""

    usage: Usage
    usd: float


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of a month, the dearest first."""

    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """The whole."""
        return sum(line.usd for line in self.lines)

    def by_component(self) -> dict[str, dict[str, float]]:
        """The cost by component and service."""
        sums: dict[str, dict[str, float]] = {}
        for line in self.lines:
            services = sums.setdefault(line.usage.component, {})
            services[line.usage.service] = services.get(line.usage.service, 0) + line.usd
        return sums

    def items(self) -> "list[Item]":
        """The cost of each item over all components, the dearest first."""
        sums: dict[tuple[str, str], list[Line]] = {}
        for line in self.lines:
            sums.setdefault((line.usage.price, line.usage.item), []).append(line)
        items = [Item(price, item, tuple(lines)) for (price, item), lines in sums.items()]
        return sorted(items, key=lambda item: -item.usd)

    def of(self, service: str, item: str) -> float:
        """The cost of all that is paid to a service for an item."""
        return sum(line.usd for line in self.lines if (line.usage.service, line.usage.item) == (service, item))


@dataclass(frozen=True, slots=True)
class Item:
    """The lines of all components for one item and price."""

    price: str
    name: str
    lines: tuple[Line, ...]

    @property
    def usd(self) -> float:
        """Their sum."""
        return sum(line.usd for line in self.lines)

    @property
    def quantity(self) -> float:
        """The sum of what is used."""
        return sum(line.usage.quantity for line in self.lines)

    @property
    def service(self) -> str:
        """The AWS service."""
        return self.price.partition(".")[0]


def bill(usages: Iterable[Usage], prices: RegionalPrices, *, free: bool = False) -> Bill:
    """The bill of some usages: tiers, and what is free, go by the sum of all components, which share in them."""
    listed = [usage for usage in usages if usage.quantity > 0]
    sums: defaultdict[str, float] = defaultdict(float)
    for usage in listed:
        sums[usage.price] += usage.quantity
    each = {name: prices.cost(name, quantity, free=free) / quantity for name, quantity in sums.items()}
    lines = (Line(usage, usage.quantity * each[usage.price]) for usage in listed)
    return Bill(tuple(sorted(lines, key=lambda line: (-line.usd, line.usage.price, line.usage.component))))


def rounded_up(size: float, unit: int) -> float:
    """The bytes that a record counts for, by which it is paid: whole units, and one at least."""
    return max(1, ceil(size / unit)) * unit


def put_units(records: float, size: float) -> float:
    """The PUT payload units of so many records of one size."""
    return records * rounded_up(size, PUT_UNIT) / PUT_UNIT


def firehose_gb(records: float, size: float) -> float:
    """The GB that Firehose counts for so many records of one size."""
    return records * rounded_up(size, FIREHOSE_UNIT) / GIB


def usages(case: Case, kept_days: float) -> Iterator[Usage]:
    """All that a case uses in a month; what is at rest has been kept for so many days."""
    for name, flow in case.flows.items():
        component = case.components[name]
        yield from _streams(flow, component)
        yield from _functions(flow)
        yield from _delivery(flow)
        yield from _storage(flow, component, kept_days)
        yield Usage(name, "sns.requests", "announcements of chunks", flow.chunks * MONTH_S)
        yield from _logs(name, flow.batches + flow.chunks + flow.merges, case, kept_days)
    yield from _shared(case, kept_days)
    yield from _databases(case, kept_days)
    yield from _watching(case)


def _streams(flow: Flow, component: Component) -> Iterator[Usage]:
    name, stream, consumers = flow.event_type, component.stream, flow.case.load.consumers
    retained = stream.retention_hours
    for title, records, size, fans, readers in (
        ("raw stream", flow.raw_records * MONTH_S, flow.raw_record_bytes, 0, 1),
        ("processed stream", flow.processed_records * MONTH_S, flow.processed_record_bytes, consumers, 1),
    ):
        gb, hours = records * size / GIB, MONTH_H * flow.shards
        stored_gb = gb / MONTH_H
        if stream.mode is StreamMode.PROVISIONED:
            yield Usage(name, "kinesis.shard-hours", title, hours)
            yield Usage(name, "kinesis.put-units", title, put_units(records, size))
            yield Usage(name, "kinesis.fan-out-hours", title, hours * fans)
            yield Usage(name, "kinesis.fan-out-gb", title, gb * fans)
            extended = hours if retained > FREE_RETENTION_H else 0
            yield Usage(name, "kinesis.extended-retention", title, extended)
        else:
            yield Usage(name, "kinesis.on-demand-hours", title, MONTH_H)
            counted = records * rounded_up(size, ON_DEMAND_UNIT) / GIB
            yield Usage(name, "kinesis.on-demand-in", title, counted)
            yield Usage(name, "kinesis.on-demand-out", title, gb * readers)
            yield Usage(name, "kinesis.on-demand-fan-out", title, gb * fans)
            extended = max(0, min(retained, EXTENDED_RETENTION_H) - FREE_RETENTION_H) * stored_gb
            yield Usage(name, "kinesis.on-demand-retention", title, extended)
        yield Usage(name, "kinesis.long-retention", title, max(0, retained - EXTENDED_RETENTION_H) * stored_gb)
        yield Usage(name, "kms.requests", title, (1 + readers + fans) * MONTH_S / KEY_S)


def _functions(flow: Flow) -> Iterator[Usage]:
    size = flow.case.inventory.size
    processor = replace(size(Handler.PROCESSOR), memory_mib=flow.component.processor.memory_mib)
    for function, calls, seconds in (
        (processor, flow.batches, flow.batch_s),
        (size(Handler.PARTITIONER), flow.chunks, flow.chunk_s),
        (size(Handler.CONCATENATOR), flow.merges, flow.mean_merge_s),
    ):
        yield from _invocations(flow.event_type, function, calls, seconds)


def _invocations(component: str, function: FunctionSize, calls: float, seconds: float) -> Iterator[Usage]:
    handler, busy_s = function.handler, calls * MONTH_S * seconds
    yield Usage(component, "lambda.requests", handler, calls * MONTH_S)
    yield Usage(component, "lambda.gb-seconds", handler, busy_s * function.memory_mib / KIB)
    paid_mib = function.temporary_mib - TEMPORARY_MIB
    yield Usage(component, "lambda.temporary-gb-seconds", handler, busy_s * paid_mib / KIB)


def _delivery(flow: Flow) -> Iterator[Usage]:
    yield Usage(
        flow.event_type,
        "firehose.gb",
        "delivery of chunks",
        firehose_gb(flow.processed_records * MONTH_S, flow.processed_record_bytes),
    )
    for item, rate in flow.requests().items():
        price = "s3.put" if item.startswith(("PUT", "LIST")) else "s3.get"
        yield Usage(flow.event_type, price, item, rate * MONTH_S)


def _storage(flow: Flow, component: Component, kept_days: float) -> Iterator[Usage]:
    name, ratios, expiry = flow.event_type, flow.case.ratios, component.expiry
    chunks_gb_a_day = flow.events * DAY_S * flow.processed_event_bytes / GIB
    for title, gb, days in (
        ("chunks", chunks_gb_a_day, expiry.chunk_days),
        ("parts", chunks_gb_a_day * ratios[of.AVRO_RATIO], expiry.part_days),
        ("Avro at rest", chunks_gb_a_day * ratios[of.AVRO_RATIO], kept_days),
        ("Parquet at rest", chunks_gb_a_day * ratios[of.PARQUET_RATIO], kept_days),
    ):
        yield Usage(name, "s3.storage", title, gb * min(days, kept_days))
    for title, rate, days in (("chunks", flow.chunks, expiry.chunk_days), ("parts", flow.parts, expiry.part_days)):
        yield Usage(name, "s3.tags", f"tags of {title}", rate * DAY_S * min(days, kept_days) * TAGS_EACH)


def _logs(component: str, invocations: float, case: Case, kept_days: float) -> Iterator[Usage]:
    gb = invocations * MONTH_S * case.ratios[of.LOG_BYTES] / GIB
    days = min(kept_days, case.inventory.log_days or kept_days)
    yield Usage(component, "logs.ingestion", "logs of functions", gb)
    yield Usage(component, "logs.storage", "logs of functions", gb * LOG_COMPRESSION * days / MONTH_DAYS)


def _shared(case: Case, kept_days: float) -> Iterator[Usage]:
    replays, plans = case.replays_per_hour / HOUR_S, PLANS_PER_HOUR / HOUR_S
    for handler, rate, seconds in ((Handler.REPLAYER, replays, case.replay_s), (Handler.PLANNER, plans, case.plan_s)):
        yield from _invocations(SHARED, case.inventory.size(handler), rate, seconds)
    yield from _logs(SHARED, replays + plans, case, kept_days)
    merges = sum(flow.merges for flow in case.flows.values())
    calls = EMPTY_POLLS_PER_S + merges * (2 + 1 / MESSAGES_AT_ONCE) + plans
    yield Usage(SHARED, "sqs.requests", "queue of merges", calls * MONTH_S)


def _databases(case: Case, kept_days: float) -> Iterator[Usage]:
    """What it costs to read databases; nothing where none is read. What dumpers read and write is of no size."""
    dumpers = case.references.dumpers
    for name, dumper in dumpers.items():
        of_database = f"dumper of {name}"
        size = case.inventory.size(Handler.DUMPER)
        yield from _invocations(SHARED, size, dumper.runs, case.ratios[of.DUMP_MS] / 1000)
        yield from _logs(SHARED, dumper.runs * dumper.references, case, kept_days)
        yield Usage(SHARED, "s3.get", of_database, dumper.runs * dumper.gets * MONTH_S)
        yield Usage(SHARED, "s3.put", of_database, dumper.runs * dumper.puts * MONTH_S)
        yield Usage(SHARED, "secretsmanager.calls", of_database, dumper.runs * MONTH_S)
    for secret in sorted({dumper.secret for dumper in dumpers.values()}):
        yield Usage(SHARED, "secretsmanager.secrets", f"secret {secret}", 1)
    endpoints = case.inventory.interface_endpoints if dumpers else 0
    yield Usage(SHARED, "vpc.endpoint-hours", "endpoints in the VPC", endpoints * case.vpc_subnets * MONTH_H)


def _watching(case: Case) -> Iterator[Usage]:
    inventory, types = case.inventory, list(case.components)
    for component in types:
        yield Usage(component, "cloudwatch.metrics", "metrics of events", series_of_a_type(case.ratios[of.REASONS]))
    shared = sum(1 for metric in METRICS if not metric.dimensions)
    of_functions = sum(Dimension.FUNCTION in metric.dimensions for metric in METRICS) * len(inventory.functions)
    yield Usage(SHARED, "cloudwatch.metrics", "metrics of functions", shared + of_functions)
    for component, number in inventory.alarms.items():
        yield Usage(component, "cloudwatch.alarms", "alarms", number)
    for component, number in inventory.composites.items():
        yield Usage(component, "cloudwatch.composite-alarms", "composite alarms", number)
    yield Usage(SHARED, "cloudwatch.dashboards", "dashboards", len(inventory.dashboards))


def series_of_a_type(reasons: float) -> float:
    """The metrics of one event type: each of the table once, those by reason once for each reason."""
    by_type = [metric for metric in METRICS if Dimension.EVENT_TYPE in metric.dimensions]
    return sum(reasons if Dimension.REASON in metric.dimensions else 1 for metric in by_type)
