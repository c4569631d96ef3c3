"""Nested JSON goes where the mapping and the schema say; what has no place is kept or counted, by its path."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from wavetank.scenarios.workload.json_paths import JsonPath, Nothing, path_text, without
from wavetank.scenarios.workload.mapper import Mapper, hash_of_pairs
from wavetank.scenarios.workload.mapping_file import EventMapping, MappingError, from_document, load
from wavetank.scenarios.workload.ndjson import parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.synthetic import WorkloadEvent

TEXT_MAP = {"type": "map", "values": "string"}
ADDRESS = {
    "type": "record",
    "name": "Address",
    "fields": [
        {"name": "city", "type": "string"},
        {"name": "zip", "type": ["null", "string"], "default": None},
        {"name": "at", "type": ["null", {"type": "array", "items": "double"}], "default": None},
    ],
}


def field(name: str, avro: Any, default: Any = None) -> dict[str, Any]:
    return {"name": name, "type": avro, "default": default}


def schema(*fields: dict[str, Any]) -> dict[str, Any]:
    head = [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    ]
    return {"type": "record", "name": "Order", "fields": [*head, *fields]}


FIELDS = [
    field("city", ["null", "string"]),
    field("first", ["null", "long"]),
    field("address", ["null", ADDRESS]),
    field("tags", {"type": "array", "items": "string"}, []),
    field("price", ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}]),
]
SCHEMAS = {"order": schema(*FIELDS, field("attributes", TEXT_MAP, {})), "bare": schema(*FIELDS)}
RULES: dict[str, Any] = {"event": "order", "id": {"field": "id"}, "time": {"field": "t", "format": "epoch_s"}}


def checked(**rules: Any) -> EventMapping:
    return from_document({**RULES, **rules}, "mine.toml", SCHEMAS)


def mapped(line: str, **rules: Any) -> WorkloadEvent | Rejection:
    source = parse(line.encode())
    assert isinstance(source, dict)
    return Mapper(checked(**rules)).event(source)


def record(fields: str, **rules: Any) -> dict[str, Any]:
    event = mapped(f'{{"id": "i", "t": 0, {fields}}}', **rules)
    assert isinstance(event, WorkloadEvent), event
    return {name: value for name, value in event.record.items() if name not in ("event_id", "event_time")}


def refusal(fields: str, **rules: Any) -> str:
    found = mapped(f'{{"id": "i", "t": 0, {fields}}}', **rules)
    assert isinstance(found, Rejection)
    assert found.reason is RejectReason.BAD_TYPE
    return found.message


def test_arrays_and_objects_go_to_the_columns_of_their_names() -> None:
    assert record('"tags": ["a", "b"], "address": {"city": "Basel", "at": [47.5, 7.6]}') == {
        "tags": ["a", "b"],
        "address": {"city": "Basel", "zip": None, "at": [47.5, 7.6]},
    }


def test_money_can_be_fed() -> None:
    assert record('"price": 12.34') == {"price": b"\x04\xd2"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('"address": {"city": "B", "at": [1, "x"]}', "address.at[1]: "),
        ('"address": {"zip": "4000"}', "address.city: no value"),
        ('"tags": ["a", {}]', "tags[1]: {} is not text"),
        ('"price": 0.005', "price: 0.005 has more than 2 digits after the point"),
    ],
)
def test_a_rejection_names_the_path(fields: str, message: str) -> None:
    assert refusal(fields).startswith(message)


def test_what_a_record_has_no_field_for_is_kept_under_its_path() -> None:
    fields = '"address": {"city": "B", "floor": {"n": 1.50}}'
    assert record(fields)["attributes"] == {"address.floor": '{"n":1.50}'}


@pytest.mark.parametrize(
    ("address", "expected", "rest"),
    [
        ('{"city": "B", "zip": "1"}', "1", None),
        ('{"city": "B", "z ip": "1"}', None, {'address."z ip"': '"1"'}),
        ('{"city": "B", "zip": "1", "2nd": "x"}', "1", {"address.2nd": '"x"'}),
        ('{"city": "B", "post-code": "1"}', "1", None),
        ('{"city": "B", "post_code": "1", "post-code": "2"}', "1", {"address.post-code": '"2"'}),
        ('{"city": "B", "post-code": "1", "post.code": "2"}', "1", {'address."post.code"': '"2"'}),
    ],
)
def test_a_name_within_a_record_is_brought_into_avros_letters_as_one_at_the_top_is(
    address: str, expected: str | None, rest: dict[str, str] | None
) -> None:
    name = "post_code" if "post" in address else "zip"
    fields = [{"name": "city", "type": "string"}, {"name": name, "type": ["null", "string"], "default": None}]
    home = {"type": "record", "name": "Home", "fields": fields}
    definition = schema(field("address", ["null", home]), field("attributes", TEXT_MAP, {}))
    mapping = from_document(RULES, "mine.toml", {"order": definition})
    source = parse(f'{{"id": "i", "t": 0, "address": {address}}}'.encode())
    assert isinstance(source, dict)
    event = Mapper(mapping).event(source)
    assert isinstance(event, WorkloadEvent)
    assert event.record["address"] == {"city": "B", name: expected}
    assert event.record.get("attributes") == rest


def test_a_path_that_is_a_name_as_well_displaces_nothing() -> None:
    fields = '"address": {"city": "B", "floor": 1}, "address.floor": 2'
    assert record(fields)["attributes"] == {"address.floor": "2", ".address.floor": "1"}


def test_without_attributes_what_a_record_has_no_field_for_is_counted_by_its_path() -> None:
    mapper = Mapper(checked(event="bare"))
    for n in range(3):
        mapper.event({"id": "i", "t": "0", "address": {"city": "B", "floor": n, "at": []}, "more": [{"x": n}]})
    assert mapper.unmapped == {"address.floor": 3, "more": 3}


@pytest.mark.parametrize(
    "rename",
    [
        {"user.home.city": "city", "items[0].id": "first"},
        {"user": {"home": {"city": "city"}}, "items[0]": {"id": "first"}},
    ],
    ids=["quoted", "bare"],
)
def test_a_path_leads_into_objects_and_arrays_and_the_rest_is_kept(rename: dict[str, Any]) -> None:
    fields = '"user": {"home": {"city": "B", "no": 1}, "age": 2}, "items": [{"id": 7}], "x": 1'
    assert record(fields, rename=rename) == {
        "city": "B",
        "first": 7,
        "attributes": {"user": '{"home":{"no":1},"age":2}', "x": "1"},
    }


def test_a_bare_path_in_toml_is_the_quoted_one(tmp_path: Path) -> None:
    head = 'event = "order"\nid.field = "id"\ntime = { field = "t", format = "epoch_s" }\n[rename]\n'
    bare, quoted = tmp_path / "bare.toml", tmp_path / "quoted.toml"
    bare.write_text(f'{head}user.home.city = "city"\n')
    quoted.write_text(f'{head}"user.home.city" = "city"\n')
    assert load(bare, SCHEMAS).rename == load(quoted, SCHEMAS).rename == {"user.home.city": "city"}


@pytest.mark.parametrize("fields", ['"user": 5', '"user": {"home": null}', '"user": {"home": []}', '"other": {}'])
def test_a_path_that_leads_nowhere_leaves_the_column_out_and_keeps_the_field(fields: str) -> None:
    found = record(fields, rename={"user.home.city": "city"})
    assert "city" not in found
    assert len(found["attributes"]) == 1


def test_a_name_with_points_wins_over_the_path() -> None:
    fields = '"user.city": "name", "user": {"city": "path"}'
    assert record(fields, rename={"user.city": "city"}) == {"city": "name", "attributes": {"user": '{"city":"path"}'}}
    assert record('"user": {"home.city": "B"}', rename={"user.home.city": "city"}) == {"city": "B"}


def test_fields_go_into_a_record_of_the_schema() -> None:
    rename = {"town": "address.city", "geo.code": "address.zip"}
    assert record('"town": "B", "geo": {"code": 4000}', rename=rename) == {
        "address": {"city": "B", "zip": "4000", "at": None}
    }


def test_a_record_that_is_put_together_displaces_the_field_of_its_name_which_is_kept() -> None:
    assert record('"town": "B", "address": {"city": "C"}', rename={"town": "address.city"}) == {
        "address": {"city": "B", "zip": None, "at": None},
        "attributes": {"address": '{"city":"C"}'},
    }


def test_a_rejection_of_a_part_names_the_path_in_the_source() -> None:
    rename = {"where.town": "address.city", "lat": "address.at"}
    assert refusal('"where": {"town": []}', rename=rename).startswith("where.town: ")
    assert refusal('"where": {"town": "B"}, "lat": ["x"]', rename=rename).startswith("lat[0]: ")
    assert refusal('"lat": [1]', rename=rename).startswith("address.city: no value")


def test_id_and_time_may_be_paths() -> None:
    line = '{"meta": {"id": "m-1", "at": [{"s": 1.5}], "x": 0}}'
    event = mapped(line, id={"field": "meta.id"}, time={"field": "meta.at[0].s", "format": "epoch_s"})
    assert event == WorkloadEvent(
        "order", {"event_id": "m-1", "event_time": 1_500_000, "attributes": {"meta": '{"x":0}'}}
    )


def test_a_hash_may_be_of_paths_and_keeps_their_fields() -> None:
    event = mapped('{"t": 0, "a": {"b": 1}, "c": [2]}', id={"hash": ["a.b", "c[0]"]})
    assert isinstance(event, WorkloadEvent)
    assert event.event_id == hash_of_pairs([("a.b", 1), ("c[0]", 2)])
    assert event.record["attributes"] == {"a": '{"b":1}', "c": "[2]"}
    missing = mapped('{"t": 0, "a": {"b": 1}, "c": []}', id={"hash": ["a.b", "c[0]"]})
    assert isinstance(missing, Rejection)
    assert missing.reason is RejectReason.MISSING_ID
    assert missing.message.startswith("c[0]: ")


@pytest.mark.parametrize("names", [["*"], ["a", "*"]])
def test_a_star_in_a_list_is_refused_before_the_first_line(names: list[str]) -> None:
    with pytest.raises(MappingError, match=r'id\.hash: "\*" is no name.*hash = "\*"'):
        checked(id={"hash": names})


def test_a_source_may_have_its_times_in_several_formats() -> None:
    time = {"field": "t", "format": ["iso8601", "epoch_ms", "%d.%m.%Y"]}
    moment = int(datetime(2025, 1, 2, tzinfo=UTC).timestamp()) * 1_000_000
    for written in ('"2025-01-02T00:00:00Z"', '"2025-01-02t00:00:00z"', str(moment // 1000), '"02.01.2025"'):
        event = mapped(f'{{"id": "i", "t": {written}}}', time=time)
        assert isinstance(event, WorkloadEvent)
        assert event.time_us == moment
    refused = mapped('{"id": "i", "t": "soon"}', time=time)
    assert isinstance(refused, Rejection)
    assert refused.reason is RejectReason.BAD_TIME
    with pytest.raises(MappingError, match="would never be used"):
        checked(time={"field": "t", "format": ["epoch_s", "epoch_ms"]})


@pytest.mark.parametrize(
    ("rename", "key", "said"),
    [
        ({"a": "address.street"}, "rename.a", "address has no field street. Name one of: city, zip, at"),
        ({"a": "tags.x"}, "rename.a", "tags has no field x"),
        ({"a": "address", "b": "address.city"}, "rename.b", "address is given twice"),
        ({"a": {"b": 5}}, "rename.a.b", "name of a field"),
        ({"a": {"b": "city"}, "a.b": "first"}, "rename.a.b", "given twice"),
        ({"a": {}}, "rename.a", "name of a field"),
    ],
)
def test_a_mistake_in_a_path_names_key_rule_and_the_way_out(rename: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        checked(rename=rename)
    assert caught.value.key == key
    assert said in str(caught.value)


def test_a_schema_that_is_none_is_a_mistake_of_the_schema() -> None:
    broken = schema({"name": "x", "type": "int", "default": "y"})
    with pytest.raises(MappingError, match="the raw schema of order is none: field x"):
        from_document(RULES, "mine.toml", {"order": broken})


@pytest.mark.parametrize(
    ("avro", "expected"),
    [
        ("bytes", {"x": b"\xff"}),
        (["bytes", "null"], {"x": b"\xff"}),
        (["int", "bytes"], {"x": b"\xff"}),
        (["string", "bytes"], {"x": ("string", "\xff")}),
    ],
)
def test_a_default_that_the_encoder_would_not_take_is_written(avro: Any, expected: dict[str, Any]) -> None:
    schemas = {"order": schema({"name": "x", "type": avro, "default": "\xff"})}
    event = Mapper(from_document(RULES, "mine.toml", schemas)).event({"id": "i", "t": "0"})
    assert isinstance(event, WorkloadEvent)
    assert {name: value for name, value in event.record.items() if name == "x"} == expected


@pytest.mark.parametrize("default", [{}, {"default": "x"}])
def test_null_is_written_where_to_leave_it_out_would_be_another_value(default: dict[str, Any]) -> None:
    schemas = {"order": schema({"name": "x", "type": ["string", "null"], **default})}
    event = Mapper(from_document(RULES, "mine.toml", schemas)).event({"id": "i", "t": "0", "x": None})
    assert isinstance(event, WorkloadEvent)
    assert event.record["x"] is None


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_line_nested_a_thousand_deep_is_rejected(opening: str) -> None:
    deep: Any = "x"
    for _ in range(1_000):
        deep = [deep] if opening == "[" else {"a": deep}
    found = Mapper(checked()).event({"id": "i", "t": "0", "other": deep})
    assert isinstance(found, Rejection)
    assert found.message == "nested too deeply"


def test_one_line_leaves_nothing_behind_for_the_next() -> None:
    mapper = Mapper(checked())
    bad = mapper.event({"id": "i", "t": "0", "address": {"z": 1, "city": []}})
    assert isinstance(bad, Rejection)
    good = mapper.event({"id": "i", "t": "0", "tags": ["five"]})
    assert isinstance(good, WorkloadEvent)
    worse = mapper.event({"id": "i", "t": "0", "tags": [{}]})
    assert isinstance(worse, Rejection)
    assert worse.message.startswith("tags[0]: ")


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a[0][12].b-c d", ("a", 0, 12, "b-c d")),
        ("a..b", ("a..b",)),
        ("[0]", ("[0]",)),
        ("a[x]", ("a[x]",)),
        (".a", (".a",)),
    ],
)
def test_a_text_that_is_no_path_is_a_name(text: str, steps: tuple[Any, ...]) -> None:
    assert JsonPath.of(text).steps == steps


def test_names_that_would_read_as_a_path_are_quoted_in_one() -> None:
    assert path_text(("a.b", "c", "d.e", 0, "")) == 'a.b.c."d.e"[0].""'


@pytest.mark.parametrize(
    ("value", "ways", "left"),
    [
        ({"a": 1, "b": 2}, [("a",)], {"b": 2}),
        ({"a": {"b": 1}}, [("a", "b")], Nothing.NOTHING),
        ({"a": [1, 2]}, [("a", 0)], {"a": [1, 2]}),
        ({"a": [1, 2]}, [("a", 0), ("a", 1)], Nothing.NOTHING),
        ({"a": [{"b": 1}], "c": None}, [("a", 0, "b")], {"c": None}),
        ({}, [], {}),
    ],
)
def test_what_is_left_is_what_was_not_taken(value: Any, ways: list[Any], left: Any) -> None:
    assert without(value, ways) == left
