"""Each event goes on its stream as the drill wants it, and its operation says what became of it."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from tests.unit.scenarios.client.kinesis_double import ScriptedKinesis
from tests.unit.scenarios.site_double import StillSite, still_site
from wavetank.pipeline.core.deaggregate import deaggregate
from wavetank.scenarios.client.batches import MAX_RECORD_BYTES
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.damage import CUT_BYTES, flipped
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.spec.nemesis import Damage, SendPlan
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

EVENTS = synthetic(60, 1, datetime(2019, 11, 24, tzinfo=UTC))
CLICKS = [event for event in EVENTS if event.event_type == "click"]


@pytest.fixture
def kinesis() -> ScriptedKinesis:
    return ScriptedKinesis()


@pytest.fixture
def site(kinesis: ScriptedKinesis, monkeypatch: pytest.MonkeyPatch) -> StillSite:
    still = still_site(lambda _: None)
    monkeypatch.setattr(still.stack, "client", lambda _service, **_: kinesis)
    return still


def sent(kinesis: ScriptedKinesis, stream: str) -> list[tuple[str, bytes]]:
    """Partition key and data of every record that was put on `stream`."""
    entries = [entry for name, some in kinesis.requests if name == stream for entry in some]
    return [(entry["PartitionKey"], entry["Data"]) for entry in entries]


def fed(site: StillSite, plan: SendPlan) -> list[WorkloadEvent]:
    operations = list(DrillProducer(site, lambda: 0.0).feed(plan))
    assert {operation.outcome for operation in operations} == {Outcome.OK}
    assert [operation.event_id for operation in operations] == [event.event_id for event in plan.events]
    return list(plan.events)


def test_every_event_has_its_own_key_unless_all_share_one(site: StillSite, kinesis: ScriptedKinesis) -> None:
    fed(site, SendPlan(CLICKS))
    assert [key for key, _ in sent(kinesis, "wavetank-click-raw")] == [event.event_id for event in CLICKS]
    kinesis.requests.clear()
    fed(site, SendPlan(CLICKS, key="one"))
    assert {key for key, _ in sent(kinesis, "wavetank-click-raw")} == {"one"}


def test_aggregated_events_share_records_with_a_damaged_one_in_each(site: StillSite, kinesis: ScriptedKinesis) -> None:
    operations = list(DrillProducer(site, lambda: 0.0).feed(SendPlan(CLICKS, aggregated=4)))
    records = sent(kinesis, "wavetank-click-raw")
    assert len(records) == -(-len(CLICKS) // 4)
    inside = [user.data for key, data in records for user in deaggregate(data, key)]
    assert len(inside) == len(CLICKS) + len(records)
    assert inside[1] == flipped(inside[0])
    assert [operation.payload for operation in operations] == [sha256(data).hexdigest() for data in inside]
    assert {operation.event_id for operation in operations} == {event.event_id for event in CLICKS}


def test_only_events_of_one_stream_go_in_one_record(site: StillSite) -> None:
    with pytest.raises(ValueError, match="one stream"):
        list(DrillProducer(site, lambda: 0.0).feed(SendPlan(EVENTS, aggregated=4)))


def test_truncated_copies_lack_their_end_on_both_streams(site: StillSite, kinesis: ScriptedKinesis) -> None:
    fed(site, SendPlan(CLICKS[:2]))
    whole = [data for _, data in sent(kinesis, "wavetank-click-raw")]
    kinesis.requests.clear()
    fed(site, SendPlan(CLICKS[:2], damage=Damage.TRUNCATED))
    assert [data for _, data in sent(kinesis, "wavetank-click-raw")] == [whole[0][:-CUT_BYTES]]
    assert [data for _, data in sent(kinesis, "wavetank-click-processed")] == [whole[1][:-CUT_BYTES]]


def test_damaged_copies_go_on_both_streams_by_turns_however_few_are_put_at_a_time(
    site: StillSite, kinesis: ScriptedKinesis
) -> None:
    producer = DrillProducer(site, lambda: 0.0)
    for event in CLICKS[:2]:
        list(producer.feed(SendPlan([event], damage=Damage.FLIPPED)))
    assert [len(sent(kinesis, f"wavetank-click-{stage}")) for stage in ("raw", "processed")] == [1, 1]


def test_oversize_copies_fill_a_record_of_one_stream_or_the_other_to_its_limit(
    site: StillSite, kinesis: ScriptedKinesis
) -> None:
    fed(site, SendPlan(CLICKS[:2], damage=Damage.OVERSIZE))
    sizes = [len(key.encode()) + len(data) for key, data in sent(kinesis, "wavetank-click-raw")]
    added = 2
    assert sizes == [MAX_RECORD_BYTES + 1 - added, MAX_RECORD_BYTES]
    assert not sent(kinesis, "wavetank-click-processed")
