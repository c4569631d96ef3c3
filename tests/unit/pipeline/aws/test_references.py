"""Every processing of a record, at any time and in any environment, finds the same entry of a reference, or none."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.examples import snapshot, table
from tests.unit.pipeline.store import BUCKET, data_bucket, dated, put
from wavetank.pipeline import layout
from wavetank.pipeline.aws import references
from wavetank.pipeline.aws.references import MOST_SNAPSHOTS, References
from wavetank.pipeline.errors import RegistryFault, RetryLater
from wavetank.pipeline.reference.index import PUBLISH_US, REFRESH_US, SECOND_US, SKEW_US, Entry, Index, NoSnapshot
from wavetank.pipeline.reference.snapshot import Snapshot

SHAPE = table({"key": "string", "value": "string"})
SNAPSHOTS = dict(snapshot(SHAPE, ("k", value)) for value in "abc")
DIGESTS = tuple(SNAPSHOTS)
START_US = 1_700_000_000 * SECOND_US
SLOWEST_US = 5 * SECOND_US
"""So long each leg of a request takes at most."""
INDEX = layout.reference_index_key("r")


@dataclass
class Bucket:
    """S3 with one clock, in which time passes while it is asked: what is visible when, and the dates of its answers.

    visible: times from which on each index can be read. legs: how long a request is under way, S3 takes from reading to
    dating its answer, and the answer is under way.
    """

    visible: list[tuple[int, Index]]
    legs: tuple[int, int, int] = (0, 0, 0)
    now_us: int = START_US
    asked: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    def get_object(self, Key: str, IfNoneMatch: str = "", **_: str) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """The object as it is when the request has arrived."""
        there, dated, back = self.legs
        self.asked[Key] += 1
        self.now_us += there
        body = self.index.to_json() if Key == INDEX else SNAPSHOTS[Key.rpartition("/")[2]]
        self.now_us += dated
        metadata = {"HTTPHeaders": {"date": formatdate(self.now_us // SECOND_US, usegmt=True)}}
        self.now_us += back
        etag = str(hash(body))
        if Key == INDEX and not self.index_at(self.now_us - back - dated).entries:
            raise ClientError({"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": metadata}, "GetObject")  # type: ignore[typeddict-item]
        if etag == IfNoneMatch:
            raise ClientError({"Error": {"Code": "304"}, "ResponseMetadata": metadata}, "GetObject")  # type: ignore[typeddict-item]
        self.sent[Key] += 1
        return {"Body": BytesIO(body), "ETag": etag, "ResponseMetadata": metadata}

    @property
    def index(self) -> Index:
        """The index as it can be read now."""
        return self.index_at(self.now_us)

    def index_at(self, time_us: int) -> Index:
        """The index as it can be read at a time."""
        return next((index for since_us, index in reversed(self.visible) if since_us <= time_us), Index())

    @property
    def clock(self) -> Any:
        """Python's `time` in this bucket's world."""
        return SimpleNamespace(monotonic=lambda: self.now_us / SECOND_US)


@dataclass(frozen=True)
class World:
    """A world in which snapshots are published, and records arrive and are processed, again and again.

    publications: after how long each is decided, how long it is under way, and of what. skew_us: so far the clock of
    Kinesis goes before that of S3. looks: after how long which environment processes a record: which of those that are
    there, the newest is 1, or one that arrives just now.
    """

    publications: list[tuple[int, int, str]]
    legs: tuple[int, int, int]
    skew_us: int
    looks: list[tuple[int, int, int]]

    def bucket(self) -> Bucket:
        """The bucket of this world; who publishes goes by the date of an answer, which has whole seconds."""
        time_us, index = START_US, Index().with_snapshot(DIGESTS[0], START_US)
        visible = [(time_us, index)]
        for pause_us, took_us, digest in self.publications:
            index = index.with_snapshot(digest, (time_us + pause_us) // SECOND_US * SECOND_US)
            time_us += pause_us + took_us
            visible.append((time_us, index))
        return Bucket(visible, self.legs)


PAUSES = st.one_of(st.integers(0, 2 * REFRESH_US), st.sampled_from((0, REFRESH_US, 2 * REFRESH_US)))
SLOW = st.sampled_from((0, SLOWEST_US)) | st.integers(0, SLOWEST_US)
WORLDS = st.builds(
    World,
    st.lists(st.tuples(PAUSES, st.integers(0, PUBLISH_US), st.sampled_from(DIGESTS)), min_size=1, max_size=6),
    st.tuples(SLOW, SLOW, SLOW),
    st.integers(-60 * SECOND_US, 60 * SECOND_US) | st.integers(-SKEW_US, SKEW_US),
    st.lists(st.tuples(PAUSES, st.integers(0, 2), st.integers(0, 4)), min_size=2, max_size=30),
)


def processed(world: World) -> Iterator[tuple[int, Entry | RetryLater]]:
    """The arrival of each record that is processed, by the clock of Kinesis, and what is found for it."""
    bucket, arrivals = world.bucket(), list[int]()
    environments = [References(BUCKET) for _ in range(3)]
    for pause_us, environment, number in world.looks:
        bucket.now_us += pause_us
        which = number
        if not which or which > len(arrivals):
            arrivals.append(bucket.now_us + world.skew_us)
            which = 1
        arrived_us = arrivals[-which]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(references, "registry_s3", lambda: bucket)
            patch.setattr(references, "time", bucket.clock)
            try:
                yield arrived_us, environments[environment].as_of("r", arrived_us)[0]
            except RetryLater as outage:
                yield arrived_us, outage


@given(WORLDS)
def test_any_two_processings_of_a_record_find_the_same_entry(world: World) -> None:
    """However far the clocks of Kinesis and S3 are apart: then nothing is found, and nothing is guessed."""
    last = world.bucket().visible[-1][1]
    for arrived_us, found in processed(world):
        if isinstance(found, Entry):
            assert found == last.as_of(arrived_us, "r")


@given(WORLDS)
def test_no_record_has_to_wait_where_clocks_are_as_close_as_they_should_be(world: World) -> None:
    if abs(world.skew_us) <= SKEW_US and sum(world.legs) <= REFRESH_US - SKEW_US - SECOND_US:
        assert all(isinstance(found, Entry) for _, found in processed(world))


def test_the_index_costs_one_conditional_request_an_interval_and_is_sent_when_it_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Index().with_snapshot(DIGESTS[0], START_US)
    second = first.with_snapshot(DIGESTS[1], START_US + 200 * SECOND_US)
    bucket = Bucket([(START_US, first), (START_US + 200 * SECOND_US, second)])
    monkeypatch.setattr(references, "registry_s3", lambda: bucket)
    monkeypatch.setattr(references, "time", bucket.clock)
    environment = References(BUCKET)
    for tenth in range(6_000):
        bucket.now_us = START_US + tenth * SECOND_US // 10
        for record in range(5):
            environment.as_of("r", bucket.now_us - record * SECOND_US)
    # A date has whole seconds, rounded down, so that an interval is a second shorter at most.
    assert 600 * SECOND_US // REFRESH_US <= bucket.asked[INDEX] <= 600 * SECOND_US // (REFRESH_US - SECOND_US) + 1
    assert bucket.sent[INDEX] == 2
    assert [bucket.asked[layout.reference_snapshot_key("r", digest)] for digest in DIGESTS[:2]] == [1, 1]


def test_a_backlog_costs_one_request_however_old_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket([(START_US, Index().with_snapshot(DIGESTS[0], START_US))])
    bucket.now_us += 3_600 * SECOND_US
    monkeypatch.setattr(references, "registry_s3", lambda: bucket)
    environment = References(BUCKET)
    for minute in range(60):
        environment.as_of("r", START_US + minute * 60 * SECOND_US)
    assert bucket.asked[INDEX] == 1


def test_no_more_snapshots_than_two_are_in_memory_not_even_while_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index(tuple(Entry(START_US + number, digest) for number, digest in enumerate(DIGESTS)))
    bucket = Bucket([(START_US, index)])
    bucket.now_us += SECOND_US
    monkeypatch.setattr(references, "registry_s3", lambda: bucket)
    environment, most = References(BUCKET), 0

    def counted(data: bytes, digest: str) -> Snapshot:
        nonlocal most
        most = max(most, 1 + len(environment._snapshots["r"]))
        return Snapshot(data, digest)

    monkeypatch.setattr(references, "Snapshot", counted)
    for number in (0, 1, 2, 1, 2, 0):
        environment.as_of("r", START_US + number)
    assert most == MOST_SNAPSHOTS
    asked = [bucket.asked[layout.reference_snapshot_key("r", digest)] for digest in DIGESTS]
    assert asked == [2, 1, 1]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with data_bucket(monkeypatch) as s3:
        s3.meta.events.register("after-call", dated)
        monkeypatch.setattr(references, "registry_s3", lambda: s3)
        yield s3


PUBLISHED = Index().with_snapshot(DIGESTS[0], 0)


def publish(s3: Any, index: bytes = PUBLISHED.to_json(), data: bytes | None = SNAPSHOTS[DIGESTS[0]]) -> None:
    put(s3, INDEX, index)
    if data is not None:
        put(s3, layout.reference_snapshot_key("r", DIGESTS[0]), data)


def grow_old(environment: References) -> None:
    """Have the copy of the index been read long ago."""
    environment._copies["r"] = replace(environment._copies["r"], read_us=START_US)


def test_rows_are_those_of_the_snapshot_in_effect(s3: Any) -> None:
    publish(s3)
    entry, rows = References(BUCKET).as_of("r", START_US)
    assert entry == Entry(0, DIGESTS[0])
    assert rows.find(("k",)) == {"key": "k", "value": "a"}


def test_an_index_that_has_not_changed_is_not_sent_again(s3: Any) -> None:
    publish(s3)
    bodies: list[int] = []
    s3.meta.events.register("after-call", lambda http_response, **_: bodies.append(http_response.status_code))
    environment = References(BUCKET)
    environment.as_of("r", START_US)
    grow_old(environment)
    environment.as_of("r", START_US + REFRESH_US + 1)
    assert bodies == [200, 200, 304]


def test_before_the_first_snapshot_nothing_is_known_and_it_is_seen_as_soon_as_it_is_there(s3: Any) -> None:
    environment = References(BUCKET)
    for index in (None, Index().to_json()):
        if index is not None:
            publish(s3, index)
        with pytest.raises(NoSnapshot, match="reference r"):
            environment.as_of("r", START_US)
    publish(s3)
    assert environment.as_of("r", START_US)[0].digest == DIGESTS[0]


@pytest.mark.parametrize("index", [b"", b"{", PUBLISHED.to_json()[:-9], b'{"version": 2}', b"[]", b"\xff"])
def test_an_index_that_cannot_be_read_is_an_outage(s3: Any, index: bytes) -> None:
    publish(s3, index)
    with pytest.raises(RegistryFault, match=r"reference/r/index\.json in"):
        References(BUCKET).as_of("r", START_US)


WHOLE = SNAPSHOTS[DIGESTS[0]]


@pytest.mark.parametrize(
    "data",
    [None, b"", WHOLE[: len(WHOLE) // 2], WHOLE.splitlines(keepends=True)[0], SNAPSHOTS[DIGESTS[1]], WHOLE + b"\n"],
    ids=["missing", "empty", "half", "its first line", "another one's", "more"],
)
def test_a_snapshot_that_is_not_there_or_not_whole_is_an_outage_and_mended_it_is_taken(
    s3: Any, data: bytes | None
) -> None:
    publish(s3, data=data)
    environment = References(BUCKET)
    with pytest.raises(RegistryFault, match=f"reference/r/snapshots/{DIGESTS[0]} in"):
        environment.as_of("r", START_US)
    publish(s3)
    assert environment.as_of("r", START_US)[1].find(("k",))


def test_while_the_copy_of_the_index_answers_nobody_misses_the_bucket(s3: Any) -> None:
    publish(s3)
    environment = References(BUCKET)
    environment.as_of("r", START_US)
    for key in (INDEX, layout.reference_snapshot_key("r", DIGESTS[0])):
        s3.delete_object(Bucket=BUCKET, Key=key)
    grow_old(environment)
    assert environment.as_of("r", START_US + REFRESH_US)[0].digest == DIGESTS[0]
    with pytest.raises(NoSnapshot):
        environment.as_of("r", START_US + REFRESH_US + 1)
