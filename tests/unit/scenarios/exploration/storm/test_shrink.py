"""What is shrunk still fails, and nothing in it can be left out."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.exploration.storm.shrink import smallest


@given(st.integers(1, 14).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))))
def test_what_is_needed_is_kept_and_nothing_else(case: tuple[int, set[int]]) -> None:
    number, needed = case
    kept = smallest(range(number), lambda part: needed <= set(part), most=10_000)
    assert kept == sorted(needed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 30))
def test_what_is_left_failed_however_few_questions_may_be_asked(items: list[int], most: int) -> None:
    limit, asked = sum(items) / 2, 0

    def fails(part: Sequence[int]) -> bool:
        nonlocal asked
        asked += 1
        return sum(part) >= limit

    kept = smallest(items, fails, most)
    assert sum(kept) >= limit
    assert asked <= most
