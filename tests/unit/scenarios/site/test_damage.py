"""Every spoilt copy is set aside by the pipeline for the reason that it is said to be, and costs nothing beside it."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis
from tests.unit.scenarios.site_double import StillSite, still_site
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.pipeline.components.reference_files import FileReferences
from wavetank.pipeline.core import envelope, partition, process
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.handlers import processor
from wavetank.pipeline.records import Dropped, Entry, Rejection
from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.oracle.promises import FUTURE_BOUND
from wavetank.scenarios.site.damage import IN_CHUNKS
from wavetank.scenarios.site.observer import pieces_of
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.spec.nemesis import Damage, SendPlan
from wavetank.scenarios.workload.shapes.catalogue import NAMES
from wavetank.scenarios.workload.source import draw
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic
from wavetank.scenarios.workload.workload import Workload

TOPOLOGY = topology.load(project_root() / "schemas")
DEFINITIONS = {name: route.schema.definition for name, route in routes(TOPOLOGY).items()}
IMPRESSION = next(
    event for event in synthetic(9, 1, datetime(2019, 11, 24, tzinfo=UTC)) if event.event_type == "impression"
)
CLICK = WorkloadEvent("click", {"event_id": "k", "event_time": 5})
TURNS = 40
ARRIVED = datetime(2019, 11, 25, tzinfo=UTC)


@pytest.fixture
def kinesis() -> ScriptedKinesis:
    return ScriptedKinesis()


@pytest.fixture
def site(kinesis: ScriptedKinesis, monkeypatch: pytest.MonkeyPatch) -> StillSite:
    still = still_site(lambda _: None)
    monkeypatch.setattr(still.stack, "client", lambda _service, **_: kinesis)
    return still


def schemas(event_type: str, role: Role) -> list[Schema]:
    files = [file for file in TOPOLOGY.event(event_type).schemas if file.role == role]
    return [parse(file.path.read_bytes(), event_type, role, file.version) for file in files]


def context(event_type: str) -> process.BatchContext:
    raw = schemas(event_type, Role.RAW)
    known = {reference: schema for schema in raw for reference in (schema.fingerprint, schema.crc64)}
    if event_type == "impression":
        known[(16_909_060).to_bytes(4)] = raw[0]
    target = max(schemas(event_type, Role.PROCESSED), key=lambda schema: schema.version)
    enrichment, references = TOPOLOGY.event(event_type).enrichment, FileReferences(TOPOLOGY.references)
    enricher = Enricher(target, enrichment, process.references_of(enrichment, None), references)
    return process.BatchContext(known, enricher, FUTURE_BOUND // timedelta(microseconds=1))


def processed(
    event_type: str, put: list[dict[str, Any]], arrived: datetime = ARRIVED
) -> list[Entry | Rejection | Dropped]:
    """What the processor makes of the records of a raw stream."""
    records = [
        {
            "eventSourceARN": "arn",
            "kinesis": {
                "data": b64encode(entry["Data"]),
                "partitionKey": entry["PartitionKey"],
                "sequenceNumber": str(number),
                "approximateArrivalTimestamp": arrived.timestamp(),
            },
        }
        for number, entry in enumerate(put)
    ]
    known = context(event_type)
    return [
        process.process(envelope.unwrap(arrival.payload), known, arrival.origin.arrived_us)
        for arrival in processor.arrivals(records)
    ]


@pytest.mark.parametrize("damage", Damage)
@pytest.mark.parametrize("event", [IMPRESSION, CLICK], ids=["full", "empty"])
def test_a_spoilt_copy_is_set_aside_for_its_reason_and_its_neighbours_go_on(
    site: StillSite, kinesis: ScriptedKinesis, damage: Damage, event: WorkloadEvent
) -> None:
    turns = 4 if damage is Damage.OVERSIZE else TURNS
    operations = list(DrillProducer(site, lambda: 0.0).feed(SendPlan([event] * turns, damage=damage)))
    resources = TOPOLOGY.event(event.event_type)
    put = [entry for stream, entries in kinesis.requests if stream == resources.raw_stream for entry in entries]
    flaws = {operation.payload: operation.flaw for operation in operations}
    assert len(put) == turns // 2 if damage in IN_CHUNKS else turns
    for entry, outcome in zip(put, processed(event.event_type, put), strict=True):
        assert isinstance(outcome, Rejection), (entry["Data"][:40], outcome)
        assert outcome.reason == flaws[sha256(entry["Data"]).hexdigest()]
    sound = schemas(event.event_type, Role.PROCESSED)[0]
    (neighbour,) = processed(event.event_type, sent_soundly(site, kinesis, event))
    assert isinstance(neighbour, Entry)
    for entry in (e for stream, entries in kinesis.requests if stream == resources.processed_stream for e in entries):
        chunk = partition.Scanned.of(neighbour.data + entry["Data"] + neighbour.data)
        newest = context(event.event_type).target
        result = partition.partition(chunk, {newest.fingerprint: newest, sound.fingerprint: sound}, 2)
        assert [bad.payload for bad in result.bad] == [entry["Data"]]
        assert result.bad[0].rejection.reason == flaws[sha256(entry["Data"]).hexdigest()]
        assert sum(part.events for part in result.parts.values()) == 2


def sent_soundly(site: StillSite, kinesis: ScriptedKinesis, event: WorkloadEvent) -> list[dict[str, Any]]:
    before = len(kinesis.requests)
    list(DrillProducer(site, lambda: 0.0).feed(SendPlan([event])))
    return [entry for _, entries in kinesis.requests[before:] for entry in entries]


def test_every_event_of_every_shape_goes_on_to_the_processed_stream(site: StillSite, kinesis: ScriptedKinesis) -> None:
    events = draw(Workload(events=20, shapes=NAMES), 5, DEFINITIONS).events
    operations = list(DrillProducer(site, lambda: 0.0).feed(SendPlan(events)))
    assert [(sent.event_type, sent.event_id) for sent in operations] == [(e.event_type, e.event_id) for e in events]
    for event_type in DEFINITIONS:
        stream = TOPOLOGY.event(event_type).raw_stream
        put = [entry for name, entries in kinesis.requests if name == stream for entry in entries]
        outcomes = processed(event_type, put, ARRIVED + timedelta(days=366))
        assert [outcome for outcome in outcomes if isinstance(outcome, Rejection)] == []
        of_type = [event.event_id for event in events if event.event_type == event_type]
        assert sorted(outcome.key for outcome in outcomes if isinstance(outcome, Entry)) == sorted(of_type)


def test_packed_events_share_a_record_and_have_their_own_keys_and_hash_keys() -> None:
    from wavetank.pipeline.core.deaggregate import deaggregate
    from wavetank.scenarios.client.batches import Message

    messages = [Message("s", f"key-{number}", bytes([number])) for number in range(3)]
    packed = aggregate(messages, ("0", "", str(2**128 - 1)))
    assert [(user.partition_key, user.data) for user in deaggregate(packed.data, packed.key)] == [
        (message.key, message.data) for message in messages
    ]


@given(st.lists(st.binary(min_size=1, max_size=6), min_size=1, max_size=8), st.binary(max_size=3))
def test_a_range_of_damaged_records_is_told_apart_and_no_other_bytes_are(pieces: list[bytes], rest: bytes) -> None:
    known: dict[int, set[str]] = {}
    for piece in pieces:
        known.setdefault(len(piece), set()).add(sha256(piece).hexdigest())
    names = {digest for digests in known.values() for digest in digests}
    apart = pieces_of(b"".join(pieces), known)
    assert apart
    assert set(apart) <= names
    by_name = {sha256(piece).hexdigest(): piece for piece in pieces}
    assert b"".join(by_name[name] for name in apart) == b"".join(pieces)
    longer = pieces_of(b"".join(pieces) + rest, known)
    assert not longer or b"".join(by_name[name] for name in longer) == b"".join(pieces) + rest
