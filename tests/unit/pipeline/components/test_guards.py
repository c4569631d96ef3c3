"""Settings that contradict each other, and changes that would do harm, are refused with the way out; no others are."""

import tomllib
from typing import Any

import pytest

from tests.unit.pipeline.components.settings import EVERY_SETTING, leaves
from wavetank.pipeline.components.guards import (
    Acceptance,
    changes,
    contradictions,
    document_of,
    from_document,
)
from wavetank.pipeline.components.model import Component
from wavetank.pipeline.errors import ConfigurationError

GUARDED = {"hash_buckets", "look_back_hours"}


def component(**settings: Any) -> Component:
    return Component.model_validate(settings)


def test_what_is_by_default_does_not_contradict_itself() -> None:
    assert list(contradictions(Component())) == []


@pytest.mark.parametrize(("retention", "give_up", "holds"), [(24, 23, True), (24, 24, False), (48, 168, False)])
def test_a_stream_keeps_its_records_for_longer_than_they_are_tried(retention: int, give_up: int, holds: bool) -> None:
    settings = component(stream={"retention_hours": retention}, processor={"give_up_hours": give_up})
    assert [("keep it for longer" in sentence) for sentence in contradictions(settings)] == [True] * (not holds)


@pytest.mark.parametrize("key", ["chunk_days", "part_days"])
@pytest.mark.parametrize(("look_back", "least"), [(11, 1), (12, 2), (24, 3), (336, 29)])
def test_files_outlast_twice_the_look_back(key: str, look_back: int, least: int) -> None:
    expiry = {"chunk_days": 30, "part_days": 30}
    enough = component(look_back_hours=look_back, expiry=expiry | {key: least})
    assert list(contradictions(enough)) == []
    if least > 1:
        (sentence,) = contradictions(component(look_back_hours=look_back, expiry=expiry | {key: least - 1}))
        assert f"set {key} to {least} at least" in sentence


def test_hash_buckets_stay_once_data_are_at_rest() -> None:
    (finding,) = changes("click", component(hash_buckets=2), component(hash_buckets=4), at_rest=True)
    assert "cannot change from 2 to 4" in str(finding)
    assert "set it back to 2" in str(finding)
    assert finding.accepted_by is None
    assert changes("click", component(hash_buckets=2), component(hash_buckets=4), at_rest=False) == []


@pytest.mark.parametrize(("look_back", "effect"), [(24, "now become one"), (6, "become two events")])
def test_a_look_back_says_what_it_changes_and_is_changed_when_that_is_accepted(look_back: int, effect: str) -> None:
    (finding,) = changes("click", Component(), component(look_back_hours=look_back), at_rest=True)
    assert effect in str(finding)
    assert "with --accept-look-back it is done" in str(finding)
    assert finding.accepted_by is Acceptance.LOOK_BACK
    assert changes("click", Component(), component(look_back_hours=look_back), at_rest=False) == []


@pytest.mark.parametrize(
    ("before", "after", "step"), [(2, 4, None), (2, 5, 4), (4, 2, None), (5, 2, 3), (8, 3, 4), (1, 2, None), (1, 3, 2)]
)
def test_shards_are_at_most_doubled_or_halved_at_once(before: int, after: int, step: int | None) -> None:
    findings = changes("click", component(stream={"shards": before}), component(stream={"shards": after}), at_rest=True)
    assert [f"deploy {step} first" in str(finding) for finding in findings] == [True] * (step is not None)


def test_a_stream_may_become_on_demand_and_provisioned_again() -> None:
    provisioned, on_demand = component(stream={"shards": 1}), component(stream={"mode": "on-demand"})
    assert changes("click", provisioned, on_demand, at_rest=True) == []
    assert changes("click", on_demand, component(stream={"shards": 50}), at_rest=True) == []


def test_an_event_type_that_was_never_deployed_may_be_anything() -> None:
    assert changes("click", None, component(hash_buckets=7, stream={"shards": 100}), at_rest=True) == []


@pytest.mark.parametrize(
    ("key", "value"), [one for one in leaves(tomllib.loads(EVERY_SETTING)) if one[0] not in GUARDED]
)
def test_every_other_setting_changes_while_data_are_at_rest(key: str, value: Any) -> None:
    table, _, name = key.rpartition(".")
    after = component(**({table: {name: value}} if table else {name: value}))
    assert after != Component()
    assert changes("click", Component(), after, at_rest=True) == []


def test_what_is_kept_of_a_deployment_is_read_again_also_from_a_release_that_kept_more() -> None:
    settings = component(hash_buckets=3, look_back_hours=6, stream={"shards": 5, "retention_hours": 48})
    assert from_document(document_of(settings)) == settings
    assert from_document(b'{"hash_buckets": 3, "of_a_later_release": 1}').hash_buckets == 3


@pytest.mark.parametrize("document", [b"", b"[]", b'{"hash_buckets": "many"}', b"\xff"])
def test_what_is_no_such_document_is_told(document: bytes) -> None:
    with pytest.raises(ConfigurationError, match="no such document"):
        from_document(document)
