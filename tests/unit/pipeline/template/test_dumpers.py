"""A database brings a function with its rights, a way out of a VPC, and alarms; without one nothing changes."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline import layout
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference.source import LEASE_S
from wavetank.pipeline.template import dumpers
from wavetank.pipeline.template.permissions import REGISTRY
from wavetank.pipeline.template.render import render, whole
from wavetank.pipeline.template.rights import entry, listed, rights_of
from wavetank.pipeline.template.tags import UNTAGGED
from wavetank.pipeline.topology import Topology, load

REFERENCE = """
owner = "{owner}"
key = ["id"]
every = "{every}"
stale_after = "30 minutes"

[database]
name = "{database}"
secret = "teams/{database}"
table = "{table}"

[columns]
id = "string"
"""
OF_VPC = {"AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint", "AWS::IAM::Policy"}


def add_reference(
    folder: Path, name: str, database: str = "ads", every: str = "2 minutes", owner: str = "platform"
) -> None:
    """A reference that is read from a table of its name."""
    (folder / "reference").mkdir(exist_ok=True)
    text = REFERENCE.format(owner=owner, every=every, database=database, table=name.replace("-", "_"))
    (folder / "reference" / f"{name}.toml").write_text(text)


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    """A project of one event type, and two databases with three references."""
    folder = tmp_path / "schemas"
    add_event(folder, "click")
    add_reference(folder, "accounts", owner="accounting")
    add_reference(folder, "rates", every="3 minutes", owner="accounting")
    add_reference(folder, "shops", database="retail", every="10 minutes", owner="retail")
    return folder


@pytest.fixture
def planned(schemas: Path) -> Topology:
    return load(schemas)


def resources_of(planned: Topology) -> dict[str, dict[str, Any]]:
    resources: dict[str, dict[str, Any]] = render(planned)[planned.names.shared_stack]["Resources"]
    return resources


def test_a_project_without_a_database_has_the_templates_that_it_had_before(schemas: Path) -> None:
    shutil.rmtree(schemas / "reference")
    text = json.dumps(render(load(schemas)))
    for word in ("umper", "Vpc", "VPCEndpoint", "Databases", layout.SUPERSEDED_TAG["Key"], f'"{layout.DATABASES}/"'):
        assert word not in text


def test_each_database_has_one_function_that_runs_as_often_as_its_references_need_it(planned: Topology) -> None:
    resources = resources_of(planned)
    assert resources["AdsDumperSchedule"]["Properties"]["ScheduleExpression"] == "rate(1 minute)"
    assert resources["RetailDumperSchedule"]["Properties"]["ScheduleExpression"] == "rate(10 minutes)"
    assert {planned.names.dumper("ads"), planned.names.dumper("retail")} < set(planned.functions)
    for name in ("Ads", "Retail"):
        function = resources[f"{name}Dumper"]["Properties"]
        assert function["ReservedConcurrentExecutions"] == 1
        assert function["Timeout"] < LEASE_S
        assert resources[f"{name}DumperRetries"]["Properties"]["MaximumRetryAttempts"] == 0


def test_a_function_is_in_a_vpc_and_has_endpoints_only_where_one_is_named(planned: Topology) -> None:
    template = render(planned)[planned.names.shared_stack]
    assert template["Parameters"][dumpers.VPC]["Default"] == ""
    for name, resource in template["Resources"].items():
        assert ("Condition" in resource) is (resource["Type"] in OF_VPC), name
        assert resource.get("Condition", dumpers.IN_VPC) in template["Conditions"]
    assert resources_of(planned)["AdsDumper"]["Properties"]["VpcConfig"]["Fn::If"][0] == dumpers.IN_VPC


def test_no_other_function_is_in_a_vpc(planned: Topology) -> None:
    functions = {
        name: each["Properties"]
        for name, each in whole(planned)["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function"
    }
    assert {name for name, each in functions.items() if "VpcConfig" in each} == {"AdsDumper", "RetailDumper"}


def test_a_dumper_has_the_rights_that_are_listed_and_no_others(planned: Topology) -> None:
    rights = [right for right in rights_of(whole(planned)) if re.match(r"(Ads|Retail)Dumper", right.holder)]
    given = {entry(right, {"Click": "click"}, planned.databases) for right in rights}
    assert given == {each for each in listed().rights if each[0].startswith("{Database}")}
    for right in rights:
        if right.resource == "*" and not right.action.startswith("Deny"):
            assert re.fullmatch(r"ec2:Describe\w+", right.action)


def test_a_dumper_may_not_touch_what_another_one_reads(planned: Topology) -> None:
    rights = [right for right in rights_of(whole(planned)) if right.holder == "AdsDumperRole"]
    text = " ".join(map(str, rights))
    assert "accounts" in text
    assert "rates" in text
    assert "shops" not in text
    assert "retail" not in text
    secret = next(right.resource for right in rights if right.action == "secretsmanager:GetSecretValue")
    assert secret.endswith(":secret:teams/ads-??????")


def test_what_is_of_a_reference_has_its_owner(planned: Topology) -> None:
    owners = {
        name: {tag["Key"]: tag["Value"] for tag in each["Properties"]["Tags"]}["owner"]
        for name, each in resources_of(planned).items()
        if each["Type"] not in UNTAGGED
    }
    assert owners["AdsDumper"] == owners["RatesDumpRefusedAlarm"] == "accounting"
    assert owners["RetailDumper"] == owners["ShopsReferenceStaleAlarm"] == "retail"


def test_an_alarm_of_staleness_rings_where_nobody_looks_and_has_a_run_in_each_of_its_periods(
    planned: Topology,
) -> None:
    for name, period in (("Accounts", 300), ("Shops", 600)):
        alarm = resources_of(planned)[f"{name}ReferenceStaleAlarm"]["Properties"]
        assert alarm["TreatMissingData"] == "breaching"
        assert (alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"]) == (1800, period, 2)


def test_a_superseded_snapshot_goes_with_all_its_versions_and_no_other_does(planned: Topology) -> None:
    rules = resources_of(planned)[REGISTRY]["Properties"]["LifecycleConfiguration"]["Rules"]
    (rule,) = (each for each in rules if each.get("TagFilters") == [layout.SUPERSEDED_TAG])
    assert rule["Prefix"] == f"{layout.REFERENCE}/"
    assert rule["ExpirationInDays"] == rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1
    assert [each for each in rules if "ExpirationInDays" in each and not each.get("TagFilters")] == []


def test_snapshots_are_kept_for_the_longest_retention_and_look_back_of_any_event_type(schemas: Path) -> None:
    (schemas / "click" / "component.toml").write_text("look_back_hours = 48\n[stream]\nretention_hours = 2000\n")
    assert dumpers.snapshot_hours(load(schemas)) == 2000 + 48 + 24


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a" * 32,), None),
        (("retail-x", "retailx"), "differ in hyphens"),
        (("live-ads",), "those of stage live"),
        (("live",), "those of stage live"),
        (("page",), "event type page-dumper"),
    ],
)
def test_a_database_whose_names_others_have_is_refused(
    tmp_path: Path, names: tuple[str, ...], message: str | None
) -> None:
    (tmp_path / "wavetank.toml").write_text("[stages.live]\n[stages.production]\n")
    folder = tmp_path / "schemas"
    add_event(folder, "page-dumper")
    for number, name in enumerate(names):
        add_reference(folder, f"things{number}", database=name)
    if message is None:
        load(folder)
        with pytest.raises(ConfigurationError, match="longer than the 64"):
            load(folder, "production")
    else:
        with pytest.raises(ConfigurationError, match=message):
            load(folder)


def test_the_overview_has_a_row_of_what_databases_are_read_for(planned: Topology, schemas: Path) -> None:
    def text(deployed: Topology) -> str:
        body: str = whole(deployed)["Resources"]["OverviewDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        return body

    for reference in planned.references:
        assert f'"{reference.name}"' in text(planned)
    assert "References: dumps" in text(planned)
    shutil.rmtree(schemas / "reference")
    assert "References" not in text(load(schemas))
