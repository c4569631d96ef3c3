"""An event type's own code at work: what it returns goes on, what it raises is one event's fault."""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.examples import NOON_US, event, schema, snapshot, table
from wavetank.pipeline.core.enrich import InEffect
from wavetank.pipeline.core.own_code import OwnCode, UnusableCode, applied, load
from wavetank.pipeline.enrichment import CODE_PACKAGE
from wavetank.pipeline.records import Dropped, Reason, Rejection
from wavetank.pipeline.reference.snapshot import Snapshot

PRICE = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}}
SCORE = {"name": "score", "type": ["null", "int"], "default": None}
DAY = {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None}
TARGET = schema(PRICE, SCORE, DAY)
FIELDS = {**event(1, label="a"), "price": b"\x03\xe8", "score": None, "day": None}
RATES = table({"label": "string", "rate": "decimal(6, 2)"})
SIZES = table({"label": "string", "day": "date", "size": "int"}, "label", "day")
IN_EFFECT = InEffect(
    snapshots={
        "rates": Snapshot(snapshot(RATES, ("a", Decimal(2)), ("7", Decimal(3)))[1]),
        "sizes": Snapshot(snapshot(SIZES, ("a", 18_000, 4))[1]),
    }
)
REFERENCE = IN_EFFECT.reference


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """The folder of a function's package."""
    yield tmp_path
    _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.startswith(CODE_PACKAGE)]:
        del sys.modules[name]


def loaded(root: Path, source: str = "", rules: tuple[Any, ...] = (), **modules: str) -> OwnCode:
    _forget()
    folder = root / CODE_PACKAGE / "ping"
    folder.mkdir(parents=True, exist_ok=True)
    document = {"enrich": bool(source), "rules": rules, "references": ["rates"]}
    (folder / "component.json").write_text(json.dumps(document))
    for name, text in {"enrich": source, **modules}.items():
        (folder / f"{name}.py").write_text(text)
    sys.path.insert(0, str(root))
    try:
        return load("ping", root)
    finally:
        sys.path.remove(str(root))


def outcome(own: OwnCode, fields: dict[str, Any] = FIELDS) -> Any:
    return applied(fields, own, REFERENCE, TARGET, NOON_US)


def test_the_event_goes_on_as_enrich_returns_it(root: Path) -> None:
    source = """
from decimal import Decimal
from . import rates

def enrich(event, reference):
    row = reference.find("rates", event["label"])
    return {**event, "price": event["price"] * rates.of(row), "score": 7}
"""
    own = loaded(root, source, rates="from decimal import Decimal\ndef of(row): return row['rate']\n")
    assert outcome(own) == FIELDS | {"price": (2_000).to_bytes(2), "score": 7}


@pytest.mark.parametrize(
    ("body", "reason"),
    [("return None", "unstated"), ("pass", "unstated"), ("return Drop('a test order')", "a test order")],
)
def test_an_event_is_dropped_with_the_reason_that_is_given(root: Path, body: str, reason: str) -> None:
    source = f"from wavetank.pipeline.enrichment import Drop\ndef enrich(event, reference): {body}\n"
    assert outcome(loaded(root, source)) == Dropped(reason)


def test_an_exception_sets_one_event_aside_with_the_last_lines_of_the_teams_own_code(root: Path) -> None:
    source = "import json\nfrom . import parts\n\ndef enrich(event, reference):\n    return parts.read(event, '{')\n"
    own = loaded(root, source, parts="import json\n\ndef read(event, text):\n    return json.loads(text)\n")
    rejection = outcome(own)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.event_id) == (Reason.ENRICHMENT_RAISED, "id-1")
    assert rejection.message.splitlines() == [
        "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "  enrich.py, line 5, in enrich: return parts.read(event, '{')",
        "  parts.py, line 4, in read: return json.loads(text)",
    ]


def test_what_is_kept_of_an_exception_is_bounded(root: Path) -> None:
    source = """
def enrich(event, reference):
    return deeper(event, 50)

def deeper(event, more):
    return deeper(event, more - 1) if more else fail("x" * 100_000)

class Wordless(Exception):
    def __str__(self):
        raise RuntimeError

def fail(text):
    raise Wordless() if text == "" else ValueError(text)
"""
    message = outcome(loaded(root, source)).message
    assert len(message) < 1_000
    assert message.splitlines()[-1].strip().startswith("enrich.py, line 13, in fail: raise Wordless()")
    wordless = outcome(loaded(root / "other", source.replace('"x" * 100_000', '""')))
    assert wordless.message.startswith("Wordless: its text cannot be had")


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("[event]", "'list' is no dict of fields"),
        ("event | {'score': '7'}", "score: str is no"),
        ("event | {'score': True}", "score: bool is no"),
        ("event | {'skore': 7}", "has a field 'skore', which the schema has not"),
        ("{'event_id': event['event_id']}", "lacks the field event_time"),
        ("event | {'event_id': 'other'}", "event_id is 'other' and was 'id-1': an event keeps its identity"),
        ("event | {'event_time': 0}", "event_time is 0 and was 1574596800000000"),
        ("event | {'price': event['price'] / 3}", "more than the 2 decimal places of its type: quantize it"),
        ("event | {'day': 2**31 - 1}", "field day: 2147483647 is no number of days between the years 1 and 9999"),
        ("event | {'label': '\\ud800'}", "label: a text with half of a surrogate pair"),
    ],
)
def test_a_result_that_does_not_fit_sets_one_event_aside(root: Path, expression: str, complaint: str) -> None:
    rejection = outcome(loaded(root, f"def enrich(event, reference): return {expression}\n"))
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.event_id) == (Reason.ENRICHMENT_FAILED, "id-1")
    assert complaint in rejection.message


@pytest.mark.parametrize("end", ["SystemExit", "KeyboardInterrupt", "MemoryError"])
def test_what_ends_a_program_ends_the_invocation(root: Path, end: str) -> None:
    own = loaded(root, f"def enrich(event, reference): raise {end}\n")
    with pytest.raises((SystemExit, KeyboardInterrupt, MemoryError)) as ended:
        outcome(own)
    assert type(ended.value).__name__ == end


def test_rules_are_held_against_the_event_as_it_would_go_on(root: Path) -> None:
    rules = ({"field": "price", "maximum": 15}, {"field": "score", "required": True})
    doubled = "def enrich(event, reference): return event | {'price': event['price'] * 2, 'score': 1}\n"
    broken = outcome(loaded(root, doubled, rules))
    assert broken == Rejection(Reason.INVALID, "field price: is at most 15, got 20.00", "id-1")
    assert outcome(loaded(root / "other", "", rules)).message == "field score: is required, got None"
    assert outcome(loaded(root / "third", "", rules[:1])) == FIELDS


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def enrich(event, reference:\n", "SyntaxError"),
        ("import no_such_module\ndef enrich(event, reference): return event\n", "No module named 'no_such_module'"),
        ("def enriched(event, reference): return event\n", "has no attribute 'enrich'"),
        ("1 / 0\n", "ZeroDivisionError: division by zero\n  enrich.py, line 1, in <module>: 1 / 0"),
    ],
)
def test_code_that_cannot_be_loaded_is_an_outage(root: Path, source: str, complaint: str) -> None:
    with pytest.raises(UnusableCode) as outage:
        loaded(root, source)
    assert complaint in str(outage.value)


def test_a_package_without_the_code_is_an_outage(root: Path) -> None:
    with pytest.raises(UnusableCode, match="lacks the code of ping"):
        load("ping", root)


def test_a_rule_that_does_not_fit_the_newest_schema_is_an_outage(root: Path) -> None:
    with pytest.raises(UnusableCode, match="skore"):
        outcome(loaded(root, "", ({"field": "skore", "minimum": 0},)))


def test_a_row_of_reference_data_cannot_be_changed_and_a_strange_reference_is_an_error() -> None:
    row = REFERENCE.find("rates", "a")
    assert row == {"label": "a", "rate": Decimal(2)}
    with pytest.raises(TypeError):
        row["rate"] = "3"  # type: ignore[index]
    assert REFERENCE.find("rates", "b") is None
    assert REFERENCE.find("rates", None) is None
    with pytest.raises(LookupError, match="'prices' is none of this event type's"):
        REFERENCE.find("prices", "a")


def test_a_key_of_own_code_is_typed_by_the_key_of_the_reference() -> None:
    assert REFERENCE.find("rates", 7) == REFERENCE.find("rates", "7") == REFERENCE.find("rates", ("7",))
    assert REFERENCE.find("rates", 7) is not None
    assert REFERENCE.find("sizes", ("a", 18_000)) == {"label": "a", "day": 18_000, "size": 4}
    assert REFERENCE.find("sizes", ("a", 1)) is None
    assert REFERENCE.find("sizes", ("a", None)) is None
    with pytest.raises(TypeError, match=r"reference sizes: the key is 2 columns \(label, day\), got 1 values"):
        REFERENCE.find("sizes", "a")
    for key in ("18000", 18_000.0, True):
        with pytest.raises(TypeError, match="reference sizes: the key's column day is of type date"):
            REFERENCE.find("sizes", ("a", key))


def test_own_code_cannot_say_as_of_when_an_event_was_enriched(root: Path) -> None:
    as_of = {"name": "enriched_as_of", "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}]}
    target, fields = schema({**as_of, "default": None}), {**event(1), "enriched_as_of": 5}
    own = loaded(root, "def enrich(event, reference): return event | {'enriched_as_of': 6}\n")
    rejection = applied(fields, own, REFERENCE, target, NOON_US)
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.ENRICHMENT_FAILED
    assert "enriched_as_of is 6 and was 5: it says as of when the event was enriched" in rejection.message
    own = loaded(root / "other", "def enrich(event, reference): return event\n")
    assert applied(fields, own, REFERENCE, target, NOON_US) == fields


def test_an_event_type_without_own_code_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from wavetank.pipeline.aws import environment

    monkeypatch.setenv("EVENT_TYPE", "ping")
    monkeypatch.delenv("OWN_CODE", raising=False)
    assert environment.own_code() is None
    monkeypatch.setenv("OWN_CODE", "in the package")
    with pytest.raises(UnusableCode):
        environment.own_code()
