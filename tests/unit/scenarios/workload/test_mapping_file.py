"""Mapping files: checked whole, and applied so that nothing of a line is lost."""

from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.workload.json_paths import avro_name
from wavetank.scenarios.workload.mapper import OTHER_NAMES, Mapper, content_hash
from wavetank.scenarios.workload.mapping_file import EventMapping, MappingError, find, from_document, load
from wavetank.scenarios.workload.ndjson import json_text, parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.synthetic import WorkloadEvent

TIME = "2019-11-24T00:01:03.979311Z"
TIME_US = 1_574_553_663_979_311
TEXT_MAP = {"type": "map", "values": "string"}
TYPES: dict[str, Any] = {
    "event_id": "string",
    "event_time": {"type": "long", "logicalType": "timestamp-micros"},
    "campaign": ["null", "string"],
    "user_id": ["null", "string"],
    "position": ["null", "int"],
    "raw": ["null", "bytes"],
    "features": TEXT_MAP,
    "attributes": TEXT_MAP,
}
BARE = {name: avro for name, avro in TYPES.items() if avro != TEXT_MAP}


def schema(types: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "record",
        "name": "Ping",
        "fields": [
            {"name": name, "type": avro, **({"default": None} if isinstance(avro, list) else {})}
            for name, avro in types.items()
        ],
    }


SCHEMAS = {"ping": schema(TYPES), "bare": schema(BARE)}
RULES: dict[str, Any] = {
    "event": "ping",
    "id": {"field": "uuid"},
    "time": {"field": "at", "format": "iso8601"},
}


def checked(**rules: Any) -> EventMapping:
    return from_document({**RULES, **rules}, "mine.toml", SCHEMAS)


def mapped(line: str, **rules: Any) -> WorkloadEvent | Rejection:
    source = parse(line.encode())
    assert isinstance(source, dict)
    return Mapper(checked(**rules)).event(source)


def record(fields: str, **rules: Any) -> dict[str, Any]:
    """The record of a line with an id, a time and `fields`, without id and time."""
    event = mapped(f'{{"uuid": "u", "at": "{TIME}", {fields}}}', **rules)
    assert isinstance(event, WorkloadEvent)
    return {name: value for name, value in event.record.items() if name not in ("event_id", "event_time")}


def test_id_and_time_come_from_their_rules_and_nowhere_else() -> None:
    event = mapped(f'{{"uuid": "u-1", "at": "{TIME}", "event_id": "theirs", "event_time": 5}}')
    assert event == WorkloadEvent(
        "ping",
        {
            "event_id": "u-1",
            "event_time": TIME_US,
            "attributes": {"event_id": '"theirs"', "event_time": "5"},
        },
    )


def test_an_id_that_is_a_number_keeps_its_digits() -> None:
    event = mapped(f'{{"uuid": 12345678901234567890123, "at": "{TIME}"}}')
    assert isinstance(event, WorkloadEvent)
    assert event.event_id == "12345678901234567890123"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('"campaign": "men"', {"campaign": "men"}),
        ('"campaign": null', {}),
        ('"position": "3"', {"position": 3}),
        ('"user-id": "x"', {"user_id": "x"}),
        ('"user-id": "x", "user_id": "y"', {"user_id": "y", "attributes": {"user-id": '"x"'}}),
        ('"user-id": "x", "user.id": "y"', {"user_id": "x", "attributes": {"user.id": '"y"'}}),
        ('"user-item_affinity_0": 0.10', {"attributes": {"user-item_affinity_0": "0.10"}}),
        ('"deep": {"a": [1, null]}', {"attributes": {"deep": '{"a":[1,null]}'}}),
        ('"gone": null', {"attributes": {"gone": "null"}}),
        ('"raw": "AAEC"', {"raw": b"\x00\x01\x02"}),
        ('"attributes": {"a": 1}', {"attributes": {"attributes": '{"a":1}'}}),
        ('"features": {"f": "x"}', {"features": {"f": "x"}}),
    ],
)
def test_each_field_goes_where_it_fits_best_and_the_rest_is_kept(fields: str, expected: dict[str, Any]) -> None:
    assert record(fields) == expected


def test_a_rename_wins_over_the_field_of_that_name_which_is_kept() -> None:
    fields = '"brand": "a", "campaign": "b"'
    assert record(fields, rename={"brand": "campaign"}) == {
        "campaign": "a",
        "attributes": {"campaign": '"b"'},
    }


def test_the_fields_of_id_and_time_may_be_renamed_too() -> None:
    assert record('"x": 1', rename={"uuid": "user_id"}) == {"user_id": "u", "attributes": {"x": "1"}}


def test_collected_fields_keep_their_names_in_the_map() -> None:
    fields = '"f_1": "a", "f_2": 0.50, "f_3": null, "other": 1, "features": {"q": "z"}'
    assert record(fields, collect={"features": ["f_*"]}) == {
        "features": {"f_1": "a", "f_2": "0.50", "f_3": "null"},
        "attributes": {"other": "1", "features": '{"q":"z"}'},
    }


def test_without_an_attributes_map_what_has_no_place_is_counted() -> None:
    mapper = Mapper(checked(event="bare"))
    for _ in range(3):
        event = mapper.event({"uuid": "u", "at": TIME, "campaign": "c", "extra-name": "x"})
        assert isinstance(event, WorkloadEvent)
        assert set(event.record) == {"event_id", "event_time", "campaign"}
    assert mapper.unmapped == {"extra-name": 3}


def test_names_that_are_ids_do_not_fill_the_memory() -> None:
    mapper = Mapper(checked(event="bare"))
    for n in range(12_000):
        mapper.event({"uuid": "u", "at": TIME, f"k-{n}": "x"})
    assert len(mapper.unmapped) <= 10_001
    assert sum(mapper.unmapped.values()) == 12_000
    assert mapper.unmapped[OTHER_NAMES] == 2_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f'{{"at": "{TIME}"}}', RejectReason.MISSING_ID),
        (f'{{"uuid": null, "at": "{TIME}"}}', RejectReason.MISSING_ID),
        (f'{{"uuid": "", "at": "{TIME}"}}', RejectReason.MISSING_ID),
        (f'{{"uuid": ["u"], "at": "{TIME}"}}', RejectReason.BAD_ID),
        ('{"uuid": "u"}', RejectReason.MISSING_TIME),
        ('{"uuid": "u", "at": null}', RejectReason.MISSING_TIME),
        ('{"uuid": "u", "at": "soon"}', RejectReason.BAD_TIME),
        ('{"uuid": "u", "at": "9999-12-31T23:00:00-05:00"}', RejectReason.BAD_TIME),
        (f'{{"uuid": "u", "at": "{TIME}", "position": "first"}}', RejectReason.BAD_TYPE),
    ],
)
def test_a_line_that_cannot_be_an_event_says_which_field_and_why(line: str, reason: RejectReason) -> None:
    found = mapped(line)
    assert isinstance(found, Rejection)
    assert found.reason is reason
    assert found.message.split(":")[0] in ("uuid", "at", "position")


def test_a_content_hash_depends_on_names_and_values_but_not_on_their_order_in_the_line() -> None:
    one = {"a": "x", "b": "y"}
    assert content_hash(one) == content_hash({"b": "y", "a": "x"})
    assert content_hash(one, ("a", "b")) != content_hash(one, ("b", "a"))
    assert content_hash(one, ("a",)) == content_hash({"a": "x", "b": "z"}, ("a",))
    assert len({content_hash(one), content_hash({"a": "y", "b": "x"}), content_hash({"a": 'x","b":"y'})}) == 3


def test_a_hash_needs_a_value_in_every_field() -> None:
    found = mapped(f'{{"a": 1, "b": null, "at": "{TIME}"}}', id={"hash": ["a", "b"]})
    assert isinstance(found, Rejection)
    assert found.reason is RejectReason.MISSING_ID


def test_hashed_fields_are_kept_as_fields() -> None:
    event = mapped(f'{{"campaign": "c", "row": 7, "at": "{TIME}"}}', id={"hash": ["campaign", "row"]})
    assert isinstance(event, WorkloadEvent)
    assert event.record["campaign"] == "c"
    assert event.record["attributes"] == {"row": "7"}
    source = parse(b'{"campaign": "c", "row": 7}')
    assert isinstance(source, dict)
    assert event.event_id == content_hash(source, ("campaign", "row"))


@pytest.mark.parametrize(
    ("name", "fitted"),
    [("user-id", "user_id"), ("a.b c", "a_b_c"), ("2nd", "_2nd"), ("é", "_"), ("ok_1", "ok_1")],
)
def test_names_are_made_to_fit_avros_letters(name: str, fitted: str) -> None:
    assert avro_name(name) == fitted


@pytest.mark.parametrize(
    ("rules", "key", "said"),
    [
        ({"event": "pong"}, "event", "bare, ping"),
        ({"event": None}, "event", "bare, ping"),
        ({"ident": {}}, "ident", "There are: collect, csv, event, id, rename, time"),
        ({"id": {}}, "id", "exactly one"),
        ({"id": {"field": "a", "hash": ["b"]}}, "id", "exactly one"),
        ({"id": {"feild": "a"}}, "id.feild", "field, hash"),
        ({"id": {"field": ""}}, "id.field", "not empty"),
        ({"id": {"hash": []}}, "id.hash", "not empty"),
        ({"id": {"hash": ["a", "a"]}}, "id.hash", "twice"),
        ({"id": {"hash": "a"}}, "id.hash", "list of names"),
        ({"id": "uuid"}, "id", "[id]"),
        ({"time": {"format": "iso8601"}}, "time.field", "missing"),
        ({"time": {"field": "at"}}, "time.format", "missing"),
        ({"time": {"field": "at", "format": "epoch"}}, "time.format", "epoch_ms"),
        ({"time": {"field": "at", "format": "%q"}}, "time.format", "directive"),
        ({"rename": {"a": "nowhere"}}, "rename.a", "campaign, user_id, position, raw, features"),
        ({"rename": {"a": "position.x"}}, "rename.a", "position has no field x"),
        ({"rename": {"a": "attributes"}}, "rename.a", "keeps what has no field"),
        ({"rename": {"a": "event_id"}}, "rename.a", "[id]"),
        ({"rename": {"a": 1}}, "rename.a", "name of a field"),
        ({"rename": {"a": "campaign", "b": "campaign"}}, "rename.b", "twice"),
        ({"collect": {"campaign": "c_*"}}, "collect.campaign", "features, attributes"),
        ({"collect": {"features": []}}, "collect.features", "not empty"),
        ({"collect": {"features": "f_*"}, "rename": {"f": "features"}}, "collect.features", "not both"),
    ],
)
def test_a_mistake_in_the_file_names_file_key_rule_and_the_way_out(rules: dict[str, Any], key: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        checked(**rules)
    assert str(caught.value).startswith(f"mine.toml: {key}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [(b"event = ", "not TOML"), (b"\xff", "not TOML"), (None, "No such file")])
def test_a_file_that_is_no_toml_says_so(tmp_path: Path, text: bytes | None, said: str) -> None:
    path = tmp_path / "mine.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(MappingError, match=said):
        load(path, SCHEMAS)


def test_the_bundled_mapping_takes_a_line_of_the_open_bandit_dataset_whole() -> None:
    types = {name: route.schema.definition for name, route in routes(topology.load(project_root() / "schemas")).items()}
    mapper = Mapper(load(find("obd-impressions", project_root() / "mappings"), types))
    line = (
        '{"behavior_policy":"bts","campaign":"men","row":0,"timestamp":"2019-11-24 00:01:03.979311+00:00",'
        '"item_id":2,"position":2,"click":1,"propensity_score":0.045525,"user_feature_0":"cef3",'
        '"user-item_affinity_0":0.10}'
    )
    source = parse(line.encode())
    assert isinstance(source, dict)
    assert mapper.event(source) == WorkloadEvent(
        "impression",
        {
            "event_id": "24d1dd873b6f96e55f7e70ee7cbeae29",
            "event_time": TIME_US,
            "policy": "bts",
            "campaign": "men",
            "item_id": 2,
            "position": 2,
            "clicked": True,
            "propensity": 0.045525,
            "user_features": {"user_feature_0": "cef3"},
            "attributes": {"row": "0", "user-item_affinity_0": "0.10"},
        },
    )
    assert json_text(source) == line


def test_a_mapping_is_found_by_path_first_then_in_the_project_and_then_by_its_bundled_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mappings"
    folder.mkdir()
    assert find("obd-impressions", folder).is_file()
    (folder / "obd-impressions.toml").write_text("")
    assert find("obd-impressions", folder) == folder / "obd-impressions.toml"
    (tmp_path / "obd-impressions").write_text("")
    assert find("obd-impressions", folder) == Path("obd-impressions")
    assert find("absent.toml", folder) == Path("absent.toml")
