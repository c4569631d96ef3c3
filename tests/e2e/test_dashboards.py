"""`wavetank dashboard` draws what is deployed, from what was measured; names that would command a terminal are text."""

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.commands import wavetank
from tests.unit.pipeline.template.dashboard_bodies import bodies
from wavetank.pipeline.template.render import render
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

HOSTILE = "\x1b[31m\x07\u202e<script>alert(1)</script>[red]"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NAME = "somebody-elses"
VALUES = (3.0, 5.0, 8.0)


@pytest.fixture
def another(site: Site) -> Iterator[Site]:
    """The pipeline, and beside it a dashboard of one chart with hostile names and three points."""
    cloudwatch, now = site.stack.client("cloudwatch"), int(site.stack.control.now())
    points = [
        {
            "MetricName": "seen",
            "Dimensions": [{"Name": "of", "Value": "dashboards"}],
            "Timestamp": datetime.fromtimestamp(now - 60 * (len(VALUES) - at), UTC),
            "Value": value,
        }
        for at, value in enumerate(VALUES)
    ]
    cloudwatch.put_metric_data(Namespace=NAME, MetricData=points)
    site.stack.settle()
    chart = {"title": HOSTILE, "stat": "Sum", "region": site.stack.region, "period": 60}
    metrics = [[NAME, "seen", "of", "dashboards", {"label": HOSTILE}]]
    widgets = [
        {"type": "metric", "properties": {**chart, "metrics": metrics}},
        {"type": "text", "properties": {"markdown": HOSTILE}},
    ]
    cloudwatch.put_dashboard(DashboardName=NAME, DashboardBody=json.dumps({"widgets": widgets}))
    yield site
    cloudwatch.delete_dashboards(DashboardNames=[NAME])


def test_every_dashboard_is_deployed_as_the_template_has_it(site: Site) -> None:
    cloudwatch = site.stack.client("cloudwatch")
    values = {"Region": site.stack.region, "AccountId": site.stack.account, "Partition": "aws"}
    for name, body in bodies(render(site.topology)).items():
        text = json.dumps(body)
        for key, value in values.items():
            text = text.replace(f"${{AWS::{key}}}", value)
        there = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
        assert json.loads(there) == json.loads(text)


def test_figures_as_json_are_those_that_were_put(another: Site) -> None:
    document = wavetank(another.stack.endpoint_url, "dashboard", NAME, "--last", "15m", "--json").document
    [dashboard] = document["dashboards"]
    [widget] = dashboard["widgets"]
    [series] = widget["series"]
    assert document["period_s"] == 60
    assert [value for _, value in series["points"]][-len(VALUES) :] == list(VALUES)
    assert series["summary"] == {"total": sum(value for _, value in series["points"])}
    assert series["label"] == widget["title"] == HOSTILE


def test_in_a_terminal_nothing_of_it_is_obeyed(another: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setitem(os.environ, "COLUMNS", "80")
    done = wavetank(another.stack.endpoint_url, "dashboard", NAME, "--last", "15m")
    assert done.exit_code == 0
    assert not OBEYED.search(done.stdout)
    assert "█" in done.stdout
    assert re.search(r"total +\d+", done.stdout)


def test_a_page_stands_alone_and_nothing_of_it_is_markup(another: Site, tmp_path: Path) -> None:
    file = tmp_path / "new" / "page.html"
    done = wavetank(another.stack.endpoint_url, "dashboard", NAME, "--last", "15m", "--html", str(file))
    text = file.read_text(encoding="utf-8")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "<script" not in text
    assert '<path class="line' in text
    assert not OBEYED.search(text)


def test_a_dashboard_that_is_not_there_is_answered_with_those_that_are(site: Site) -> None:
    done = wavetank(site.stack.endpoint_url, "dashboard", "sauce")
    assert done.exit_code == 1
    assert "no dashboard 'sauce' is deployed; there are: " in done.stderr
    assert {"concatenation", "overview", "source"} <= set(re.findall(r"[\w-]+", done.stderr))


@pytest.mark.parametrize("arguments", [("--last", "soon"), ("--json", "--watch"), ("--json", "--html", "x.html")])
def test_wrong_usage_is_refused(site: Site, arguments: tuple[str, ...]) -> None:
    assert wavetank(site.stack.endpoint_url, "dashboard", *arguments).exit_code == 2


def test_the_dashboards_of_the_pipeline_are_drawn_from_what_flowed(site: Site) -> None:
    done = wavetank(site.stack.endpoint_url, "feed", "--synthetic", "200")
    assert done.exit_code == 0, done.stderr
    site.stack.settle()
    names = ("overview", "source", "processing", "partitioning", "concatenation")
    document = wavetank(site.stack.endpoint_url, "dashboard", *names, "--json").document
    lines = {
        (widget["title"], line["label"]): line["points"]
        for dashboard in document["dashboards"]
        for widget in dashboard["widgets"]
        for line in widget.get("series", ())
    }
    assert document["problems"] == []
    assert sum(value for _, value in lines["click: records put", "put on the raw stream"]) > 0
    assert max(value for _, value in lines["Executions", "processors"]) > 0
    assert max(value for _, value in lines["Longest execution", "processors"]) > 0
