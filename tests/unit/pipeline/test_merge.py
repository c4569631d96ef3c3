"""The merged file is a function of the set of records: order, copies and splits do not show."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import container
from pipeline.core.columns import parquet
from pipeline.core.container import Stored
from pipeline.core.decode import decode, encode
from pipeline.core.merge import merge
from pipeline.records import Event
from tests.unit.pipeline.examples import NOON_US, PING, event


def stored(number: int, time_us: int = NOON_US, label: str | None = None) -> Stored:
    body = encode(event(number, time_us=time_us, label=label), PING)
    decoded = decode(body, PING)
    assert isinstance(decoded, Event)
    return Stored(decoded, body)


RECORDS = st.lists(
    st.builds(stored, st.integers(0, 5), st.integers(NOON_US, NOON_US + 3), st.sampled_from([None, "a", "b"])),
    max_size=25,
)


@given(RECORDS, st.randoms(use_true_random=False), st.integers(0, 10))
def test_any_order_and_number_of_copies_gives_identical_files(
    records: list[Stored], rng: st.DataObject, copies: int
) -> None:
    again = records + records[:copies]
    rng.shuffle(again)  # type: ignore[attr-defined]
    once, twice = merge(records), merge(again)
    assert container.write(PING, [each.body for each in once]) == container.write(PING, [each.body for each in twice])
    assert parquet(once, PING) == parquet(twice, PING)


@given(RECORDS)
def test_there_is_one_record_for_each_id(records: list[Stored]) -> None:
    merged = [each.event.id for each in merge(records)]
    assert sorted(merged) == sorted({each.event.id for each in records})


def test_the_winner_is_the_earliest_and_then_the_smallest_body() -> None:
    late, early = stored(1, NOON_US + 1, None), stored(1, NOON_US, "b")
    other = stored(1, NOON_US, "a")
    assert merge([late, early]) == merge([early, late]) == [early]
    assert merge([early, other]) == [min(early, other, key=lambda each: each.body)]


def test_events_rest_in_the_order_of_their_time() -> None:
    merged = merge([stored(2, NOON_US + 5), stored(1, NOON_US + 9), stored(3, NOON_US)])
    assert [each.event.id for each in merged] == ["id-3", "id-2", "id-1"]
