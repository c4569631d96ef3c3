"""Filter patterns match what the CloudWatch Logs user guide says that they match."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.logs.filter_pattern import Event, InvalidPattern, parse
from wavetank.emulator.logs.filter_pattern.fields import FieldPattern

TRAIL = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "latency": 50,
        "ratio": 0.25,
        "cluster.name": "c",
    }
)
"""The example of "Matching terms in JSON log events", with some numbers."""
PEOPLE = json.dumps(
    {
        "user": {"id": 1, "email": "John.Stiles@example.com"},
        "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
        "actions": ["GET", "PUT", "DELETE"],
        "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
    }
)
"""The example of "Compound conditions"."""
ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
"""The example of "Using metric filters to extract values from space-delimited log events"."""


@pytest.mark.parametrize(
    ("pattern", "message", "is_match"),
    [
        ("", "anything", True),
        ('""', "anything", True),
        ("ERROR", "[ERROR] A fatal exception has occurred", True),
        ("ERROR", "Exiting with ERRORCODE: -1", True),
        ("ERROR", "error", False),
        ('ERROR -"Exiting"', "Exiting with ERRORCODE: -1", False),
        ('"ERROR" - "Exiting"', "Exiting with ERRORCODE: -1", False),
        ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", True),
        ("ERROR Exception", "[ERROR] Caught", False),
        ("Failed to process the request", "[ERROR] Unable to continue: Failed to process the request", True),
        ("?ERROR ?WARN", "ERROR WARN message", True),
        ("?ERROR ?WARN", "WARN message", True),
        ("?ERROR ?WARN", "INFO message", False),
        ("?ERROR ?WARN message", "INFO message", True),
        ("ERROR WARN", "ERROR message", False),
        ("ERROR -WARN", "ERROR message", True),
        ("ERROR -WARN", "ERROR WARN message", False),
        ('"a \\"quoted\\" phrase"', 'this is a "quoted" phrase.', True),
        ("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", True),
        ("%^\\[SUCCESS%", "[SUCCESS 200] AUTHORIZED REQUEST", True),
        ("%^SUCCESS%", "[SUCCESS 200] AUTHORIZED REQUEST", False),
        ("%colou?r%", "my favorite color", True),
    ],
)
def test_terms(pattern: str, message: str, is_match: bool) -> None:
    assert parse(pattern).matches(Event(message)) is is_match


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ('{ $.eventType = "UpdateTrail" }', True),
        ("{ $.eventType = UpdateTrail }", True),
        ("{ $.eventType = Update* }", True),
        ('{ $.eventType = "*Trail" }', True),
        ("{ $.eventType = *date* }", True),
        ("{ $.eventType = Upd*ail }", False),
        ("{ $.eventType = * }", True),
        ("{ $.sourceIPAddress != 123.123.* }", True),
        ("{ $.sourceIPAddress != 111.111.* }", False),
        ('{ $.arrayKey[0] = "value" }', True),
        ('{ $.arrayKey[2] = "value" }', False),
        ('{ $.eventType[0] = "U" }', False),
        ("{ $.objectList[1].id = 2 }", True),
        ("{ $.objectList[*].id = 2 }", True),
        ("{ $.objectList[*].id = 3 }", False),
        ("{ $.SomeObject IS NULL }", True),
        ("{ $.eventType IS NULL }", False),
        ("{ $.SomeOtherObject IS NULL }", False),
        ("{ $.SomeOtherObject NOT EXISTS }", True),
        ("{ $.SomeObject NOT EXISTS }", False),
        ("{ $.ThisFlag IS TRUE }", True),
        ("{ $.ThisFlag IS FALSE }", False),
        ("{ $.ThisFlag = true }", False),
        ("{ $.latency = * }", True),
        ("{ $.latency = 50 }", True),
        ("{ $.latency = 5e1 }", True),
        ("{ $.latency > +10 }", True),
        ("{ $.latency >= 50 && $.latency <= 50.0 }", True),
        ("{ $.latency < 10e-3 }", False),
        ("{ $.ratio > .2 }", True),
        ("{ $.eventType > 3 }", False),
        ("{ $.eventType != 3 }", True),
        ("{ $.missing != 3 }", False),
        ("{ $.arrayKey = value }", False),
        ("{ $.arrayKey != value }", False),
        ("{ $.SomeObject != value }", False),
        ("{ $.['cluster.name'] = c }", True),
        ('{ $["cluster.name"] = c }', True),
        ("{ $.eventType = %Tr[a-z]+l$% }", True),
        ("{ $.eventType != %^Update% }", False),
        ("{ ($.eventType = x || $.latency = 50) && $.ratio = 0.25 }", True),
        ("{ $.eventType = x || $.latency = 50 && $.ratio = 1 }", False),
        ("{ (($.latency = 50)) }", True),
    ],
)
def test_conditions_on_fields(pattern: str, is_match: bool) -> None:
    assert parse(pattern).matches(Event(TRAIL)) is is_match


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) '
            "&& $.actions[2] = nomatch }",
            False,
        ),
        ("{ $.coordinates[0][1] = 1 }", True),
        ("{ $.users = 1 }", False),
        ("{ $.users != 1 }", False),
    ],
)
def test_compound_conditions(pattern: str, is_match: bool) -> None:
    assert parse(pattern).matches(Event(PEOPLE)) is is_match


@pytest.mark.parametrize("message", ["text", "[1]", "{", "3", '{"a": NaN}', '{"a":' * 5000, "", '"a"'])
@pytest.mark.parametrize("pattern", ["{ $.a NOT EXISTS }", "{ $.a != 1 }"])
def test_no_condition_on_fields_matches_an_event_that_is_no_object(pattern: str, message: str) -> None:
    assert not parse(pattern).matches(Event(message))


@pytest.mark.parametrize(
    ("pattern", "is_match"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code]", False),
        ("[ip, user, username, timestamp, request, status_code, bytes, more]", False),
        ("[..., status_code, bytes]", True),
        ("[ip, user, ..., status_code, bytes]", True),
        ("[ip, user, ...]", True),
        ("[a, b, c, d, ..., e, f, g, h]", False),
        ("[ip, user, username, timestamp, request, status_code, bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code = 200, bytes]", False),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4* && bytes > 1000]", True),
        ("[ip, user, username, timestamp, request, status_code = 4* && bytes > 2000]", False),
        ("[..., status_code = 4* && status_code != 403, bytes]", True),
        ("[..., status_code = 5* || status_code = 404, bytes]", True),
        ("[..., (status_code = 5* || status_code = 404) && status_code != 404, bytes]", False),
        ("[ip = %^127%, ...]", True),
        ("[w1=ERROR, ...]", False),
    ],
)
def test_columns(pattern: str, is_match: bool) -> None:
    assert parse(pattern).matches(Event(ACCESS)) is is_match


def test_columns_are_extracted_by_their_names_and_else_by_their_numbers() -> None:
    pattern = parse("[..., request=*.html*, status_code=4*,]")
    assert pattern.matches(Event(ACCESS))
    assert pattern.extracted(Event(ACCESS)) == {
        "$1": "127.0.0.1",
        "$2": "-",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /index.html HTTP/1.0",
        "$status_code": "404",
        "$7": "1534",
    }


def test_fields_of_the_pattern_are_extracted() -> None:
    pattern = parse("{ $.latency = * && $.eventType != x && $.missing NOT EXISTS }")
    assert pattern.extracted(Event(TRAIL)) == {"$.latency": "50", "$.eventType": "UpdateTrail"}


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.a }",
        "{ $.a = }",
        "{ a = 1 }",
        "{ $.a = 1",
        "{ $.a > text }",
        "{ ($.a = 1 }",
        "{ $.a = 1) }",
        "{ $.a = 1 && }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a[x] = 1 }",
        "{ $ = 1 }",
        "{ $.a = %(x)% }",
        "{ $.a = %[% }",
        "{ $.a = %x!% }",
        "{ $.a = %a% && $.b = %b% && $.c = %c% }",
        "{ $.a.*.*.*.* = 1 }",
        "{ }",
        "[a, ..., b, ...]",
        "[a, a]",
        "[a b]",
        "[a = ]",
        "[1a]",
        "foo-bar",
        "$",
        '"open',
        "a" * 1025,
        "{" + "(" * 60 + "$.a = 1" + ")" * 60 + "}",
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        parse(pattern)


LEAF = st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8)
FIELDS = st.dictionaries(
    st.sampled_from("abc"), LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(st.sampled_from("abc"), LEAF)
)
SELECTORS = st.sampled_from(["$.a", "$.b", "$.a.b", "$.c[0]", "$.c[1]"])
COMPARISONS = st.tuples(SELECTORS, st.sampled_from(["=", "!=", ">", "<", ">=", "<="]), st.integers(-5, 5))


@given(FIELDS, SELECTORS, st.integers(-1000, 1000))
def test_a_number_is_less_equal_or_greater_and_no_other_value_is_compared(
    fields: dict[str, object], selector: str, number: int
) -> None:
    event = Event(json.dumps(fields))
    matches = {
        sign: parse(f"{{ {selector} {sign} {number} }}").matches(event) for sign in ("<", "=", ">", "<=", ">=", "!=")
    }
    assert matches["<="] is (matches["<"] or matches["="])
    assert matches[">="] is (matches[">"] or matches["="])
    assert sum(matches[sign] for sign in ("<", "=", ">")) <= 1
    is_comparable = parse(f"{{ {selector} = * }}").matches(event)
    assert (matches["="] or matches["!="]) is is_comparable
    assert not (matches["="] and matches["!="])


@given(FIELDS, st.lists(COMPARISONS, min_size=3, max_size=3))
def test_a_conjunction_binds_closer_than_a_disjunction(
    fields: dict[str, object], comparisons: list[tuple[str, str, int]]
) -> None:
    event = Event(json.dumps(fields))
    texts = [f"{selector} {sign} {number}" for selector, sign, number in comparisons]
    first, second, third = (parse(f"{{ {text} }}").matches(event) for text in texts)
    assert parse(f"{{ {texts[0]} || {texts[1]} && {texts[2]} }}").matches(event) is (first or (second and third))
    assert parse(f"{{ ({texts[0]} || {texts[1]}) && {texts[2]} }}").matches(event) is ((first or second) and third)


@pytest.mark.parametrize("message", ['{"a": "\\u0065rror"}', '{"a": "error"}', '{"b": "error", "a": "error\\u0020"}'])
def test_a_word_is_found_however_it_is_written(message: str) -> None:
    assert parse("{ $.a = error }").matches(Event(message)) is (json.loads(message)["a"] == "error")


@given(
    st.dictionaries(st.sampled_from("ab"), st.sampled_from(["error", "errors", "terror", "wärn", 'a "error"', 3, None]))
)
def test_an_event_that_lacks_a_word_would_not_match(fields: dict[str, object]) -> None:
    event = Event(json.dumps(fields))
    for text in ("$.a = error", "$.a = error && $.b = error", "$.a = error || $.b = error", "$.a != error"):
        pattern = parse(f"{{ {text} }}")
        assert isinstance(pattern, FieldPattern)
        assert pattern.matches(event) is pattern.condition.holds(fields)


@given(st.text(max_size=60))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    try:
        pattern = parse(text)
    except InvalidPattern:
        return
    pattern.matches(Event(ACCESS))
    pattern.matches(Event(TRAIL))


@given(st.text(alphabet='{}[]()$.=!<>&|"%*, ab01.-?\\', max_size=40), st.text(max_size=60))
def test_any_text_of_the_syntax_is_a_pattern_or_is_refused(text: str, message: str) -> None:
    try:
        pattern = parse(text)
    except InvalidPattern:
        return
    pattern.extracted(Event(message))
    pattern.matches(Event(message))
