"""Comparisons of snapshots: against a plain model of two dictionaries, and what is said of tables that differ."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.client.reference.tables import holding, table
from wavetank.scenarios.client.reference.comparison import Change, compare

CAMPAIGNS = table({"campaign": "string", "advertiser": "string", "budget": "decimal(12, 2)"})
ROWS = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(st.none() | st.sampled_from("xyz"), st.none() | st.decimals(0, 3, places=2)),
)


@given(ROWS, ROWS, st.integers(0, 4))
def test_a_comparison_counts_all_that_differs_and_shows_the_first_of_each_kind(
    before: dict[str, tuple[str | None, Decimal | None]], after: dict[str, tuple[str | None, Decimal | None]], most: int
) -> None:
    old, new = (holding(CAMPAIGNS, [(key, *rest) for key, rest in rows.items()]) for rows in (before, after))
    expected = {
        Change.ADDED: after.keys() - before.keys(),
        Change.GONE: before.keys() - after.keys(),
        Change.CHANGED: {key for key in before.keys() & after.keys() if before[key] != after[key]},
    }
    comparison = compare(old, new, most)
    assert comparison.counts == {change: len(keys) for change, keys in expected.items()}
    for change, keys in expected.items():
        shown = [row.key["campaign"] for row in comparison.rows if row.change is change]
        assert len(set(shown)) == len(shown) == min(most, len(keys))
        assert set(shown) <= keys
    assert comparison.differs == (before != after)
    assert (comparison.before, comparison.after) == (len(before), len(after))


def test_of_a_changed_row_only_what_changed_is_shown() -> None:
    before = holding(CAMPAIGNS, [("men", "Acme", Decimal("1.00"))])
    after = holding(CAMPAIGNS, [("men", "Acme", None)])
    (row,) = compare(before, after, 5).rows
    assert str(row) == "~ campaign=men  budget=1.00 → NULL"


def test_a_column_that_came_is_told_once_and_changes_no_row() -> None:
    wider = table({"campaign": "string", "advertiser": "string", "budget": "decimal(14, 2)", "since": "date"})
    before = holding(CAMPAIGNS, [("men", "Acme", Decimal("1.00"))])
    comparison = compare(before, holding(wider, [("men", "Acme", Decimal("1.00"), 20_000)]), 5)
    assert comparison.table == ("~ column budget decimal(12, 2) → decimal(14, 2)", "+ column since date")
    assert (comparison.rows, comparison.differs) == ((), True)
    assert compare(holding(wider, []), before, 5).table[-1] == "- column since date"


def test_with_a_key_of_another_type_every_row_is_another_one() -> None:
    texts, numbers = table({"id": "string", "name": "string"}), table({"id": "int", "name": "string"})
    comparison = compare(holding(texts, [("1", "a")]), holding(numbers, [(1, "a"), (2, "b")]), 5)
    assert comparison.counts == {Change.ADDED: 2, Change.GONE: 1, Change.CHANGED: 0}
    assert comparison.table == ("~ column id string → int",)


def test_a_number_that_is_none_is_no_change() -> None:
    rates = table({"currency": "string", "rate": "float"})
    first, second = (holding(rates, [("XTS", float("nan"))]) for _ in range(2))
    assert not compare(first, second, 5).differs
