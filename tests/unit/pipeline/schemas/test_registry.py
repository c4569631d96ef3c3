"""Schemas are found by what they are; the registry is asked no more often than it must be."""

import json

import pytest

from tests.unit.pipeline.examples import PING, PING_V2, document, schema
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.errors import RegistryFault
from wavetank.pipeline.schemas.registry import Registry


class Folder:
    """A registry bucket in memory that counts how often it is listed."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.lists = 0
        self.reads: list[str] = []

    def versions(self, prefix: str) -> dict[str, str]:
        self.lists += 1
        return {key: str(hash(data)) for key, data in self.objects.items() if key.startswith(prefix)}

    def find(self, key: str) -> bytes | None:
        self.reads.append(key)
        return self.objects.get(key)


V1 = json.dumps(document()).encode()
V2 = json.dumps(PING_V2.definition).encode()
V1_KEY, V2_KEY = "schemas/ping/processed/v1.avsc", "schemas/ping/processed/v2.avsc"


def test_a_schema_is_found_by_its_fingerprint() -> None:
    registry = Registry(Folder({V1_KEY: V1}), "ping")
    assert registry.resolve(Role.PROCESSED, [PING.fingerprint])[PING.fingerprint].version == 1


def test_a_known_fingerprint_is_never_asked_for_again() -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    for _ in range(5):
        registry.resolve(Role.PROCESSED, [PING.fingerprint])
    assert folder.lists == 1


def test_an_unknown_fingerprint_costs_one_refresh_a_call_and_is_missing_from_the_answer() -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    assert registry.resolve(Role.PROCESSED, [bytes(16), bytes(range(16))]) == {}
    assert folder.lists == 1


def test_a_version_published_later_is_found_by_the_refresh() -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    assert registry.newest(Role.PROCESSED).version == 1
    folder.objects[V2_KEY] = V2
    assert PING_V2.fingerprint in registry.resolve(Role.PROCESSED, [PING_V2.fingerprint])
    assert registry.newest(Role.PROCESSED).version == 2


def test_an_overwritten_version_answers_to_what_it_is_now() -> None:
    registry = Registry(Folder({V1_KEY: V2}), "ping")
    assert set(registry.resolve(Role.PROCESSED, [PING.fingerprint, PING_V2.fingerprint])) == {PING_V2.fingerprint}


def test_the_roles_are_apart() -> None:
    registry = Registry(Folder({V1_KEY: V1}), "ping")
    assert registry.resolve(Role.RAW, [schema(role=Role.RAW).fingerprint]) == {}


def test_an_object_that_is_no_schema_is_a_fault_of_the_registry_that_names_it() -> None:
    with pytest.raises(RegistryFault, match=r"schemas/ping/processed/v1\.avsc"):
        Registry(Folder({V1_KEY: b"{"}), "ping").newest(Role.PROCESSED)


def test_a_role_without_a_published_schema_is_a_fault_that_says_what_to_do() -> None:
    with pytest.raises(RegistryFault, match="publish"):
        Registry(Folder({}), "ping").newest(Role.PROCESSED)


RAW = json.dumps(document()).encode()
SCORE = {"name": "score", "type": ["null", "int"], "default": None}
RAW_KEY, IDS_KEY, INDEX_KEY = "schemas/ping/raw/v1.avsc", "schemas/ping/ids.json", "schemas/ping/index.json"


def index(**versions: int) -> bytes:
    return json.dumps({"schemas": {"processed": versions}}).encode()


def test_a_new_version_in_the_index_is_found_without_a_listing() -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    registry.resolve(Role.PROCESSED, [PING.fingerprint])
    folder.objects |= {V2_KEY: V2, INDEX_KEY: index(**{PING.fingerprint.hex(): 1, PING_V2.fingerprint.hex(): 2})}
    assert registry.resolve(Role.PROCESSED, [PING_V2.fingerprint])[PING_V2.fingerprint].version == 2
    assert (folder.lists, registry.newest(Role.PROCESSED).version) == (1, 2)


@pytest.mark.parametrize("wrong", [b"{", b"[]", b'{"schemas": 7}', index(**{PING_V2.fingerprint.hex(): 9})])
def test_an_index_that_is_wrong_costs_a_listing_and_nothing_else(wrong: bytes) -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    registry.resolve(Role.PROCESSED, [PING.fingerprint])
    folder.objects |= {V2_KEY: V2, INDEX_KEY: wrong}
    assert PING_V2.fingerprint in registry.resolve(Role.PROCESSED, [PING_V2.fingerprint])


def test_a_new_raw_version_brings_the_newer_processed_one_with_it() -> None:
    raw, newer = schema(role=Role.RAW), schema(SCORE, role=Role.RAW, version=2)
    folder = Folder({V1_KEY: V1, RAW_KEY: RAW})
    registry = Registry(folder, "ping")
    registry.resolve(Role.RAW, [raw.fingerprint])
    fingerprints = {"raw": {newer.fingerprint.hex(): 2}, "processed": {PING_V2.fingerprint.hex(): 2}}
    folder.objects |= {
        V2_KEY: V2,
        "schemas/ping/raw/v2.avsc": V2,
        INDEX_KEY: json.dumps({"schemas": fingerprints}).encode(),
    }
    registry.resolve(Role.RAW, [newer.fingerprint])
    assert (folder.lists, registry.newest(Role.PROCESSED).version) == (1, 2)


def test_a_refresh_reads_only_what_is_new_or_changed() -> None:
    folder = Folder({V1_KEY: V1})
    registry = Registry(folder, "ping")
    for _ in range(3):
        registry.resolve(Role.PROCESSED, [bytes(16)])
    assert (folder.lists, folder.reads.count(V1_KEY)) == (3, 1)
    folder.objects[V1_KEY] = V2
    assert PING_V2.fingerprint in registry.resolve(Role.PROCESSED, [PING_V2.fingerprint])


def test_a_refresh_is_preceded_by_a_pause_and_a_known_fingerprint_by_none() -> None:
    pauses: list[None] = []
    registry = Registry(Folder({V1_KEY: V1}), "ping", lambda: pauses.append(None))
    for fingerprint in (PING.fingerprint, PING.fingerprint, bytes(16)):
        registry.resolve(Role.PROCESSED, [fingerprint])
    assert len(pauses) == 2


def test_a_corrupt_object_stalls_what_may_need_it_and_nothing_else() -> None:
    registry = Registry(Folder({V1_KEY: V1, V2_KEY: b"{"}), "ping")
    assert PING.fingerprint in registry.resolve(Role.PROCESSED, [PING.fingerprint])
    with pytest.raises(RegistryFault, match=r"v2\.avsc in the registry is not a schema"):
        registry.resolve(Role.PROCESSED, [PING_V2.fingerprint])


def test_a_schema_is_found_by_its_crc_and_by_the_id_it_was_given() -> None:
    raw = schema(role=Role.RAW)
    registry = Registry(Folder({RAW_KEY: RAW, IDS_KEY: b'{"259": 1, "7": 4}'}), "ping")
    schemas = registry.resolve(Role.RAW, [raw.crc64, b"\x00\x00\x01\x03", b"\x00\x00\x00\x07"])
    assert {reference.hex() for reference in schemas} == {raw.crc64.hex(), "00000103"}


def test_a_registry_that_is_down_is_a_fault_and_not_an_answer() -> None:
    class Down(Folder):
        def versions(self, prefix: str) -> dict[str, str]:
            raise RegistryFault("503")

    with pytest.raises(RegistryFault):
        Registry(Down({}), "ping").resolve(Role.RAW, [bytes(16)])


EITHER = {"name": "either", "type": ["int", "string"]}
"""A field that Parquet has no column for."""


@pytest.mark.parametrize("order", [("v1", "v2"), ("v2", "v1")])
def test_a_version_that_cannot_be_at_rest_is_not_the_newest_where_there_is_another(order: tuple[str, str]) -> None:
    objects = {V1_KEY: V1, V2_KEY: json.dumps(document(EITHER)).encode()}
    folder = Folder({key: objects[key] for key in sorted(objects, key=lambda key: order.index(key[-7:-5]))})
    registry = Registry(folder, "ping")
    assert registry.newest(Role.PROCESSED).version == 1
    reference = schema(EITHER).fingerprint
    assert "a union of several types" in registry.resolve(Role.PROCESSED, [reference])[reference].unlandable


def test_it_is_the_newest_where_there_is_no_other_and_for_only_as_long() -> None:
    folder = Folder({V1_KEY: json.dumps(document(EITHER)).encode()})
    registry = Registry(folder, "ping")
    assert registry.newest(Role.PROCESSED).unusable.startswith("field either: ")
    folder.objects[V2_KEY] = V2
    assert registry.newest(Role.PROCESSED).version == 2
    lists = folder.lists
    assert (registry.newest(Role.PROCESSED).version, folder.lists) == (2, lists)


def test_what_is_raw_may_have_types_that_cannot_be_at_rest() -> None:
    registry = Registry(Folder({RAW_KEY: json.dumps(document(EITHER)).encode()}), "ping")
    assert not registry.newest(Role.RAW).unusable
