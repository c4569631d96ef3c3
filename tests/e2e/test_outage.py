"""`wavetank outage`: one command widens what an outage needs, one takes it back, and neither loses anything."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.site import outage
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.testing.pipeline import PipelineUnderTest

pytestmark = pytest.mark.stack

RAW, PROCESSOR, PLANNER = "wavetank-click-raw", "wavetank-click-processor", "wavetank-planner"


@pytest.fixture
def site(deployed: EmbeddedStack) -> Iterator[Site]:
    site = Site.deployed_on(deployed)
    PipelineUnderTest(site).clean()
    yield site
    outage.end(site, accept_late=True)
    PipelineUnderTest(site).clean()


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def test_the_mode_begins_and_ends_by_a_command_each_and_a_deployment_in_between_leaves_it(site: Site) -> None:
    before = outage.settings(site)
    assert run(site, "outage", "status").stdout.startswith("not in outage mode")
    assert "changed: wavetank, wavetank-click" in run(site, "outage", "begin").stdout
    there = outage.settings(site)
    assert (there[RAW], there[PROCESSOR], there[PLANNER]["CATCH_UP_HOURS"]) == (168, 144 * 3600, "144")
    assert "nothing, it was before" in run(site, "outage", "begin").stdout
    assert run(site, "deploy", "--plan").stdout.splitlines()[0] == "nothing would change"
    assert "warning: the stage is in outage mode, and stays so" in run(site, "deploy").stderr
    assert outage.settings(site) == there
    ended = run(site, "outage", "end")
    assert (ended.exit_code, outage.settings(site)) == (0, before), ended.stderr
    assert "outage mode" not in run(site, "deploy").stderr


def test_it_does_not_end_while_something_would_be_late(site: Site) -> None:
    run(site, "outage", "begin")
    pipeline = PipelineUnderTest(site)
    happened = site.now() - timedelta(hours=40)
    pipeline.feed("click", [{"event_id": "old", "event_time": happened, "campaign": "men", "position": 1}])
    pipeline.settle()
    with pytest.raises(
        outage.NotCaughtUp, match=r"1 files of click from before \S+ are not merged yet, such as parts/"
    ):
        run(site, "outage", "end")
    pipeline.tick()
    assert run(site, "outage", "end").exit_code == 0
    assert [row["event_id"] for row in pipeline.read("click")] == ["old"]
    assert pipeline.quarantined() == []
