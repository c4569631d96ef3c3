"""The page of a report in a real browser: what a reader sees is there, at any width, without the network."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.browser.conftest import Browser
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.report.document import POLICY
from wavetank.scenarios.report.html import page
from wavetank.scenarios.run.parallel import hold
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.workload import Workload

pytestmark = pytest.mark.stack

SMALL = Workload(events=90, hours=1, portions=2)
MEASURE = """
<script>
const box = (element) => element.getBoundingClientRect();
const drawn = (element) => box(element).height > 0;
const bars = [...document.querySelectorAll("#run-2 path.bar")].filter((bar) => drawn(bar) && box(bar).width > 0);
const lines = [...document.querySelectorAll("#run-2 path.strike")].filter((line) => box(line).height > 0);
const cells = [...document.querySelectorAll("#run-2 table.ledger td")].filter((cell) => box(cell).height > 0);
document.body.dataset.measured = JSON.stringify({
  bars: bars.length, lines: lines.length, cells: cells.length,
  overflow: document.documentElement.scrollWidth - window.innerWidth,
});
</script>
"""
"""What the page itself has no need of, and forbids: it asks the browser what it has drawn, and how large."""


@pytest.fixture(scope="module")
def written(stack: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a real run of `duplicates`, with its control before it."""
    folder = tmp_path_factory.mktemp("page")
    site = Site.deployed_on(stack)  # type: ignore[arg-type]
    drill = replace(catalogue()["duplicates"], workload=SMALL)
    reports = list(hold([Runner(site, folder / "runs")], [drill], seed=3))
    file = folder / "report.html"
    file.write_text(page(reports, datetime.now(UTC)).replace(POLICY, "") + MEASURE, encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [1200, 500])
def test_timeline_and_ledger_are_drawn_and_nothing_sticks_out(written: Path, browser: Browser, width: int) -> None:
    dom = browser.dom(written.as_uri(), f"--window-size={width},900")
    found = re.search(r'data-measured="\{([^"]*)\}"', dom)
    assert found is not None
    measured = dict(re.findall(r"&quot;(\w+)&quot;:(-?\d+)", found[1]))
    assert int(measured["bars"]) >= len(Hop)
    assert int(measured["lines"]) >= 3
    assert int(measured["cells"]) == 4 * 10
    assert int(measured["overflow"]) <= 0
    assert dom.count("<svg") == len(Hop) + len(Hop) + 3
