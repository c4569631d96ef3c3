"""The limits of a stage: each quota where the stage meets it, its need under a load, and the load at which it bites."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

from wavetank.pipeline.components.model import StreamMode
from wavetank.pipeline.metrics import METRICS, Handler
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.flow import Case, Flow
from wavetank.scenarios.limits import quotas as on
from wavetank.scenarios.limits.quotas import Quota, value_in

HOTTEST = 1.5
"""The busiest shard has so many times its share of the load: keys are spread by chance."""
LOWEST_LOAD, HIGHEST_LOAD = 1e-6, 1e9
"""Events a second; what bites below bites at none, and what does not bite there does not bite."""
EXACT = 1e-4
"""The load at which a limit bites is found to within so much of itself."""
READERS = 1
"""Event source mappings, or deliveries of Firehose, that read each stream, once a second."""
ACCOUNT = "account"
MESSAGES_OF_A_MERGER = 10
MERGERS, SINGLE_FUNCTIONS = 8, 3
"""Concatenators at once, by default of the template; planner, replayer and rescuer run once each."""
MESSAGE_OF_AN_HOUR_BYTES = 120
"""A task names each partition of the look-back, with a digest."""
MB = 1_000_000
WITHOUT_SNAPSHOTS_BYTES = 128 * on.MIB
"""Of a processor: Python, boto3 and fastavro take about half of it, a batch what it has."""
MOST_SNAPSHOTS = 2
"""Of a reference, in a processor: the one in effect, and the one before it (`pipeline.aws.references`)."""
COPIES = 3
"""Of a snapshot in the temporary files of a dumper (`pipeline.template.dumpers`)."""
HELD_BYTES = 32 * on.MIB
"""Bodies that a merge holds in memory; of more, all go to files (`core.sizes`)."""
SPILLED_RECORD_BYTES = 56
"""Beside its body, of a record that a merge puts in a file: five numbers and its digest (`core.bulk.merge`)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A quota where a stage meets it. value: of the quota there. need: as a function of the load, events a second."""

    quota: Quota
    subject: str
    value: float
    need: Callable[[float], float]

    def headroom(self, load: float) -> float:
        """The part of it that is left under a load; less than nothing where it is exceeded."""
        return 1 - self.need(load) / self.value if self.value else -inf

    def is_exceeded(self, load: float) -> bool:
        """Whether a load needs more than there is."""
        return self.need(load) > self.value

    def bites_at(self) -> float | None:
        """The highest load that it allows, in events a second, zero for none; None where no load exceeds it."""
        if self.is_exceeded(0):
            return 0.0
        low, high = 0.0, 1.0
        while not self.is_exceeded(high):
            if high >= HIGHEST_LOAD:
                return None
            low, high = high, min(2 * high, HIGHEST_LOAD)
        while high - low > EXACT * high and high > LOWEST_LOAD:
            middle = (low + high) / 2
            low, high = (low, middle) if self.is_exceeded(middle) else (middle, high)
        return low


def stage_limits(
    case: Case,
    region: str,
    raised: Mapping[str, float] | None = None,
    packages: Mapping[str, float] | None = None,
) -> list[Limit]:
    """The limits of a stage in a region, whose quotas are the defaults, or `raised`, by name.

    packages: bytes of functions with their layers, unzipped, where they were built.
    """

    def limit(quota: Quota, subject: str, need: Callable[[Case], float], value: float | None = None) -> Limit:
        there = value_in(region, quota) if value is None else value
        return Limit(quota, subject, (raised or {}).get(quota.name, there), lambda load: float(need(case.at(load))))

    built = [limit(on.PACKAGE, name, _always(size)) for name, size in (packages or {}).items()]
    loaded = [*_of_events(case, limit), *_of_functions(case, limit), *_of_storage(case, limit)]
    loaded += _of_references(case, limit)
    return [*loaded, *_standing(case, limit), *built]


def first_to_bite(limits: Iterable[Limit]) -> list[tuple[float, Limit]]:
    """Those that some load exceeds, by the load at which they bite."""
    bites = ((limit.bites_at(), limit) for limit in limits)
    return sorted(((load, limit) for load, limit in bites if load is not None), key=lambda each: each[0])


class _Make(Protocol):
    """Makes a limit of a quota, its subject and its need in a case; `value` where the quota is not its default."""

    def __call__(
        self, quota: Quota, subject: str, need: Callable[[Case], float], value: float | None = None
    ) -> Limit: ...


def _flow(name: str, need: Callable[[Flow], float]) -> Callable[[Case], float]:
    """A need of one event type."""
    return lambda case: need(case.flows[name])


def _always(number: float) -> Callable[[Case], float]:
    """A need that is the same under every load."""
    return lambda _: number


def _raw_bytes(flow: Flow) -> float:
    return flow.raw_records * flow.raw_record_bytes


def _processed_bytes(flow: Flow) -> float:
    return flow.processed_records * flow.processed_record_bytes


def _of_hottest_shard(need: Callable[[Flow], float]) -> Callable[[Flow], float]:
    return lambda flow: HOTTEST * need(flow) / flow.shards


_STREAMS: tuple[tuple[str, Callable[[Flow], float], Callable[[Flow], float], Callable[[Flow], float]], ...] = (
    ("raw stream", lambda flow: flow.raw_records, _raw_bytes, lambda flow: flow.raw_record_bytes),
    (
        "processed stream",
        lambda flow: flow.processed_records,
        _processed_bytes,
        lambda flow: flow.processed_record_bytes,
    ),
)
"""A stream's records a second, its bytes a second, and the bytes of a record."""


def _of_events(case: Case, limit: _Make) -> Iterator[Limit]:
    """What an event type's streams take and give."""
    for name, component in case.components.items():
        for title, records, size, record_size in _STREAMS:
            subject = f"{name}, {title}"
            yield limit(on.RECORD_BYTES, subject, _flow(name, record_size))
            yield limit(on.SHARD_READS, subject, _always(READERS))
            if component.stream.mode is StreamMode.PROVISIONED:
                yield limit(on.SHARD_RECORDS_IN, subject, _flow(name, _of_hottest_shard(records)))
                yield limit(on.SHARD_BYTES_IN, subject, _flow(name, _of_hottest_shard(size)))
                yield limit(on.SHARD_BYTES_OUT, subject, _flow(name, _of_hottest_shard(size)))
            else:
                yield limit(on.ON_DEMAND_BYTES, subject, _flow(name, size))
        yield limit(on.CONSUMERS, f"{name}, processed stream", _always(case.load.consumers))
    on_demand = sum(each.stream.mode is StreamMode.ON_DEMAND for each in case.components.values())
    yield limit(on.ON_DEMAND_STREAMS, ACCOUNT, _always(2 * on_demand))
    yield limit(on.SHARDS, ACCOUNT, lambda case: sum(2 * flow.shards for flow in case.flows.values()))


def _of_functions(case: Case, limit: _Make) -> Iterator[Limit]:
    """What functions have to do at once, how long each takes, and the room that a merge takes."""
    room = float(case.inventory.size(Handler.CONCATENATOR).temporary_mib * on.MIB)
    for name, component in case.components.items():
        if component.stream.mode is StreamMode.PROVISIONED:
            places = float(component.stream.shards * component.processor.parallelization)
            yield limit(on.PROCESSORS, f"{name}, processor", _flow(name, lambda flow: flow.busy_processors), places)
        subject = f"{name}, merge of a partition"
        yield limit(on.FUNCTION_TIME, subject, _flow(name, lambda flow: flow.merge_s))
        yield limit(on.TEMPORARY, subject, _flow(name, _temporary_bytes), room)
        yield limit(on.MESSAGE_BYTES, subject, _always(component.look_back_hours * MESSAGE_OF_AN_HOUR_BYTES))
    yield limit(on.FUNCTION_TIME, "replayer, all chunks of the look-back", lambda case: case.replay_s)
    planner_s = float(case.inventory.size(Handler.PLANNER).timeout_s)
    yield limit(on.FUNCTION_TIME, "planner, all partitions of the look-back", lambda case: case.plan_s, planner_s)
    yield limit(on.CONCURRENCY, ACCOUNT, concurrency)
    yield limit(on.LOG_CALLS, ACCOUNT, lambda case: sum(flow.batches + flow.chunks for flow in case.flows.values()))
    yield limit(on.IN_FLIGHT, "queue of merges", _always(MESSAGES_OF_A_MERGER * MERGERS))


def concurrency(case: Case) -> float:
    """The invocations at once of all functions when they catch up after an outage: each processor at every place."""
    processors = 0.0
    for flow in case.flows.values():
        places = flow.shards * flow.component.processor.parallelization
        reserved = flow.component.processor.reserved_concurrency
        processors += min(places, reserved) if reserved is not None else places
    partitioners = sum(flow.chunks * flow.chunk_s for flow in case.flows.values())
    return processors + partitioners + MERGERS + SINGLE_FUNCTIONS


def _temporary_bytes(flow: Flow) -> float:
    """The bytes that a merge has in /tmp: the Avro file as it was and as it becomes, the Parquet file, and its records.

    These only where they are more than it holds in memory; they are not compressed.
    """
    bodies = flow.partition_events * flow.processed_event_bytes
    merged = bodies * (2 * flow.case.ratios[of.AVRO_RATIO] + flow.case.ratios[of.PARQUET_RATIO])
    return merged + spilled_bytes(flow.partition_events, bodies)


def spilled_bytes(records: float, bodies: float) -> float:
    """The bytes in the files of a merge of so many records, whose bodies have so many bytes together."""
    return bodies + records * SPILLED_RECORD_BYTES if bodies > HELD_BYTES else 0


def _of_references(case: Case, limit: _Make) -> Iterator[Limit]:
    """What reference data take: room of the functions that read and use them, and places in the account and the VPC."""
    inventory, dumpers = case.inventory, case.references.dumpers
    snapshot = case.ratios[of.SNAPSHOT_MB] * MB
    for name, component in case.components.items():
        if asked := case.references.asked.get(name, 0):
            taken = WITHOUT_SNAPSHOTS_BYTES + asked * MOST_SNAPSHOTS * snapshot
            memory = float(component.processor.memory_mib * on.MIB)
            yield limit(on.SNAPSHOTS, f"{name}, processor", _always(taken), memory)
    for name, dumper in dumpers.items():
        size, subject = inventory.size(Handler.DUMPER), f"{name}, dumper"
        room, seconds = float(size.temporary_mib * on.MIB), float(min(size.timeout_s, dumper.every_s))
        yield limit(on.TEMPORARY, subject, _always(COPIES * dumper.largest_mib * on.MIB), room)
        yield limit(on.FUNCTION_TIME, subject, _always(case.ratios[of.DUMP_MS] / 1000), seconds)
    if reserved := sum(function.reserved for function in inventory.functions.values()):
        yield limit(on.RESERVED, ACCOUNT, _always(reserved))
    if dumpers and case.vpc_subnets:
        # One of the interface that functions with the same groups share, one of each endpoint.
        yield limit(on.ADDRESSES, "each subnet of the dumpers", _always(1 + inventory.interface_endpoints))


def _of_storage(case: Case, limit: _Make) -> Iterator[Limit]:
    """The requests that S3 and SNS get."""
    for name in case.components:
        yield limit(on.PREFIX_WRITES, f"{name}, all prefixes together", _flow(name, lambda flow: flow.puts))
        yield limit(on.PREFIX_READS, f"{name}, all prefixes together", _flow(name, lambda flow: flow.gets + flow.lists))
    yield limit(on.PUBLISHES, ACCOUNT, lambda case: sum(flow.chunks for flow in case.flows.values()))
    yield limit(on.LIFE_CYCLE, "data bucket", _always(case.inventory.life_cycle_rules))


def _standing(case: Case, limit: _Make) -> Iterator[Limit]:
    """What stands there whatever the load: the size of templates, functions, policies, and the number of resources."""
    inventory = case.inventory
    for name, function in inventory.functions.items():
        yield limit(on.ENVIRONMENT, name, _always(function.variable_bytes))
        yield limit(on.LAYERS, name, _always(function.layers))
    for stack, size in inventory.stacks.items():
        yield limit(on.RESOURCES, stack, _always(size.resources))
        yield limit(on.TEMPLATE_BYTES, stack, _always(size.size))
        yield limit(on.PARAMETERS, stack, _always(size.parameters))
        yield limit(on.OUTPUTS, stack, _always(size.outputs))
    for role, length in inventory.policies.items():
        yield limit(on.POLICY, role, _always(length))
    for handler in Handler:
        filters = sum(handler in metric.handlers for metric in METRICS)
        yield limit(on.FILTERS, f"log group of the {handler}", _always(filters))
    for dashboard, widgets in inventory.dashboards.items():
        yield limit(on.WIDGET_METRICS, dashboard, _always(max(widgets, default=0)))
        yield limit(on.DASHBOARD_METRICS, dashboard, _always(sum(widgets)))
    for quota, number in (
        (on.ALARMS, inventory.alarm_count),
        (on.STACKS, len(inventory.stacks)),
        (on.ROLES, len(inventory.policies)),
        (on.RULES, inventory.rules),
        (on.FIREHOSES, len(case.components)),
        # No function puts metrics: filters make them of log lines. Dashboards ask once a minute while somebody looks.
        (on.PUT_METRICS, 0),
        (on.GET_METRICS, sum(map(len, inventory.dashboards.values())) / 60),
    ):
        yield limit(quota, ACCOUNT, _always(number))
    yield limit(on.TAGS, "any resource", _always(inventory.most_tags))
