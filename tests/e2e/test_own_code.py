"""An event type with code, rules and a package of its own, on a stack: what lands, what waits, what a fix lands."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import wavetank
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import package
from wavetank.pipeline.components.requirements import text_of, wheel_of
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.testing.pipeline import PipelineUnderTest

pytestmark = pytest.mark.stack

NOON_US = 1_574_596_800_000_000
ENRICH = """
from wavetank.pipeline.enrichment import Drop
from . import places
from wavetank_test_tides import HEIGHT

REFERENCES = ("campaigns",)

def enrich(event, reference):
    if event["position"] == 9:
        return Drop("nine")
    row = reference.find("campaigns", event["campaign"])
    return event | {"attributes": {"tide": str(HEIGHT), "place": places.name(event), "seller": row["advertiser"]}}
"""
MISTAKEN = "def name(event):\n    return {1: 'first'}[event['position']]\n"
MENDED = "def name(event):\n    return {1: 'first', 2: 'second'}.get(event['position'], '')\n"
RULE = '[[rules]]\nfield = "position"\nrequired = true\nmaximum = {}\n'


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Iterator[Path]:
    """A schema folder whose clicks have code, a rule, and a package that is in the cache."""
    schemas = shutil.copytree(root / "schemas", tmp_path / "schemas")
    click = schemas / "click"
    (click / "enrich.py").write_text(ENRICH)
    (click / "places.py").write_text(MISTAKEN)
    (click / "component.toml").write_text(RULE.format(3))
    (click / "requirements.txt").write_text("wavetank-test-tides\n")
    path = tmp_path / "wavetank_test_tides-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wavetank_test_tides/__init__.py", "HEIGHT = 7\n")
    wheel = wheel_of(path)
    (click / "requirements.lock").write_text(text_of(click / "requirements.txt", [wheel]))
    place = wheel.path(package.wheels_beside(Home.from_environment().cache / "packages"))
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, place)
    yield schemas
    shutil.rmtree(place.parent)


@pytest.fixture
def own(deployed: EmbeddedStack, schemas: Path, root: Path) -> Iterator[PipelineUnderTest]:
    """The pipeline with that folder; the stack has the usual one afterwards."""
    site = Site.deployed_on(deployed, schemas=schemas)
    pipeline = PipelineUnderTest(site)
    pipeline.clean()
    yield pipeline
    site.redeployed(root / "schemas")
    pipeline.clean()


def click(event_id: str, position: int | None) -> dict[str, Any]:
    return {"event_id": event_id, "event_time": NOON_US, "campaign": "men", "position": position}


def test_what_own_code_cannot_do_yet_waits_and_lands_when_it_is_mended(own: PipelineUnderTest, schemas: Path) -> None:
    positions = {"a": 1, "b": 2, "c": 9, "d": None, "e": 5}
    own.feed("click", [click(event_id, position) for event_id, position in positions.items()])
    own.tick()
    (landed,) = own.read("click", Layer.AVRO)
    assert (landed["event_id"], landed["attributes"]) == ("a", {"tide": "7", "place": "first", "seller": "ZOZOTOWN"})
    aside = {record.event_id: record for record in own.quarantined()}
    assert {event_id: record.reason for event_id, record in aside.items()} == {
        "b": "enrichment-raised",
        "d": "enrichment-raised",
        "e": "enrichment-raised",
    }
    endpoint = own.site.stack.endpoint_url
    shown = wavetank(endpoint, "quarantine", "show", aside["b"].digest).stdout
    assert "KeyError: 2\n" in shown
    assert "places.py, line 2, in name: return {1: 'first'}[event['position']]\n" in shown
    listed = wavetank(endpoint, "quarantine", "list").stdout
    assert "enrichment-raised  3 waiting" in listed
    assert "latest: KeyError: " in listed

    (schemas / "click" / "places.py").write_text(MENDED)
    own.site.redeployed(schemas)
    wavetank(endpoint, "redrive", "--event", "click")
    own.tick()
    assert {record["event_id"] for record in own.read("click")} == {"a", "b"}
    invalid = {r.event_id: r.message for r in own.quarantined() if r.reason == "invalid"}
    assert invalid == {
        "d": "field position: is required, got None",
        "e": "field position: is at most 3, got 5",
    }
    (schemas / "click" / "component.toml").write_text(RULE.format(5))
    own.site.redeployed(schemas)
    wavetank(endpoint, "redrive", "--reason", "invalid")
    own.tick()
    assert {record["event_id"] for record in own.read("click")} == {"a", "b", "e"}
    ledger = own.ledger("click")
    assert (ledger.landed, ledger.dropped, ledger.quarantined, ledger.lost) == (3, 1, 1, 0)
