"""The page of promises, the oracle's numbers and the template say the same; the oracle has none from the pipeline."""

import ast
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wavetank.pipeline import topology
from wavetank.pipeline.reference import index
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle import promises
from wavetank.scenarios.oracle.at_rest import AtRest, Model
from wavetank.scenarios.oracle.checkers import CHECKERS
from wavetank.scenarios.oracle.evidence import Evidence
from wavetank.scenarios.oracle.history import History

Number = int | timedelta
Resources = Mapping[str, dict[str, Any]]
UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(1),
}
ROW = re.compile(
    r"^\| `(?P<name>[A-Z_]+)` \| (?P<value>\d+)(?: (?P<unit>[a-z]+))? \|[^|]*\| (?P<shown>[^|]*) \|$", re.M
)
NUMBERS: dict[str, Number] = {name: value for name, value in vars(promises).items() if name.isupper()}


def page(root: Path) -> str:
    return (root / "docs" / "promises.md").read_text()


@pytest.fixture(scope="module")
def resources(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Resources:
    """The resources of this project's event types with nothing set: what is promised where nobody says otherwise."""
    schemas = tmp_path_factory.mktemp("project") / "schemas"
    shutil.copytree(root / "schemas", schemas, ignore=shutil.ignore_patterns("component.toml"))
    rendered: Resources = whole(topology.load(schemas))["Resources"]
    return rendered


def of(resources: Resources, kind: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type."""
    return [one["Properties"] for one in resources.values() if one["Type"] == f"AWS::{kind}"]


def variables(resources: Resources, name: str) -> list[int]:
    """A variable, of every function that has it in its environment."""
    environments = [one["Environment"]["Variables"] for one in of(resources, "Lambda::Function")]
    return [int(some[name]) for some in environments if name in some]


def every(amounts: Iterator[Any] | list[Any], **unit: int) -> set[Number]:
    return {timedelta(**unit) * int(amount) for amount in amounts}


def life_cycle(resources: Resources, prefix: str) -> set[Number]:
    rules = resources["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    return every([rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == prefix], days=1)


def written(expression: str, pattern: str) -> str:
    """The number in a schedule that is written so."""
    match = re.fullmatch(pattern, expression)
    assert match, expression
    return match[1]


def sources(resources: Resources) -> list[dict[str, Any]]:
    """The event sources of streams."""
    return [one for one in of(resources, "Lambda::EventSourceMapping") if "StartingPosition" in one]


def buffers(resources: Resources) -> Iterator[int]:
    for stream in of(resources, "KinesisFirehose::DeliveryStream"):
        yield stream["ExtendedS3DestinationConfiguration"]["BufferingHints"]["IntervalInSeconds"]


def schedule(resources: Resources, name: str) -> str:
    return str(resources[name]["Properties"]["ScheduleExpression"])


TEMPLATE: Mapping[str, Callable[[Resources], set[Number]]] = {
    # No template sets it: what publishes and what reads have to agree.
    "EFFECTIVE_AFTER": lambda _: {timedelta(microseconds=index.DELAY_US)},
    "SHARDS": lambda r: {stream["ShardCount"] for stream in of(r, "Kinesis::Stream")},
    "GIVE_UP_AFTER": lambda r: every([one["MaximumRecordAgeInSeconds"] for one in sources(r)], seconds=1),
    "STREAM_RETENTION": lambda r: every([one["RetentionPeriodHours"] for one in of(r, "Kinesis::Stream")], hours=1),
    "FUTURE_BOUND": lambda r: every(variables(r, "FUTURE_BOUND_MINUTES"), minutes=1),
    "BEHIND_AFTER": lambda r: every(
        [one["Threshold"] for one in of(r, "CloudWatch::Alarm") if one.get("MetricName") == "IteratorAge"],
        milliseconds=1,
    ),
    "CHUNK_BUFFER": lambda r: every(buffers(r), seconds=1),
    "CHUNK_GRACE": lambda r: every(variables(r, "CHUNK_GRACE_MINUTES"), minutes=1),
    "REPLAYED_EVERY": lambda r: every([written(schedule(r, "ReplayerSchedule"), r"rate\((\d+) minutes\)")], minutes=1),
    "HASH_BUCKETS": lambda r: set(variables(r, "HASH_BUCKETS")),
    "LOOK_BACK_HOURS": lambda r: set(variables(r, "LOOK_BACK_HOURS")),
    "PLANNED_AT": lambda r: every(
        [written(schedule(r, "PlannerSchedule"), r"cron\((\d+) \* \* \* \? \*\)")], minutes=1
    ),
    "MERGE_ATTEMPTS": lambda r: {r["MergeQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]},
    "DEAD_MERGE_RETENTION": lambda r: every([r["DeadMergeQueue"]["Properties"]["MessageRetentionPeriod"]], seconds=1),
    "CHUNK_RETENTION": lambda r: life_cycle(r, "chunks/"),
    "PART_RETENTION": lambda r: life_cycle(r, "parts/"),
    "QUARANTINE_RETENTION": lambda r: life_cycle(r, "quarantine/"),
}


def test_the_page_has_the_numbers_that_the_oracle_judges_by(root: Path) -> None:
    rows = {row["name"]: int(row["value"]) * UNITS.get(row["unit"] or "", 1) for row in ROW.finditer(page(root))}
    assert rows == NUMBERS


@pytest.mark.parametrize("name", NUMBERS)
def test_the_template_has_the_numbers_that_are_promised(resources: Resources, name: str) -> None:
    assert TEMPLATE[name](resources) == {NUMBERS[name]}


def test_the_page_names_the_checkers_that_there_are(root: Path) -> None:
    nothing = Evidence(History(), AtRest(), Model(buckets=promises.HASH_BUCKETS))
    there = {checker(nothing).checker for checker in CHECKERS}
    promised = page(root).partition("## In numbers")[0]
    assert set(re.findall(r"`([a-z-]+)`", promised)) == there


def test_what_the_page_says_is_shown_by_a_drill_is_one_of_the_catalogue(root: Path) -> None:
    named = {drill for row in ROW.finditer(page(root)) for drill in re.findall(r"`([^`]+)`", row["shown"])}
    assert named
    assert named <= set(catalogue())


def test_no_expectation_of_the_drills_is_a_number_of_the_pipeline(root: Path) -> None:
    """Of the topology they have names alone; where its numbers are looked at, both sides would move at once."""
    numbers = {name for name, value in vars(topology).items() if name.isupper() and isinstance(value, int | float)}
    used = {
        (str(path.relative_to(root)), name)
        for path in (root / "scenarios").rglob("*.py")
        if "benchmarks" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _names_of(node)
    }
    assert {name for name in numbers if name in vars(topology)} >= {"FUTURE_BOUND_MINUTES", "CHUNK_GRACE_MINUTES"}
    assert {entry for entry in used if entry[1] in numbers} == set()


def _names_of(node: ast.AST) -> Iterator[str]:
    """The names that are taken from the topology."""
    match node:
        case ast.Attribute(ast.Name("topology"), name):
            yield name
        case ast.ImportFrom(module="wavetank.pipeline.topology", names=names):
            yield from (alias.name for alias in names)
