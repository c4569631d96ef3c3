"""A dump takes what is of the declared types, each value as the database has it, and refuses all else by its name."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.core import dump
from wavetank.pipeline.core.dump import Count, Reason, Refused
from wavetank.pipeline.reference.index import SECOND_US
from wavetank.pipeline.reference.source import Limits, Source, from_json, tick_s, to_json
from wavetank.pipeline.reference.table import Column, ColumnType, Table, Value

MINUTE_US = 60 * SECOND_US
LIMITS = Limits(rows=3, bytes=1000, statement_s=30, shrink_percent=50)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def source(kind: str = "int", every_s: int = 120, name: str = "things", limits: Limits = LIMITS) -> Source:
    """A source with a key and one more column."""
    columns = (Column("id", ColumnType.parse("string")), Column("value", ColumnType.parse(kind)))
    return Source(name, Table(columns, ("id",)), "things", None, every_s, limits)


def typed(kind: str, value: Any, lenient: bool = False) -> Value:
    """The value of a column, as a dump has it."""
    ((_, result),) = dump.typed(source(kind), [("a", value)], Count(), lenient)
    return result


def us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])))
def test_a_time_is_microseconds_since_the_epoch_whatever_its_zone_and_utc_without_one(moment: datetime) -> None:
    assert typed("timestamp", moment) == us(moment)
    assert typed("timestamp", moment.replace(tzinfo=None)) == us(moment.replace(tzinfo=UTC))
    assert typed("timestamp", moment.isoformat(" "), lenient=True) == us(moment)


@given(st.dates())
def test_a_date_is_days_since_the_epoch(day: date) -> None:
    assert typed("date", day) == typed("date", day.isoformat(), lenient=True) == day.toordinal() - 719_163


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_a_decimal_has_the_scale_of_its_column_and_its_value(number: int) -> None:
    value = Decimal(number).scaleb(-2)
    for given_value in (value, value.normalize(), Decimal(f"{value}000")):
        result = typed("decimal(12, 2)", given_value)
        assert isinstance(result, Decimal)
        assert (result, result.as_tuple().exponent) == (value, -2)


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_a_decimal_of_a_database_without_them_is_what_was_written(number: int) -> None:
    value = Decimal(number).scaleb(-2)
    assert typed("decimal(12, 2)", str(value), lenient=True) == value
    assert typed("decimal(12, 2)", float(value), lenient=True) == value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", 1, True),
        ("boolean", False, False),
        ("bytes", memoryview(b"ab"), b"ab"),
        ("float", 0.5, 0.5),
        ("int", -(1 << 63), -(1 << 63)),
        ("string", "", ""),
        ("decimal(2, 2)", Decimal("-0.00"), Decimal("0.00")),
        *((kind, None, None) for kind in ("boolean", "bytes", "date", "decimal(3, 1)", "timestamp", "string")),
    ],
)
def test_values_are_as_the_database_has_them(kind: str, value: Any, expected: Value) -> None:
    assert repr(typed(kind, value)) == repr(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1),
        ("string", b"a"),
        ("int", "1"),
        ("int", True),
        ("int", 1.0),
        ("int", Decimal(1)),
        ("int", 1 << 63),
        ("float", 1),
        ("float", float("nan")),
        ("boolean", 2),
        ("boolean", "true"),
        ("bytes", "a"),
        ("decimal(12, 2)", 1.5),
        ("decimal(12, 2)", Decimal("0.125")),
        ("decimal(3, 2)", Decimal(10)),
        ("decimal(3, 2)", Decimal("1e999999")),
        ("decimal(3, 2)", Decimal("NaN")),
        ("date", datetime(2026, 1, 1)),
        ("date", "2026-01-01"),
        ("timestamp", date(2026, 1, 1)),
        ("timestamp", "0000-00-00 00:00:00"),
    ],
)
def test_a_value_of_another_type_is_refused_by_the_name_of_its_column(kind: str, value: Any) -> None:
    with pytest.raises(Refused, match=r"column value is") as refusal:
        typed(kind, value)
    assert refusal.value.reason is Reason.VALUES


@pytest.mark.parametrize(("kind", "value"), [("date", "soon"), ("timestamp", "2026-13-01"), ("decimal(3, 1)", "x")])
def test_text_that_is_none_of_the_type_is_refused_where_text_will_do(kind: str, value: str) -> None:
    with pytest.raises(Refused, match="column value"):
        typed(kind, value, lenient=True)


def test_a_value_is_shown_in_part() -> None:
    with pytest.raises(Refused) as refusal:
        typed("int", "x" * 10_000)
    assert len(str(refusal.value)) < 200


@given(st.integers(0, 6))
def test_rows_over_the_limit_are_refused_before_more_are_read(number: int) -> None:
    count, rows = Count(), (("a", each) for each in range(number))
    if number <= LIMITS.rows:
        assert len(list(dump.typed(source(), rows, count))) == count.rows == number
    else:
        with pytest.raises(Refused, match="more than 3 rows"):
            list(dump.typed(source(), rows, count))
        assert sum(1 for _ in rows) == number - LIMITS.rows - 1


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 100))
def test_a_dump_may_shrink_by_its_share_and_no_further(before: int, after: int, percent: int) -> None:
    limited = source(limits=Limits(10_000, 1000, 30, percent))
    gone = max(0, before - after)
    if before and gone / before > percent / 100 + 1e-9:
        with pytest.raises(Refused) as refusal:
            dump.check_shrink(limited, before, after)
        assert refusal.value.reason is Reason.SHRUNK
    elif not before or gone / before < percent / 100 - 1e-9 or gone == 0:
        dump.check_shrink(limited, before, after)
    dump.check_shrink(limited, None, after)


def test_columns_are_taken_by_name_and_one_that_is_missing_is_named() -> None:
    assert dump.order_of(source(), ["value", "other", "id"]) == [2, 0]
    with pytest.raises(Refused, match="no column value; it gives: id, Value"):
        dump.order_of(source(), ["id", "Value"])


EVERY = st.lists(st.sampled_from([60, 120, 180, 300, 600, 3600]), min_size=1, max_size=4)


def ticks(sources: Sequence[Source], offset_s: int, count: int) -> list[int]:
    return [(offset_s + number * tick_s(sources)) * SECOND_US for number in range(count)]


@given(EVERY, st.integers(0, 10_000))
def test_each_reference_is_due_once_in_its_time_whenever_the_schedule_began(every: list[int], offset_s: int) -> None:
    sources = [source(every_s=each, name=f"r{number}") for number, each in enumerate(every)]
    looked: dict[str, int] = {}
    times: dict[str, list[int]] = {}
    for tick in ticks(sources, offset_s, 120):
        for each in dump.due(sources, tick, looked):
            looked[each.name] = tick
            times.setdefault(each.name, []).append(tick)
    for each in sources:
        gaps = [after - before for before, after in zip(times[each.name], times[each.name][1:], strict=False)]
        assert set(gaps[1:]) <= {each.every_s * SECOND_US}, "but for the first, which was due as nobody had looked yet"


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_what_a_missed_tick_has_left_undone_is_due_at_the_next(offset_s: int, missed: int) -> None:
    sources = [source(every_s=600, name="slow"), source(every_s=120, name="fast")]
    looked = {"slow": offset_s * SECOND_US, "fast": offset_s * SECOND_US}
    late = (offset_s + 600 + 120 * missed) * SECOND_US
    assert [each.name for each in dump.due(sources, late, looked)] == ["slow", "fast"]


def test_the_same_tick_has_the_same_references_again() -> None:
    sources = [source(every_s=120)]
    assert dump.due(sources, 240 * SECOND_US, {"things": 240 * SECOND_US}) == sources


@given(st.sampled_from(["int", "decimal(12, 2)", "timestamp"]), EVERY)
def test_what_a_dumper_reads_comes_back_from_its_package(kind: str, every: list[int]) -> None:
    sources = tuple(source(kind, each, f"r{number}") for number, each in enumerate(every))
    assert from_json(to_json(sources)) == sources
