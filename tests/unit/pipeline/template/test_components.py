"""Every setting of a component comes to the template, and only to its component's part of it."""

import copy
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.components.settings import EVERY_SETTING, NOT_IN_THEM, ON_DEMAND, leaves
from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.components.model import OWN_TAGS, Component
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.permissions import DEAD_MERGES
from wavetank.pipeline.template.render import render, whole
from wavetank.pipeline.template.tags import UNTAGGED
from wavetank.pipeline.topology import load

Resources = dict[str, dict[str, Any]]
VALUES = dict(leaves(tomllib.loads(EVERY_SETTING)))
"""Key → a value that is not by default."""


def resources(folder: Path, settings: str = "", project: str = "", stage: str | None = None) -> Resources:
    """The resources of the event types `ping`, with these settings, and `pong`, without any."""
    schemas = folder / "schemas"
    for name in ("ping", "pong"):
        if not (schemas / name).exists():
            add_event(schemas, name)
    (schemas / "ping" / "component.toml").write_text(settings)
    (folder / "wavetank.toml").write_text(project)
    rendered: Resources = whole(load(schemas, stage))["Resources"]
    return rendered


def test_the_example_has_every_setting_and_each_is_another_than_by_default() -> None:
    usual = dict(leaves(Component().model_dump(mode="json")))
    assert VALUES.keys() == usual.keys() - NOT_IN_THEM
    assert [key for key, value in VALUES.items() if usual[key] == value] == []


def toml(key: str) -> str:
    """A file with nothing but this setting, of the example's value."""
    table, _, name = key.rpartition(".")
    value = VALUES[key]
    if isinstance(value, dict):
        return "\n".join([f"[{key}]", *(f"{each} = {json.dumps(text)}" for each, text in value.items())])
    return "\n".join([*([f"[{table}]"] if table else []), f"{name} = {json.dumps(value)}"])


@pytest.mark.parametrize("key", VALUES)
def test_no_setting_is_read_and_then_forgotten(tmp_path: Path, key: str) -> None:
    before, after = resources(tmp_path), resources(tmp_path, toml(key))
    assert json.dumps(before) != json.dumps(after)


@pytest.mark.parametrize("key", VALUES)
def test_a_setting_of_one_component_changes_nothing_of_another(tmp_path: Path, key: str) -> None:
    before, after = resources(tmp_path), resources(tmp_path, toml(key))
    others = [name for name in before if name.startswith("Pong")]
    assert others
    assert [name for name in others if before[name] != after[name]] == []
    shared = {name for name in before if not name.startswith("P") and before[name] != after.get(name)}
    shared |= {name for name in ("Partitioner", "Planner", "Replayer") if before[name] != after[name]}
    assert shared <= {
        "hash_buckets": {"Partitioner"},
        "look_back_hours": {"Planner", "Replayer"},
        "expiry.chunk_days": {"DataBucket"},
        "expiry.part_days": {"DataBucket"},
    }.get(key, set())


Look = Callable[[Resources], object]
STREAMS = ("PingRawStream", "PingProcessedStream")


def of(name: str) -> Callable[[Resources], dict[str, Any]]:
    return lambda resources: resources[name]["Properties"]


SOURCE, PROCESSOR = of("PingSource"), of("PingProcessor")


def window(name: str) -> Callable[[Resources], int]:
    """Seconds that an alarm looks at."""

    def seconds(resources: Resources) -> int:
        alarm = of(name)(resources)
        metrics = alarm.get("Metrics", [{"MetricStat": alarm}])
        periods = {each["MetricStat"]["Period"] for each in metrics if "MetricStat" in each}
        return int(alarm["EvaluationPeriods"] * periods.pop())

    return seconds


def hints(resources: Resources) -> dict[str, Any]:
    settings: dict[str, Any] = of("PingDelivery")(resources)["ExtendedS3DestinationConfiguration"]["BufferingHints"]
    return settings


def variables(name: str) -> Callable[[Resources], dict[str, str]]:
    return lambda resources: resources[name]["Properties"]["Environment"]["Variables"]


@pytest.mark.parametrize(
    ("look", "value"),
    [
        (lambda r: [of(name)(r)["ShardCount"] for name in ("PingRawStream", "PingProcessedStream")], [3, 3]),
        (
            lambda r: [of(name)(r)["RetentionPeriodHours"] for name in ("PingRawStream", "PingProcessedStream")],
            [48, 48],
        ),
        (lambda r: (PROCESSOR(r)["MemorySize"], PROCESSOR(r)["Timeout"]), (640, 90)),
        (lambda r: PROCESSOR(r)["ReservedConcurrentExecutions"], 12),
        (lambda r: (SOURCE(r)["BatchSize"], SOURCE(r)["MaximumBatchingWindowInSeconds"]), (50, 2)),
        (lambda r: SOURCE(r)["ParallelizationFactor"], 4),
        (lambda r: SOURCE(r)["MaximumRecordAgeInSeconds"], 20 * 3600),
        (lambda r: (hints(r)["SizeInMBs"], hints(r)["IntervalInSeconds"]), (7, 75)),
        (lambda r: variables("PingProcessor")(r)["PARTITION_KEY"], "campaign"),
        (lambda r: variables("Partitioner")(r)["HASH_BUCKETS_BY_EVENT"], '{"ping":3}'),
        (lambda r: variables("Planner")(r)["LOOK_BACK_HOURS_BY_EVENT"], '{"ping":6}'),
        (lambda r: variables("Replayer")(r)["LOOK_BACK_HOURS_BY_EVENT"], '{"ping":6}'),
        (lambda r: PROCESSOR(r)["LoggingConfig"]["ApplicationLogLevel"], "DEBUG"),
        (lambda r: of("PingProcessorLogs")(r)["RetentionInDays"], 90),
        (lambda r: of("PingBehindAlarm")(r)["Threshold"], 30 * 60 * 1000),
        (lambda r: of("PingErrorsAlarm")(r)["Threshold"], 7),
        (lambda r: of("PingErrorRateAlarm")(r)["Threshold"], 25),
        (lambda r: of("PingThrottlesAlarm")(r)["Threshold"], 3),
        (lambda r: of("PingSlowAlarm")(r)["Threshold"], 90 * 700),
        (lambda r: of("PingMemoryAlarm")(r)["Threshold"], 60),
        (lambda r: window("PingRawSilentAlarm")(r), 120 * 60),
        (lambda r: window("PingProcessedSilentAlarm")(r), 45 * 60),
        (lambda r: window("PingConsumerOffAlarm")(r), 20 * 60),
        (lambda r: of("PingDeliveryBehindAlarm")(r)["Threshold"], 25 * 60),
        (lambda r: of("PingDeliveryFailedAlarm")(r)["Threshold"], 0.5),
        (lambda r: of("PingChunksWaitingAlarm")(r)["Threshold"], 50 * 60),
        (lambda r: of("PingQuarantineAlarm")(r)["Threshold"], 11),
        (lambda r: of("PingLateAlarm")(r)["Threshold"], 5),
        (lambda r: of("PingDebugLogsAlarm")(r)["Threshold"], 900),
        (
            lambda r: of("PingBehindAlarm")(r)["AlarmActions"],
            ["arn:aws:sns:us-east-1:123456789012:mail", {"Ref": "PingWarnTopic"}],
        ),
        (
            lambda r: of("PingDataStoppedAlarm")(r)["AlarmActions"],
            ["arn:aws:sns:us-east-1:123456789012:pager", {"Ref": "PingPageTopic"}],
        ),
        (lambda r: of("PingWarnTopicMail0")(r)["Endpoint"], "checkout@example.com"),
        (lambda r: of("PingPageTopicMail0")(r)["Endpoint"], "on-call@example.com"),
    ],
)
def test_a_setting_stands_where_its_service_reads_it(tmp_path: Path, look: Look, value: object) -> None:
    assert look(resources(tmp_path, EVERY_SETTING)) == value


def test_an_on_demand_stream_says_nothing_of_shards(tmp_path: Path) -> None:
    for name in STREAMS:
        properties = of(name)(resources(tmp_path, ON_DEMAND))
        assert properties["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
        assert "ShardCount" not in properties


def expiry(resources: Resources) -> dict[str, tuple[int, str]]:
    """Prefix → days and tag of each rule for what is done."""
    rules = of("DataBucket")(resources)["LifecycleConfiguration"]["Rules"]
    return {
        rule["Prefix"]: (rule["ExpirationInDays"], rule["TagFilters"][0]["Key"])
        for rule in rules
        if "TagFilters" in rule
    }


def test_of_two_rules_for_a_file_the_shorter_holds_so_that_none_is_shorter_than_it_should_be(tmp_path: Path) -> None:
    """Chunks of ping go sooner than others, its parts later: then it is the others that have a rule of their own."""
    rules = expiry(resources(tmp_path, EVERY_SETTING))
    assert rules["chunks/"] == (7, "wavetank-partitioned")
    assert rules["chunks/ping/"] == (3, "wavetank-partitioned")
    assert rules["parts/"] == (9, "wavetank-merged")
    assert rules["parts/event=pong/"] == (7, "wavetank-merged")
    assert rules.keys() == {"chunks/", "chunks/ping/", "parts/", "parts/event=pong/", "quarantine/"}


def test_rules_of_expiry_have_names_of_their_own(tmp_path: Path) -> None:
    rules = of("DataBucket")(resources(tmp_path, EVERY_SETTING))["LifecycleConfiguration"]["Rules"]
    assert len({rule["Id"] for rule in rules}) == len(rules)


def test_what_the_project_sets_for_all_is_no_exception_in_the_environments(tmp_path: Path) -> None:
    there = resources(tmp_path, "hash_buckets = 5", "[defaults]\nhash_buckets = 4\nlook_back_hours = 8")
    assert variables("Partitioner")(there)["HASH_BUCKETS"] == "4"
    assert variables("Partitioner")(there)["HASH_BUCKETS_BY_EVENT"] == '{"ping":5}'
    assert variables("Planner")(there)["LOOK_BACK_HOURS"] == "8"
    assert "LOOK_BACK_HOURS_BY_EVENT" not in variables("Planner")(there)


WARN, PAGE = {"Ref": "WarnTopic"}, {"Ref": "PageTopic"}
PLATFORM = "arn:aws:sns:us-east-1:123456789012:platform"


def told(resources: Resources, alarm: str) -> list[Any]:
    actions: list[Any] = of(alarm)(resources)["AlarmActions"]
    return actions


def test_alarms_go_to_the_topics_of_the_stage_where_nothing_else_is_said(tmp_path: Path) -> None:
    there = resources(tmp_path)
    assert told(there, "PingBehindAlarm") == told(there, "DeadMergesAlarm") == [WARN]
    assert told(there, "PingDataStoppedAlarm") == of("PingDataStoppedAlarm")(there)["OKActions"] == [PAGE]


def test_what_the_project_names_is_told_beside_the_topics_of_the_stage_and_mailed_from_there(tmp_path: Path) -> None:
    project = f'[defaults.alarms]\nwarn = ["{PLATFORM}", "ops@example.com"]'
    there = resources(tmp_path, project=project)
    assert told(there, "PingBehindAlarm") == told(there, "DeadMergesAlarm") == [WARN, PLATFORM]
    assert told(there, "PingDataStoppedAlarm") == [PAGE]
    mails = {name: each for name, each in there.items() if each["Type"] == "AWS::SNS::Subscription" and "Mail" in name}
    assert [(each["Properties"]["TopicArn"], each["Properties"]["Endpoint"]) for each in mails.values()] == [
        (WARN, "ops@example.com")
    ]


def test_what_an_owner_names_is_told_in_the_place_of_the_topic_of_the_stage(tmp_path: Path) -> None:
    own = '[alarms]\npage = ["us@example.com"]'
    there = resources(tmp_path, own, project=f'[defaults.alarms]\nwarn = ["{PLATFORM}"]\npage = ["{PLATFORM}"]')
    assert told(there, "PingDataStoppedAlarm") == [{"Ref": "PingPageTopic"}]
    assert told(there, "PongDataStoppedAlarm") == [PAGE, PLATFORM]
    assert told(there, "PingBehindAlarm") == [WARN, PLATFORM]


@pytest.mark.parametrize("name", ["raw", "processed"])
def test_a_stream_that_may_be_silent_has_no_alarm_for_it(tmp_path: Path, name: str) -> None:
    there = resources(tmp_path, f"[alarms]\n{name}_silence_minutes = 0")
    alarm = f"{name.capitalize()}SilentAlarm"
    assert f"Ping{alarm}" not in there
    assert f"Pong{alarm}" in there
    rule = of("PingDataStoppedAlarm")(there)["AlarmRule"]
    assert f"{name}-silent" not in rule
    assert rule.count("ALARM(") == len(there["PingDataStoppedAlarm"]["DependsOn"]) == 2


def test_more_settings_than_an_environment_holds_are_refused(tmp_path: Path) -> None:
    for number in range(150):
        folder = add_event(tmp_path / "schemas", f"event-{number:03}")
        (folder / "component.toml").write_text("hash_buckets = 3")
    render(load(tmp_path / "schemas"))
    for number in range(150, 300):
        folder = add_event(tmp_path / "schemas", f"event-{number:03}")
        (folder / "component.toml").write_text("hash_buckets = 3")
    with pytest.raises(ConfigurationError, match=r"300 event types have hash_buckets other than 2.*\[defaults\]"):
        render(load(tmp_path / "schemas"))


def tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Properties"].get("Tags", ())}


@pytest.mark.parametrize("settings", ["", EVERY_SETTING])
def test_no_resource_that_takes_tags_is_without(tmp_path: Path, settings: str) -> None:
    for name, resource in resources(tmp_path, settings).items():
        if resource["Type"] in UNTAGGED:
            assert "Tags" not in resource["Properties"], name
        else:
            assert tags(resource).keys() >= set(OWN_TAGS), name


def test_tags_say_whose_a_resource_is(tmp_path: Path) -> None:
    project = 'name = "shop"\n[defaults]\nowner = "platform"\n[stages.staging]'
    there = resources(tmp_path, EVERY_SETTING, project, "staging")
    assert tags(there["PingRawStream"]) == {
        "project": "shop",
        "stage": "staging",
        "component": "ping",
        "event-type": "ping",
        "owner": "checkout",
        "cost-centre": "4711",
    }
    assert tags(there["PongRawStream"])["owner"] == "platform"
    assert tags(there[DEAD_MERGES]) == {
        "project": "shop",
        "stage": "staging",
        "component": "shared",
        "event-type": "all",
        "owner": "platform",
    }


def test_a_resource_without_an_owner_says_so(tmp_path: Path) -> None:
    assert tags(resources(tmp_path)["PingRawStream"])["owner"] == "none"


def test_the_template_is_not_changed_by_being_looked_at(tmp_path: Path) -> None:
    first = resources(tmp_path, EVERY_SETTING)
    assert copy.deepcopy(first) == resources(tmp_path, EVERY_SETTING)
