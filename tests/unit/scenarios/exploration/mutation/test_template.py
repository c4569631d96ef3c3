"""Edits of the rendered template reach every value that is deployed, and no other template."""

import json
from copy import deepcopy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy.deploy import plan
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.exploration.mutants.build import PIPELINE, built
from wavetank.scenarios.exploration.mutation.template import FILE, Edit, edits

TEMPLATE = whole(plan())
EDITS = list(edits(TEMPLATE))


def edited(edit: Edit, template: dict[str, Any]) -> dict[str, Any]:
    """The template as the changed file renders it, in this process."""
    renderer = f"def whole():\n    return {template!r}\n"
    names: dict[str, Any] = {}
    exec(edit.change(renderer).text, names)
    changed: dict[str, Any] = names["whole"]()
    return changed


@pytest.mark.parametrize(
    ("operator", "where", "new"),
    [
        ("other value", "ClickSource.Properties.StartingPosition", "LATEST"),
        ("switched", "ClickSource.Properties.BisectBatchOnFunctionError", False),
        ("number", "ClickRawStream.Properties.RetentionPeriodHours", 48),
        ("number", "Planner.Properties.Environment.Variables.LOOK_BACK_HOURS", "6"),
        ("other value", "PlannerSchedule.Properties.ScheduleExpression", "cron(5 0 * * ? *)"),
        ("other value", "DataBucket.DeletionPolicy", "Delete"),
        ("other reference", "ClickSource.Properties.EventSourceArn", {"Fn::GetAtt": ["ConversionRawStream", "Arn"]}),
        ("wider", "PartitionerRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource.0", "*"),
        ("wider", "PartitionerRole.Properties.Policies.0.PolicyDocument.Statement.1.Action.0", "s3:*"),
        ("prefix", "ClickDelivery.Properties.ExtendedS3DestinationConfiguration.Prefix", "parts/click/"),
        ("removed entry", "PartitionerRole.Properties.Policies.0.PolicyDocument.Statement.1.Action.1", None),
        ("removed entry", "DataBucket.Properties.LifecycleConfiguration.Rules.0.TagFilters", None),
        ("removed resource", "RescuerInvoke", None),
    ],
)  # fmt: skip
def test_there_is_an_edit_for_every_kind_of_slip(operator: str, where: str, new: object) -> None:
    assert (operator, where, new) in [(edit.operator, edit.where, edit.new) for edit in EDITS]


def test_every_resource_is_edited_and_every_edit_changes_just_its_value() -> None:
    assert {edit.path[0] for edit in EDITS} == set(TEMPLATE["Resources"])
    for edit in EDITS[:: len(EDITS) // 40]:
        changed, (*way, last) = edited(edit, deepcopy(TEMPLATE)), edit.path
        holder: Any = reduce(lambda value, step: value[step], way, changed["Resources"])
        if edit.is_removal:
            holder.insert(int(last), edit.old) if isinstance(holder, list) else holder.update({last: edit.old})
        else:
            assert holder[last] == edit.new
            holder[last] = edit.old
        assert changed == TEMPLATE


def test_a_template_without_the_value_stays_as_it_is() -> None:
    edit = next(edit for edit in EDITS if edit.where.startswith("ClickSource.Properties.StartingPosition"))
    other = {"Resources": {"OtherSource": {"Type": "AWS::Lambda::EventSourceMapping"}}}
    assert edited(edit, other) == other


def test_an_edit_is_deployed_as_any_other_change_of_the_renderer() -> None:
    edit = next(edit for edit in EDITS if edit.new == "LATEST")
    with built(edit.change((PIPELINE / FILE).read_text())) as build:
        assert build.templates is not None
        assert json.dumps(build.templates).count("LATEST") == 1


def test_a_change_names_its_path_and_values(root: Path) -> None:
    edit = next(edit for edit in EDITS if edit.new == "LATEST")
    assert edit.change("").name == f'{edit.where} other value: "TRIM_HORIZON" → "LATEST"'
    assert (root / "pipeline" / FILE).is_file()
