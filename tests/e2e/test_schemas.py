"""The registry by the command: types that event types share, and versions that were published before a rule was."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import wavetank
from wavetank.emulator.errors import DeployFailed
from wavetank.pipeline import topology
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

TIMES = {"raw": "timestamp-millis", "processed": "timestamp-micros"}


def schema(*fields: dict[str, Any]) -> bytes:
    time = {"type": "long", "logicalType": "timestamp-micros"}
    first = [{"name": "event_id", "type": "string"}, {"name": "event_time", "type": time}]
    return json.dumps({"type": "record", "name": "Wave", "fields": [*first, *fields]}).encode()


def at(logical: str) -> dict[str, Any]:
    return {"name": "at", "type": ["null", {"type": "long", "logicalType": logical}], "default": None}


@pytest.fixture
def folder(deployed_site: Site, tmp_path: Path) -> Iterator[Path]:
    """A schema folder with one event type that is not deployed; nothing of it is left in the registry."""
    (tmp_path / "wave").mkdir()
    yield tmp_path
    bucket = deployed_site.registry_bucket
    for entry in deployed_site.s3.list_objects_v2(Bucket=bucket, Prefix="schemas/wave/").get("Contents", []):
        deployed_site.s3.delete_object(Bucket=bucket, Key=entry["Key"])


def write(folder: Path, role: str, version: int, text: bytes) -> str:
    """Puts a version in the folder; its key in the registry."""
    (folder / "wave" / f"{role}.v{version}.avsc").write_bytes(text)
    return f"schemas/wave/{role}/v{version}.avsc"


def stored(site: Site, key: str) -> bytes:
    body: bytes = site.s3.get_object(Bucket=site.registry_bucket, Key=key)["Body"].read()
    return body


def test_what_was_published_before_a_rule_is_a_warning_and_a_new_version_of_the_kind_is_refused(
    deployed_site: Site, folder: Path
) -> None:
    url = deployed_site.stack.endpoint_url
    for role, logical in TIMES.items():
        key = write(folder, role, 1, schema(at(logical)))
        deployed_site.s3.put_object(Bucket=deployed_site.registry_bucket, Key=key, Body=schema(at(logical)))
    alone = wavetank(url, "schemas", "check", "--schemas", str(folder), "--json")
    assert (alone.exit_code, len(alone.document["problems"]), alone.document["warnings"]) == (1, 1, [])
    (problem,) = alone.document["problems"]
    for command in (["check", "--published"], ["publish"]):
        done = wavetank(url, "schemas", *command, "--schemas", str(folder), "--json")
        assert (done.exit_code, done.document["warnings"]) == (0, [problem])
        assert f"warning: {problem}" in done.stderr
    write(folder, "raw", 2, schema(at(TIMES["raw"])))
    with pytest.raises(DeployFailed, match=r"read from timestamp-millis in raw\.v2"):
        wavetank(url, "schemas", "publish", "--schemas", str(folder))


def test_a_version_is_published_with_the_types_that_it_shares_and_keeps_them(deployed_site: Site, folder: Path) -> None:
    url, shared = deployed_site.stack.endpoint_url, folder / "shared" / "place.avsc"
    shared.parent.mkdir()
    place = {"type": "enum", "name": "geo.Place", "symbols": ["SEA"], "default": "SEA"}
    shared.write_text(json.dumps(place))
    text = schema({"name": "place", "type": ["null", "geo.Place"], "default": None})
    keys = [write(folder, role, 1, text) for role in TIMES]
    publish = ("schemas", "publish", "--schemas", str(folder), "--json")
    assert set(wavetank(url, *publish).document["published"]) == {*keys}
    first = stored(deployed_site, keys[0])
    assert json.loads(first)["fields"][2]["type"][1]["symbols"] == ["SEA"]
    assert "SEA" in wavetank(url, "schemas", "show", "wave", "raw.v1", "--schemas", str(folder)).stdout
    whole = Site(deployed_site.stack, topology.load(folder), folder)
    assert whole.restore_registry() == []
    deployed_site.s3.delete_object(Bucket=deployed_site.registry_bucket, Key=keys[0])
    assert (whole.restore_registry(), stored(deployed_site, keys[0])) == ([keys[0]], first)
    shared.write_text(json.dumps(place | {"symbols": ["SEA", "LAKE"]}))
    with pytest.raises(DeployFailed, match=r"add raw\.v2 \(a copy of raw\.v1\.avsc will do\)"):
        wavetank(url, *publish)
    newer = [write(folder, role, 2, text) for role in TIMES]
    assert set(wavetank(url, *publish).document["published"]) == {*newer}
    assert wavetank(url, *publish).document == {"published": [], "references": [], "warnings": []}
    assert stored(deployed_site, keys[0]) == first
    assert json.loads(stored(deployed_site, newer[0]))["fields"][2]["type"][1]["symbols"] == ["SEA", "LAKE"]
