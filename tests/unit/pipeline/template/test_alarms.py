"""Every alarm finds somebody, says what to do, and watches a metric that is sent by what there is."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.unit.pipeline.template.alarm_metrics import series
from tests.unit.pipeline.template.test_dumpers import add_reference
from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.metrics import METRICS, Dimension
from wavetank.pipeline.names import NAMES, log_group
from wavetank.pipeline.template.alarm_model import Kind
from wavetank.pipeline.template.render import whole
from wavetank.pipeline.topology import load
from wavetank.scenarios.cli import app

ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
MOST_METRICS, LONGEST_DESCRIPTION, MOST_PARTS = 10, 1_024, 100
"""CloudWatch API reference, "PutMetricAlarm" and "PutCompositeAlarm"."""
HOUR_S, DAY_S, WEEK_S = 3_600, 86_400, 604_800
OF_AWS = {
    ("AWS/Lambda", "Invocations"): ("FunctionName", "Sum"),
    ("AWS/Lambda", "Errors"): ("FunctionName", "Sum"),
    ("AWS/Lambda", "Throttles"): ("FunctionName", "Sum"),
    ("AWS/Lambda", "Duration"): ("FunctionName", "Maximum"),
    ("AWS/Lambda", "IteratorAge"): ("FunctionName", "Maximum"),
    ("AWS/Kinesis", "IncomingRecords"): ("StreamName", "Sum"),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness"): ("DeliveryStreamName", "Maximum"),
    ("AWS/Firehose", "DeliveryToS3.Success"): ("DeliveryStreamName", "Average"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("QueueName", "Maximum"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "Maximum"),
    ("AWS/Logs", "IncomingBytes"): ("LogGroupName", "Sum"),
}
"""The metrics of AWS that alarms watch: the dimension of each, and the statistic that makes sense of it."""
OWN = {metric.name: metric for metric in METRICS}
FUNCTIONS = {"IF", "FILL", "MAX"}

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    """The resources of two event types with an owner, and of a database."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("click", "page-view"):
        add_event(folder / "schemas", name)
        (folder / "schemas" / name / "component.toml").write_text('owner = "ads"\n')
    (folder / "schemas" / "click" / "enrichment.json").write_text('{"reference": "pages", "on": "page", "add": ["x"]}')
    (folder / "wavetank.toml").write_text('[defaults]\nowner = "platform"\n')
    add_reference(folder / "schemas", "accounts")
    made: Resources = whole(load(folder / "schemas"))["Resources"]
    return made


def alarms(resources: Resources, *types: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties."""
    return {
        name: each["Properties"] for name, each in resources.items() if each["Type"] in (types or (ALARM, COMPOSITE))
    }


def parts(composite: dict[str, Any]) -> list[str]:
    return re.findall(r'ALARM\("([^"]+)"\)', composite["AlarmRule"])


def test_each_alarm_tells_somebody_or_is_part_of_one_that_pages(resources: Resources) -> None:
    told = {each["AlarmName"]: each.get("AlarmActions") for each in alarms(resources).values()}
    composed = {part for composite in alarms(resources, COMPOSITE).values() for part in parts(composite)}
    assert {name for name, actions in told.items() if not actions} == composed <= told.keys()
    topics = {"WarnTopic", "PageTopic"}
    assert all(action["Ref"] in topics for actions in told.values() for action in actions or ())


def test_the_only_page_is_that_data_stopped_and_its_end_is_told_too(resources: Resources) -> None:
    paging = {
        each["AlarmName"] for each in alarms(resources).values() if {"Ref": "PageTopic"} in each.get("AlarmActions", ())
    }
    assert paging == {"wavetank-click-data-stopped", "wavetank-page-view-data-stopped"}
    for each in alarms(resources).values():
        assert each.get("OKActions", []) == ([{"Ref": "PageTopic"}] if each["AlarmName"] in paging else [])


def test_a_composite_alarm_is_made_after_its_parts_and_rings_with_any_of_them(resources: Resources) -> None:
    for name, composite in alarms(resources, COMPOSITE).items():
        assert resources[name]["DependsOn"] == [
            logical_id for logical_id, each in alarms(resources, ALARM).items() if each["AlarmName"] in parts(composite)
        ]
        assert composite["AlarmRule"] == " OR ".join(f'ALARM("{part}")' for part in parts(composite))
        assert 0 < len(parts(composite)) <= MOST_PARTS


def test_each_alarm_has_an_owner(resources: Resources) -> None:
    for name, alarm in alarms(resources).items():
        tags = {tag["Key"]: tag["Value"] for tag in alarm["Tags"]}
        assert tags["owner"] == ("ads" if tags["event-type"] != "all" else "platform"), name


def test_each_description_says_what_it_means_what_to_look_at_first_and_the_command_for_it(resources: Resources) -> None:
    for alarm in alarms(resources).values():
        said = alarm["AlarmDescription"]
        assert re.fullmatch(r"\S.+\. Look first at .+: (aws|wavetank) .+ \(docs/runbook\.md#[a-z-]+\)", said), said
        assert len(said) <= LONGEST_DESCRIPTION
        kind = said.rpartition("#")[2].rstrip(")")
        assert kind in set(Kind)
        assert alarm["AlarmName"].endswith(f"-{kind}")


def test_alarms_keep_to_the_limits_of_cloudwatch(resources: Resources) -> None:
    for alarm in alarms(resources, ALARM).values():
        periods = {period for _, _, period in series(alarm)}
        assert len(periods) == 1, "an expression is of one period"
        seconds = max(periods) * alarm["EvaluationPeriods"]
        assert seconds <= (DAY_S if max(periods) < HOUR_S else WEEK_S)
        assert len(alarm.get("Metrics", ())) <= MOST_METRICS


def test_each_alarm_watches_metrics_that_are_sent_under_one_dimension_of_something_that_is_there(
    resources: Resources,
) -> None:
    queues = {each["Properties"]["QueueName"] for each in resources.values() if each["Type"] == "AWS::SQS::Queue"}
    functions = {
        each["Properties"]["FunctionName"] for each in resources.values() if each["Type"] == "AWS::Lambda::Function"
    }
    there = {
        "FunctionName": functions,
        "QueueName": queues,
        "StreamName": {
            each["Properties"]["Name"] for each in resources.values() if each["Type"] == "AWS::Kinesis::Stream"
        },
        "DeliveryStreamName": {"wavetank-click", "wavetank-page-view"},
        "LogGroupName": {log_group(function) for function in functions},
        str(Dimension.EVENT_TYPE): {"click", "page-view"},
        str(Dimension.REFERENCE): {"accounts"},
    }
    for alarm in alarms(resources, ALARM).values():
        for metric, statistic, _ in series(alarm):
            (dimension,) = metric["Dimensions"]
            place = (metric["Namespace"], metric["MetricName"])
            if place[0] == NAMES.metrics:
                own = OWN[metric["MetricName"]]
                assert ([dimension["Name"]], statistic) == (list(own.dimensions), own.statistic), place
            else:
                assert (dimension["Name"], statistic) == OF_AWS[place], place
            assert dimension["Value"] in there[dimension["Name"]], alarm["AlarmName"]


def test_what_an_alarm_is_named_after_is_what_it_watches(resources: Resources) -> None:
    """The alarms of one event type, or one function, have no dimension of another."""
    for alarm in alarms(resources, ALARM).values():
        for metric, _, _ in series(alarm):
            value = metric["Dimensions"][0]["Value"].removeprefix("/aws/lambda/").removeprefix("wavetank-")
            whose = next((each for each in ("click", "page-view") if value.startswith(each)), value)
            assert alarm["AlarmName"].startswith(f"wavetank-{whose}"), alarm["AlarmName"]


def test_an_expression_is_of_its_own_metrics_and_the_functions_that_are_known_here(resources: Resources) -> None:
    for alarm in alarms(resources, ALARM).values():
        for each in alarm.get("Metrics", ()):
            if "Expression" in each:
                words = set(re.findall(r"[A-Za-z_]\w*", each["Expression"]))
                ids = {other["Id"] for other in alarm["Metrics"] if other is not each}
                assert words - FUNCTIONS == ids
                assert [other["ReturnData"] for other in alarm["Metrics"]] == [
                    other is each for other in alarm["Metrics"]
                ]


SILENT = (Kind.RAW_SILENT, Kind.PROCESSED_SILENT, Kind.MISSED_TICK, Kind.REFERENCE_STALE)


def test_nothing_is_bad_only_where_silence_is_what_the_alarm_tells(resources: Resources) -> None:
    for alarm in alarms(resources, ALARM).values():
        tells_silence = alarm["AlarmName"].endswith(tuple(f"-{kind}" for kind in SILENT))
        assert alarm["TreatMissingData"] == ("breaching" if tells_silence else "notBreaching"), alarm["AlarmName"]


def test_every_kind_of_alarm_is_there_and_each_function_has_those_of_functions(resources: Resources) -> None:
    named = {alarm["AlarmName"] for alarm in alarms(resources).values()}
    assert {kind for kind in Kind if any(name.endswith(f"-{kind}") for name in named)} == set(Kind)
    functions = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Function"]
    for function in functions:
        for kind in (Kind.ERROR_RATE, Kind.THROTTLES, Kind.SLOW, Kind.MEMORY):
            assert f"{function['FunctionName']}-{kind}" in named
        slow = next(
            each for each in alarms(resources).values() if each["AlarmName"] == f"{function['FunctionName']}-slow"
        )
        assert slow["Threshold"] == function["Timeout"] * 1000 * 0.8


def is_of_a_database(alarm: dict[str, Any]) -> bool:
    return str(alarm["AlarmName"]).startswith(("wavetank-ads-", "wavetank-accounts-"))


def test_the_page_of_components_has_the_number_of_alarms_and_what_they_cost(resources: Resources, root: Path) -> None:
    """Amazon CloudWatch pricing: an alarm is paid by its metrics, a composite one as one."""

    def counted(event_type: str) -> tuple[int, int, int]:
        own = [
            each
            for each in alarms(resources, ALARM).values()
            if {"Key": "event-type", "Value": event_type} in each["Tags"] and not is_of_a_database(each)
        ]
        composites = [
            each
            for each in alarms(resources, COMPOSITE).values()
            if {"Key": "event-type", "Value": event_type} in each["Tags"]
        ]
        return len(own), sum(len(list(series(each))) for each in own), len(composites)

    page = " ".join((root / "docs" / "components.md").read_text().split())
    (own, metrics, composites), (shared, shared_metrics, none) = counted("click"), counted("all")
    assert (composites, none) == (1, 0)
    assert f"An event type has {own} metric alarms over {metrics} metrics, and a composite one" in page
    assert f"what all share has {shared} over {shared_metrics}." in page
    dumping = [each for each in alarms(resources, ALARM).values() if is_of_a_database(each)]
    of_reference = [each for each in dumping if each["AlarmName"].startswith("wavetank-accounts-")]
    assert f"A database has {len(dumping) - len(of_reference)}, and each of its references {len(of_reference)}." in page
    assert f"that is {metrics * 0.1 + composites * 0.5:.2f} $ a month for each event type, and" in page
    assert f"and {shared_metrics * 0.1:.2f} $ for a stage." in page


HEADING = re.compile(r"^### ([a-z-]+)$", re.M)
COMMAND = re.compile(r"\bwavetank ([a-z-]+)")


def test_a_share_of_misses_rings_that_the_reference_takes_for_too_large_and_not_by_a_few_look_ups(
    tmp_path: Path,
) -> None:
    add_event(tmp_path, "click")
    rule = '{"reference": "pages", "on": "label", "add": ["label"]}'
    (tmp_path / "click" / "enrichment.json").write_text(rule)
    (tmp_path / "reference").mkdir()
    toml = 'key = ["page"]\nmiss_percent = 7\n[columns]\npage = "string"\n[file]\npath = "pages.csv"\n'
    for given, percent in ((None, 50), (toml, 7)):
        if given is not None:
            (tmp_path / "reference" / "pages.toml").write_text(given)
            (tmp_path / "reference" / "pages.csv").write_text("page\n/\n")
        [alarm] = [
            each for each in alarms(whole(load(tmp_path))["Resources"]).values()
            if each["AlarmName"] == "wavetank-click-reference-misses"
        ]  # fmt: skip
        assert alarm["Threshold"] == percent
        [ratio] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
        assert ratio == "IF(lookups >= 20, 100 * misses / lookups, 0)"


def test_the_runbook_has_an_entry_for_each_alarm_and_no_other(root: Path) -> None:
    assert sorted(HEADING.findall((root / "docs" / "runbook.md").read_text())) == sorted(Kind)


def test_each_entry_of_the_runbook_says_what_why_where_to_look_how_and_how_it_clears(root: Path) -> None:
    page = (root / "docs" / "runbook.md").read_text()
    for kind, entry in zip(HEADING.findall(page), HEADING.split(page)[2::2], strict=True):
        entry = entry.split("\n## ")[0]
        for what in ("**What**", "**Why**", "**First look**", "**Then**", "**Clears**"):
            assert entry.count(what) == 1, (kind, what)
        assert "```console\n$ " in entry, kind


def test_the_commands_of_alarms_and_runbook_are_those_of_the_command_line(resources: Resources, root: Path) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    page = (root / "docs" / "runbook.md").read_text()
    named = re.findall(r"(?:^\$ |`)wavetank ([a-z][a-z-]+)", page, re.M)
    for alarm in alarms(resources).values():
        named += re.findall(r"(?:: |; )wavetank ([a-z][a-z-]+)", alarm["AlarmDescription"])
    assert len(named) > len(set(Kind))
    assert set(named) <= set(commands)
