"""The findings of a bill: for each of its largest items, what changes of settings would make of it. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil

from pydantic import BaseModel

from wavetank.pipeline.components.model import Component, StreamMode
from wavetank.pipeline.metrics import Handler
from wavetank.scenarios.cost.bill import PUT_UNIT, Bill, Item
from wavetank.scenarios.flow.flow import MIB, Case, Flow

PEAK = 4
"""The highest load of a day is taken to be so many times its mean."""
SHARD_RECORDS, SHARD_BYTES = 1_000, MIB
LONGER_WINDOW_S, LONGER_BUFFER_S, LARGER_BUFFER_MIB = 10, 300, 64
SHORTER_DAYS, LOG_DAYS = 2, 7


@dataclass(frozen=True, slots=True)
class Change:
    """A change of settings: the prices, and the items (none: all), that it is made for, and the case that it makes.

    `apply` gives the same case where there is nothing to change.
    """

    name: str
    what: str
    prices: tuple[str, ...]
    apply: Callable[[Case], Case]
    items: tuple[str, ...] = ()

    def is_for(self, item: Item) -> bool:
        """Whether it is made for an item."""
        return item.price.startswith(self.prices) and (not self.items or item.name in self.items)


@dataclass(frozen=True, slots=True)
class Finding:
    """An item of a bill and a change: what both cost, the item and the whole, before and after, in US dollars a month.

    The item after the change is all that is paid to the same service for it, as the prices it is paid by may be others.
    """

    item: Item
    change: Change
    before: float
    after: float
    whole_before: float
    whole_after: float


def findings(
    case: Case, billed: Callable[[Case], Bill], items: Iterable[Item], changes: "Iterable[Change] | None" = None
) -> Iterator[Finding]:
    """The findings of some items of the bill of a case, by item; of each the change that spares the most first."""
    before = billed(case)
    bills: dict[str, Bill | None] = {}
    for change in CHANGES if changes is None else changes:
        changed = change.apply(case)
        bills[change.name] = None if changed == case else billed(changed)
    for item in items:
        found = [
            Finding(
                item=item,
                change=change,
                before=before.of(item.service, item.name),
                after=after.of(item.service, item.name),
                whole_before=before.usd,
                whole_after=after.usd,
            )
            for change in (CHANGES if changes is None else changes)
            if change.is_for(item) and (after := bills[change.name]) is not None
        ]
        yield from sorted(found, key=lambda finding: finding.whole_after)


def needed_shards(flow: Flow, peak: float = PEAK) -> int:
    """The shards that an event type needs at `peak` times its load, of the stream that needs more."""
    records = max(flow.raw_records, flow.processed_records) / SHARD_RECORDS
    size = max(flow.raw_records * flow.raw_record_bytes, flow.processed_records * flow.processed_record_bytes)
    return max(1, ceil(peak * max(records, size / SHARD_BYTES)))


def _with[T: BaseModel](settings: T, **changes: object) -> T:
    return settings.model_copy(update=changes)


def _each(case: Case, change: Callable[[Flow, Component], Component]) -> Case:
    """The case with every component changed."""
    return replace(case, components={name: change(flow, flow.component) for name, flow in case.flows.items()})


def _on_demand(case: Case) -> Case:
    return _each(case, lambda _, component: _with(component, stream=_with(component.stream, mode=StreamMode.ON_DEMAND)))


def _provisioned(case: Case) -> Case:
    def change(flow: Flow, component: Component) -> Component:
        shards = needed_shards(flow)
        return _with(component, stream=_with(component.stream, mode=StreamMode.PROVISIONED, shards=shards))

    return _each(case, change)


def _shorter_retention(case: Case) -> Case:
    return _each(case, lambda _, component: _with(component, stream=_with(component.stream, retention_hours=24)))


def _aggregated(case: Case) -> Case:
    size = max(flow.raw_record_bytes / case.load.aggregated for flow in case.flows.values())
    return replace(case, load=replace(case.load, aggregated=max(case.load.aggregated, int(PUT_UNIT / size))))


def _several_frames(case: Case) -> Case:
    size = max(flow.processed_event_bytes for flow in case.flows.values())
    return replace(case, frames_per_record=max(case.frames_per_record, int(PUT_UNIT / size)))


def _longer_batches(case: Case) -> Case:
    def change(_: Flow, component: Component) -> Component:
        processor = component.processor
        window_s = max(processor.batch_window_s, LONGER_WINDOW_S)
        return _with(component, processor=_with(processor, batch_window_s=window_s))

    return _each(case, change)


def _larger_batches(case: Case) -> Case:
    def change(_: Flow, component: Component) -> Component:
        records = min(10_000, 4 * component.processor.batch_records)
        return _with(component, processor=_with(component.processor, batch_records=records))

    return _each(case, change)


def _memory(factor: float) -> Callable[[Case], Case]:
    def change(_: Flow, component: Component) -> Component:
        memory = min(10_240, max(128, int(component.processor.memory_mib * factor)))
        return _with(component, processor=_with(component.processor, memory_mib=memory))

    return lambda case: _each(case, change)


def _longer_buffers(case: Case) -> Case:
    def change(_: Flow, component: Component) -> Component:
        delivery = component.delivery
        longer = max(delivery.buffer_s, LONGER_BUFFER_S), max(delivery.buffer_mib, LARGER_BUFFER_MIB)
        return _with(component, delivery=_with(delivery, buffer_s=longer[0], buffer_mib=longer[1]))

    return _each(case, change)


def _one_bucket(case: Case) -> Case:
    return _each(case, lambda _, component: _with(component, hash_buckets=1))


def _hourly_replays(case: Case) -> Case:
    return replace(case, replays_per_hour=1)


def _sooner_expiry(case: Case) -> Case:
    def change(_: Flow, component: Component) -> Component:
        expiry = component.expiry
        days = {name: min(getattr(expiry, name), SHORTER_DAYS) for name in ("chunk_days", "part_days")}
        return _with(component, expiry=_with(expiry, **days))

    return _each(case, change)


def _shorter_logs(case: Case) -> Case:
    days = min(case.inventory.log_days or LOG_DAYS, LOG_DAYS)
    return replace(case, inventory=replace(case.inventory, log_days=days))


_PROCESSOR = (str(Handler.PROCESSOR),)

CHANGES: tuple[Change, ...] = (
    Change(
        "shards",
        f"stream.mode = provisioned, with the shards for {PEAK} times the mean load",
        ("kinesis.shard-hours", "kinesis.extended-retention", "kinesis.fan-out", "kinesis.on-demand"),
        _provisioned,
    ),
    Change("on-demand", "stream.mode = on-demand", ("kinesis.shard-hours", "kinesis.put-units"), _on_demand),
    Change(
        "retention",
        "stream.retention_hours = 24",
        ("kinesis.extended-retention", "kinesis.long-retention", "kinesis.on-demand-retention"),
        _shorter_retention,
    ),
    Change(
        "aggregation",
        "producers aggregate events to records of 25 KB",
        ("kinesis.put-units", "kinesis.on-demand-in"),
        _aggregated,
        ("raw stream",),
    ),
    Change(
        "frames",
        "processed events go several in a record of 25 KB: a change of the processor, and consumers take them apart",
        ("firehose.gb", "kinesis.put-units", "kinesis.on-demand-in"),
        _several_frames,
        ("processed stream", "delivery of chunks"),
    ),
    Change(
        "window",
        f"processor.batch_window_s = {LONGER_WINDOW_S}: events come so much later",
        ("lambda.", "logs."),
        _longer_batches,
        (*_PROCESSOR, "logs of functions"),
    ),
    Change("batch", "processor.batch_records four times as large", ("lambda.",), _larger_batches, _PROCESSOR),
    Change("half-memory", "processor.memory_mib halved", ("lambda.gb-seconds",), _memory(0.5), _PROCESSOR),
    Change("double-memory", "processor.memory_mib doubled", ("lambda.gb-seconds",), _memory(2), _PROCESSOR),
    Change(
        "buffers",
        f"delivery.buffer_s = {LONGER_BUFFER_S} and buffer_mib = {LARGER_BUFFER_MIB}: chunks come so much later",
        ("s3.put", "s3.get", "s3.tags", "sns.", "lambda."),
        _longer_buffers,
        (
            "PUT of chunks", "PUT of parts", "PUT of tags on chunks", "PUT of tags on parts", "GET of chunks",
            "GET of tags of chunks", "GET of parts", "LIST of the look-back and of parts", "tags of chunks",
            "tags of parts", "announcements of chunks", str(Handler.PARTITIONER), str(Handler.CONCATENATOR),
            str(Handler.REPLAYER),
        ),
    ),
    Change(
        "buckets",
        "hash_buckets = 1: one file an hour",
        ("s3.put", "s3.get", "s3.tags", "lambda."),
        _one_bucket,
        (
            "PUT of parts", "PUT of merged files", "PUT of tags on parts", "GET of parts", "GET of id indexes",
            "HEAD of id indexes", "tags of parts", str(Handler.CONCATENATOR),
        ),
    ),
    Change(
        "replays",
        "the replayer runs once an hour: REPLAYER_SCHEDULE of the template",
        ("s3.get", "s3.put", "lambda."),
        _hourly_replays,
        ("GET of tags of chunks", "LIST of the look-back and of parts", str(Handler.REPLAYER)),
    ),
    Change(
        "expiry",
        f"expiry.chunk_days and part_days = {SHORTER_DAYS}",
        ("s3.storage", "s3.tags"),
        _sooner_expiry,
        ("chunks", "parts", "tags of chunks", "tags of parts"),
    ),
    Change("log-retention", f"logs kept for {LOG_DAYS} days", ("logs.storage",), _shorter_logs),
)  # fmt: skip
"""The changes that are tried, each for the items that it is made for."""


def overloaded(case: Case) -> dict[str, int]:
    """The event types whose provisioned shards do not carry even the mean of the load, and how many it takes."""
    flows = {name: flow for name, flow in case.flows.items() if flow.component.stream.mode is StreamMode.PROVISIONED}
    needed = {name: needed_shards(flow, peak=1) for name, flow in flows.items()}
    return {name: shards for name, shards in needed.items() if shards > flows[name].component.stream.shards}
