"""Types that event types share are written out where a schema first uses them; what is published depends on no file."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastavro import parse_schema
from fastavro.schema import to_parsing_canonical_form
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.examples import document
from wavetank.pipeline.avro.canonical import canonical_of
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.core.schema import parse as parse_as_the_functions_do
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.schemas.checks import Findings, check_folder
from wavetank.pipeline.schemas.shared import SharedTypes, text_of
from wavetank.pipeline.topology import load
from wavetank.scenarios.client.wire import newest_schema, peek

Json = Any

COUNTRY = {"type": "enum", "name": "Country", "namespace": "geo", "symbols": ["AT", "NZ"]}
CITY = {
    "type": "record",
    "name": "geo.City",
    "fields": [{"name": "name", "type": "string"}, {"name": "country", "type": "Country"}],
}
PERSON = {
    "type": "record",
    "name": "Person",
    "namespace": "people",
    "fields": [
        {"name": "home", "type": "geo.City"},
        {
            "name": "pet",
            "type": {"type": "record", "name": "Pet", "fields": [{"name": "owner", "type": ["null", "Person"]}]},
        },
    ],
}


PET = {"type": "fixed", "name": "people.Pet", "size": 1}


def field(name: str, avro: Json, **more: Json) -> dict[str, Json]:
    return {"name": name, "type": avro, **more}


def root_of(root: Path, raw: Json, processed: Json = None, **shared: Json) -> Path:
    """A schema folder of the event type ping, and the files of shared types."""
    for name, content in {"raw.v1": raw, "processed.v1": processed or document()}.items():
        write(root / "ping" / f"{name}.avsc", content)
    for name, content in shared.items():
        write(root / "shared" / f"{name}.avsc", content)
    return root


def write(path: Path, content: Json) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def whole(root: Path) -> Json:
    return json.loads(text_of(root / "ping" / "raw.v1.avsc"))


def test_a_type_is_in_full_where_it_is_first_used_and_by_name_after_that(tmp_path: Path) -> None:
    raw = document(
        field("a", "geo.City"), field("b", ["null", "geo.City"]), field("c", {"type": "map", "values": "geo.Country"})
    )
    assert whole(root_of(tmp_path, raw, city=CITY, country=COUNTRY))["fields"][3:] == [
        field(
            "a",
            {
                "type": "record",
                "name": "City",
                "namespace": "geo",
                "fields": [field("name", "string"), field("country", COUNTRY)],
            },
        ),
        field("b", ["null", "geo.City"]),
        field("c", {"type": "map", "values": "geo.Country"}),
    ]


def box(name: str, *types: Json) -> Json:
    return {"type": "record", "name": name, "fields": [field(f"f{at}", avro) for at, avro in enumerate(types)]}


USES: list[tuple[str, Json]] = [
    ("directly", "people.Person"),
    ("optional", ["null", "people.Person"]),
    ("in an array of maps", {"type": "array", "items": {"type": "map", "values": "people.Person"}}),
    ("as the type of an object", {"type": "people.Person"}),
    ("as the type of an object in an object", {"type": {"type": "people.Person"}}),
    ("in a record of its own", box("own.Box", "people.Person", "geo.City")),
    ("inner type first", box("Box", "people.Pet", "people.Person")),
    ("by short name in its namespace", box("people.Box", "Pet", "Person")),
]  # fmt: skip


@pytest.mark.parametrize("avro", [use for _, use in USES], ids=[name for name, _ in USES])
def test_wherever_a_type_is_used_what_is_published_stands_by_itself(tmp_path: Path, avro: Json) -> None:
    """Types that use one another in a circle, and one that is defined inside another, are each written once."""
    pets = [PERSON | {"fields": [*PERSON["fields"], field("lives", ["null", "people.Town"])]},
            {"type": "record", "name": "people.Town", "fields": [field("mayor", ["null", "Person"])]}]  # fmt: skip
    raw = document(
        field("a", avro), field("b", ["null", "people.Pet"]), field("c", ["null", "people.Town", "geo.Country"])
    )
    root = root_of(tmp_path, raw, people=pets, geo=[COUNTRY, CITY])
    assert check_folder(load(root)) == Findings()
    text = text_of(root / "ping" / "raw.v1.avsc")
    assert canonical_of(json.loads(text)) == to_parsing_canonical_form(parse_schema(json.loads(text)))
    assert parse_as_the_functions_do(text, "ping", Role.RAW, 1).unusable == ""
    assert SharedTypes({}).self_contained(text) == text


def test_a_file_that_uses_no_shared_type_is_published_byte_for_byte(tmp_path: Path) -> None:
    own = '{ "type":"record", "name":"geo.City",\n "fields":[{"name":"again", "type":["null","City"]}] }'
    root = root_of(tmp_path, own, city=CITY, country=COUNTRY)
    assert text_of(root / "ping" / "raw.v1.avsc") == own.encode()


def test_without_a_folder_of_shared_types_nothing_is_shared(tmp_path: Path) -> None:
    assert check_folder(load(root_of(tmp_path, document()))) == Findings()


BROKEN: list[tuple[str, Json, dict[str, Json], str]] = [
    ("unknown", document(field("a", "geo.Town")), {"geo": [COUNTRY, CITY]},
     r"raw\.v1\.avsc: there is no type 'geo.Town' in the file or in shared/; there are: geo.City, geo.Country, tests"),
    ("unknown, none shared", document(field("a", "Town")), {}, r"no type 'Town' .*; there are: tests\.Ping"),
    ("unknown in a shared file", document(), {"city": CITY},
     r"shared/city\.avsc: type geo\.City: there is no type 'Country' .*there are: geo\.City$"),
    ("shared twice", document(), {"a": COUNTRY, "b": COUNTRY}, r"b\.avsc: geo\.Country is defined in .*a\.avsc too"),
    ("in the file too", document(field("c", COUNTRY), field("a", "geo.City")), {"geo": [COUNTRY, CITY]},
     r"raw\.v1\.avsc: geo\.Country is defined in the file, and geo\.City, which it uses, means another"),
    ("inside a shared one too", document(field("c", PET), field("a", "people.Person")),
     {"people": PERSON, "geo": [COUNTRY, CITY]}, r"raw\.v1\.avsc: people\.Pet is defined in the file"),
    ("no namespace", document(field("a", "Plain")), {"plain": PET | {"name": "Plain"}},
     r"Plain in .*plain\.avsc has no namespace and is used inside tests: give it one"),
    ("no named type", document(), {"list": {"type": "array", "items": "int"}}, r"list\.avsc: holds a record"),
    ("no JSON", document(), {"text": "{"}, r"text\.avsc: not JSON"),
    ("no Avro", document(), {"e": COUNTRY | {"symbols": ["A", "A"]}}, r"e\.avsc: type geo\.Country: not a valid"),
    ("no finite value", document(), {"r": {"type": "record", "name": "R", "fields": [field("r", "R")]}},
     r"r\.avsc: type R: the schema record R has no finite value"),
    ("a chain without end", document(field("a", "n.R0")),
     {"n": [box(f"n.R{at}", f"n.R{at + 1}") for at in range(300)]}, "nested more than 100 deep"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "shared", "rule"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_wrong_with_shared_types_names_the_file_the_type_and_what_there_is(
    tmp_path: Path, raw: Json, shared: dict[str, Json], rule: str
) -> None:
    import re

    problems = check_folder(load(root_of(tmp_path, raw, **shared))).refused
    assert any(re.search(rule, problem) for problem in problems), problems


ANY = st.recursive(
    st.none()
    | st.integers(0, 2)
    | st.sampled_from(["record", "enum", "fixed", "array", "map", "string", "n.A", "A", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "namespace", "fields", "items", "values", "size"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(document=ANY, shared=st.lists(ANY, max_size=3))
def test_whatever_is_in_the_files_the_check_ends_in_sentences(document: Json, shared: list[Json]) -> None:
    with TemporaryDirectory() as folder:
        files = {f"s{at}": content for at, content in enumerate(shared)}
        findings = check_folder(load(root_of(Path(folder), document, **files)))
    assert findings.refused != ()


def test_the_folder_of_shared_types_is_no_event_type(tmp_path: Path) -> None:
    root = root_of(tmp_path, document(), country=COUNTRY)
    assert [event.name for event in load(root).events] == ["ping"]
    write(root / "shared" / "raw.v1.avsc", document())
    with pytest.raises(ConfigurationError, match=r"raw\.v1\.avsc: the folder shared holds types .*rename it"):
        load(root)


KEY = "schemas/ping/raw/v1.avsc"


def changed(root: Path, published: bytes) -> tuple[str, ...]:
    """What is refused once the shared city has gained a field."""
    write(root / "shared" / "city.avsc", CITY | {"fields": [*CITY["fields"], field("size", "int", default=0)]})
    return check_folder(load(root), {KEY: published}).refused


def test_a_published_version_keeps_what_it_was_where_a_newer_one_has_the_changed_type(tmp_path: Path) -> None:
    root = root_of(tmp_path, document(field("a", ["null", "geo.City"], default=None)), city=CITY, country=COUNTRY)
    path = root / "ping" / "raw.v1.avsc"
    published = text_of(path)
    (problem,) = changed(root, published)
    assert problem == (
        f"{path}: types that it shares are no longer those of {KEY}, which is published and never changed: "
        f"undo that change, or add raw.v2 (a copy of raw.v1.avsc will do)"
    )
    write(root / "ping" / "raw.v2.avsc", path.read_text())
    assert changed(root, published) == ()
    write(path, document(field("b", ["null", "geo.City"], default=None)))
    assert "a published version is never changed" in changed(root, published)[0]


def test_a_shared_file_that_is_only_written_otherwise_changes_nothing(tmp_path: Path) -> None:
    root = root_of(tmp_path, document(field("a", "geo.City")), city=CITY, country=COUNTRY)
    published = text_of(root / "ping" / "raw.v1.avsc")
    write(root / "shared" / "city.avsc", json.dumps(dict(reversed(CITY.items())), indent=7))
    assert check_folder(load(root), {KEY: published}) == Findings()


def test_a_producer_writes_with_the_schema_as_it_is_published_and_a_record_of_it_can_be_looked_at(
    tmp_path: Path,
) -> None:
    city, optional = field("a", "geo.City"), field("b", ["null", "geo.City"])
    root = root_of(tmp_path, document(city, optional), city=CITY, country=COUNTRY)
    path = root / "ping" / "raw.v1.avsc"
    schema = newest_schema(root / "ping")
    assert schema.fingerprint == parse_as_the_functions_do(text_of(path), "ping", Role.RAW, 1).fingerprint
    body = b"\x04id\x02\x00\x04ab\x00\x02\x04cd\x02"
    assert peek(b"\x00" * 5 + body, [path]) == {
        "event_id": "id", "event_time": peek(b"\x00" * 5 + body, [path])["event_time"], "label": None,  # type: ignore[index]
        "a": {"name": "ab", "country": "AT"}, "b": {"name": "cd", "country": "NZ"},
    }  # fmt: skip
