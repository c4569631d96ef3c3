"""A schema is known by the fingerprint of what it means, and only schemas an event can have are taken."""

import json
from hashlib import md5

import pytest

from tests.unit.pipeline.examples import PING, PING_V2, document
from wavetank.pipeline.core.schema import Role, parse
from wavetank.pipeline.errors import SchemaError


def test_doc_order_of_attributes_and_white_space_do_not_change_the_fingerprint() -> None:
    other = document() | {"doc": "Sent now and then."}
    reordered = json.dumps(dict(reversed(other.items())), indent=8)
    assert parse(reordered, "ping", Role.PROCESSED, 7).fingerprint == PING.fingerprint


def test_another_field_changes_the_fingerprint() -> None:
    assert PING.fingerprint != PING_V2.fingerprint


def test_the_fingerprint_is_the_md5_of_the_parsing_canonical_form() -> None:
    canonical = (
        '{"name":"tests.Ping","type":"record","fields":[{"name":"event_id","type":"string"},'
        '{"name":"event_time","type":"long"},{"name":"label","type":["null","string"]}]}'
    )
    assert PING.fingerprint == md5(canonical.encode(), usedforsecurity=False).digest()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "not a valid Avro schema"),
        ('"string"', "an event is an Avro record"),
        (json.dumps({"type": "record", "name": "P", "fields": [{"name": "x", "type": "nope"}]}), "not a valid Avro"),
        (json.dumps({"type": "record", "name": "P", "fields": []}), "event_id"),
        (json.dumps(document()).replace('"string"', '["null", "string"]', 1), "event_id"),
        (json.dumps(document()).replace("timestamp-micros", "date"), "event_time"),
    ],
)
def test_a_schema_that_an_event_cannot_have_is_refused_by_the_rule_it_breaks(text: str, rule: str) -> None:
    with pytest.raises(SchemaError, match=rule):
        parse(text, "ping", Role.RAW, 1)
