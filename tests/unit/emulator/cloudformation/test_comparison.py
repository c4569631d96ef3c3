"""What a template asks for is compared with what there is, and with nothing else."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.cloudformation.comparison import differences, fits

NAMES = st.sampled_from(["a", "b", "Key", "Value"])
SCALARS = st.sampled_from(["a", "1", "b c"]) | st.integers(0, 9) | st.booleans()
INNER = st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, min_size=1, max_size=3), max_size=3)
PROPERTIES = st.dictionaries(NAMES, SCALARS | INNER | st.lists(INNER, min_size=1, max_size=3), max_size=4)


def more(value: Any) -> Any:
    """The value as a service may show it: with members that nobody asked for."""
    if isinstance(value, dict):
        return {name: more(part) for name, part in value.items()} | {"beside": 1}
    return [more(part) for part in value] if isinstance(value, list) else value


@given(PROPERTIES)
def test_what_is_as_it_was_asked_for_does_not_differ(asked: dict[str, Any]) -> None:
    assert differences(asked, more(asked)) == []


@given(PROPERTIES, NAMES, st.sampled_from(["x", "y"]))
def test_a_property_that_is_missing_or_other_is_named(asked: dict[str, Any], name: str, value: str) -> None:
    wanted = asked | {name: value}
    there = {key: part for key, part in asked.items() if key != name}
    assert [(each.path, each.kind) for each in differences(wanted, there)] == [(f"/{name}", "REMOVE")]
    found = differences(wanted, there | {name: f"{value}-other"})
    assert [(each.path, each.kind, each.expected) for each in found] == [(f"/{name}", "NOT_EQUAL", value)]


@given(st.lists(INNER, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_a_list_is_nothing(asked: list[Any], random: Any) -> None:
    unlike = [{**entry, "number": number} for number, entry in enumerate(asked)]
    shuffled = [more(entry) for entry in unlike]
    random.shuffle(shuffled)
    assert fits(unlike, shuffled)
    assert not fits(unlike, [*shuffled, {"one": "more"}])


def test_numbers_and_booleans_may_be_written_as_texts() -> None:
    assert fits({"a": 60, "b": True, "c": "false", "d": 1.0}, {"a": "60", "b": "true", "c": False, "d": 1})
    assert not fits({"a": 60}, {"a": "61"})
    assert not fits({"a": False}, {"a": None})


def test_nothing_is_what_is_empty() -> None:
    assert fits({"a": [], "b": {}, "c": "", "d": None}, {})
    assert not fits({"a": []}, {"a": [1]})


def test_a_difference_is_named_where_it_is() -> None:
    [difference] = differences({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1, "d": 3}}})
    assert (difference.path, difference.expected, difference.actual) == ("/a/b/d", 2, 3)
