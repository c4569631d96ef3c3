"""Operators make of a file what a mistake would, one at a time, and leave alone what nobody but people reads."""

import pytest

from wavetank.scenarios.exploration.mutation.operators import OWN, name_of
from wavetank.scenarios.exploration.mutation.source import SourceFile

EXAMPLES = {
    "removed-statement": ("def f(a):\n    g(a)\n    h(a)\n", "def f(a):\n    pass\n    h(a)\n"),
    "removed-guard": ("def f(a):\n    if a:\n        return 1\n    return 2\n", "def f(a):\n    pass\n    return 2\n"),
    "negated-condition": ("a = 1 if b and c else 2\n", "a = 1 if not (b and c) else 2\n"),
    "dropped-operand": ("a = b and c\n", "a = c\n"),
    "dropped-filter": ("a = [b for b in c if b]\n", "a = [b for b in c]\n"),
    "dropped-condition": ("put(Key=k, **state.condition)\n", "put(Key=k)\n"),
    "swapped-arguments": ("f(a, b, c=d)\n", "f(b, a, c=d)\n"),
    "removed-call": ("a = sorted(b)\n", "a = b\n"),
    "swapped-builtin": ("a = min(b)\n", "a = max(b)\n"),
    "reversed-comparison": ("a = b <= c\n", "a = b >= c\n"),
    "smaller-number": ("LIMIT = 500\n", "LIMIT = 499\n"),
    "lost-item": ("a = [b for b in c]\n", "a = [b for b in list(c)[:-1]]\n"),
    "ended-loop": ("for a in b:\n    f(a)\n", "for a in b:\n    f(a)\n    break\n"),
    "early-return": ("def f(a):\n    g(a)\n    h(a)\n", "def f(a):\n    g(a)\n    return\n    h(a)\n"),
    "swallowed-error": ("try:\n    f()\nexcept E:\n    raise\n", "try:\n    f()\nexcept E:\n    pass\n"),
    "swapped-statements": ("def f():\n    a = g()\n    h()\n", "def f():\n    h()\n    a = g()\n"),
    # Of the library's.
    "swap-op": ("a = b <= c\n", "a = b < c\n"),
    "number": ("LIMIT = 500\n", "LIMIT = 501\n"),
}

FOR_PEOPLE = '''"""What it does: 1 and "two"."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a import b


def f(a: "int") -> None:
    """What it does."""
    raise Rejected(f"{a + 1} is more than {2}")
'''


def texts(source: str) -> set[tuple[str, str]]:
    changes = (mutation.change() for mutation in SourceFile("core/a.py", source).mutations())
    return {(change.operator, change.text) for change in changes if change is not None}


@pytest.mark.parametrize("operator", EXAMPLES)
def test_an_operator_makes_the_mistake_that_it_is_named_after(operator: str) -> None:
    source, expected = EXAMPLES[operator]
    assert (operator, expected) in texts(source)


def test_every_operator_of_our_own_has_an_example() -> None:
    assert {name_of(operator) for operator in OWN} <= set(EXAMPLES)


def test_words_for_people_types_and_imports_are_left_alone() -> None:
    assert texts(FOR_PEOPLE) == {
        ("removed-statement", FOR_PEOPLE.replace('raise Rejected(f"{a + 1} is more than {2}")', "pass")),
    }


def test_what_changes_nothing_or_is_no_python_is_no_change() -> None:
    sources = [source for source, _ in EXAMPLES.values()]
    for source in sources:
        for _, text in texts(source):
            compile(text, "changed", "exec")
            assert text != source


def test_a_change_says_where_it_is_and_what_differs() -> None:
    source = "def f(a):\n    if a < 1:\n        return g(a)\n    return a\n"
    changes = [mutation.change() for mutation in SourceFile("core/a.py", source).mutations()]
    [change] = [change for change in changes if change is not None and change.operator == "reversed-comparison"]
    assert (change.file, change.line, change.place, change.component) == ("core/a.py", 2, "f", "core")
    assert (change.old, change.new) == ("if a < 1:", "if a > 1:")
    assert change.name == "core/a.py:2 reversed-comparison: if a < 1: → if a > 1:"
    assert change.applied_to(source) == source.replace("<", ">")
