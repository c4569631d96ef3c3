"""Renders the topology as CloudFormation templates, one a stack: least privilege, no wildcard actions.

`shared`, `component` and `dashboards` give their resources by logical id, which refer to each other as if they were in
one stack; `split` parts them: a stack for what event types share, one for each event type, and the dashboards' own.
"""

import json
from typing import Any

from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template import dumpers, outage
from wavetank.pipeline.template.component import code_key, component, layer_key
from wavetank.pipeline.template.dashboards.resources import dashboards
from wavetank.pipeline.template.permissions import DATA, REGISTRY
from wavetank.pipeline.template.shared import shared
from wavetank.pipeline.template.split import LAYER, referenced, split
from wavetank.pipeline.topology import Topology

MOST_RESOURCES = 500
MOST_BYTES = 1_000_000
"""Limits of a template that CloudFormation takes by URL (user guide, "Quotas")."""
MOST_BYTES_INLINE = 51_200
"""Limit of a template in a request (user guide, "Quotas")."""
PREFIX_OUTPUT = "Prefix"
EVENT_TYPE_OUTPUT = "EventType"
"""Outputs by which a stack is known for one of a stage's, and for the one of an event type."""

PARAMETERS: dict[str, dict[str, Any]] = {
    "ArtifactsBucket": {"Type": "String", "Description": "Bucket that holds the packages."},
    "CodeKey": {"Type": "String", "Description": "Key of the function package."},
    "CodecLayerKey": {"Type": "String", "Description": "Key of the layer with fastavro."},
    "ColumnsLayerKey": {"Type": "String", "Description": "Key of the layer with numpy and pyarrow."},
    "MergeConcurrency": {
        "Type": "Number",
        "MinValue": 2,
        "MaxValue": 1000,
        "Default": 8,
        "Description": "Concatenators at work at the same time.",
    },
    "ScheduleState": {
        "Type": "String",
        "AllowedValues": ["ENABLED", "DISABLED"],
        "Default": "ENABLED",
        "Description": "DISABLED where ticks are sent by hand.",
    },
}


def whole(deployed: Topology) -> dict[str, Any]:
    """All resources of a topology as one template, which refer to each other whatever their stacks.

    It is what rights are read from; `render` gives the templates that are deployed.
    """
    resources: dict[str, dict[str, Any]] = {}
    for part in _parts(deployed).values():
        resources |= part
    return {"Resources": resources}


def render(deployed: Topology) -> dict[str, dict[str, Any]]:
    """The template of each CloudFormation stack by its name, ready for `json.dumps`; the shared one comes first.

    A stack that has nothing is left out. Raises ConfigurationError.
    """
    names = deployed.names
    stacks = {logical_id: stack for stack, part in _parts(deployed).items() for logical_id in part}
    event_types = {names.component_stack(event.name): event.name for event in deployed.events}
    resources = outage.with_choices(whole(deployed)["Resources"], deployed)
    parameters = PARAMETERS | dumpers.PARAMETERS | _own_parameters(deployed)
    return {
        stack: _template(stack, part, resources, parameters, names.prefix, event_types.get(stack))
        for stack, part in split(resources, stacks).items()
        if part
    }


def _parts(deployed: Topology) -> dict[str, dict[str, dict[str, Any]]]:
    """The resources of each stack."""
    names = deployed.names
    running = {
        names.shared_stack: shared(deployed),
        **{names.component_stack(event.name): component(deployed, event) for event in deployed.events},
    }
    others = {logical_id: resource for part in running.values() for logical_id, resource in part.items()}
    return {**running, **dashboards(deployed, others)}


def _own_parameters(deployed: Topology) -> dict[str, dict[str, Any]]:
    """The parameters of components that have code of their own: their packages and layers."""
    codes = {
        code_key(event): f"package of the {event.name} processor" for event in deployed.events if event.has_own_code
    }
    layers = {
        layer_key(event): f"layer of the {event.name} processor" for event in deployed.events if event.has_packages
    }
    packages = {dumpers.code_key(database): f"package of the {database.name} dumper" for database in deployed.databases}
    if packages:
        packages["DatabasesLayerKey"] = "layer with the drivers of databases"
    return {
        name: {"Type": "String", "Description": f"Key of the {what}."}
        for name, what in (codes | layers | packages).items()
    }


def _template(
    stack: str,
    resources: dict[str, Any],
    everything: dict[str, Any],
    known: dict[str, dict[str, Any]],
    prefix: str,
    event_type: str | None,
) -> dict[str, Any]:
    """The template of a stack: its resources, the parameters that they use, and what tells whose the stack is."""
    conditions = outage.CONDITIONS | (
        dumpers.CONDITIONS if any("Condition" in each for each in resources.values()) else {}
    )
    used = set(referenced([resources, conditions])) - set(outage.PARAMETERS)
    layers = {name for name, resource in everything.items() if resource["Type"] == LAYER}
    parameters = {name: parameter for name, parameter in known.items() if name in used}
    is_of_dashboards = event_type is None and stack != prefix
    if not is_of_dashboards:
        parameters |= outage.PARAMETERS
    for name in sorted(used & layers - resources.keys()):
        parameters[name] = {"Type": "String", "Description": "ARN of the layer's version."}
    outputs: dict[str, Any] = {PREFIX_OUTPUT: {"Value": prefix}}
    if event_type is not None:
        outputs[EVENT_TYPE_OUTPUT] = {"Value": event_type}
    for name in sorted(layers & resources.keys()):
        outputs[name] = {"Value": {"Ref": name}}
    if DATA in resources:
        outputs["DataBucketName"] = {"Value": {"Ref": DATA}}
        outputs["RegistryBucketName"] = {"Value": {"Ref": REGISTRY}}
        outputs["ChunkTopicArn"] = {"Value": {"Ref": "ChunkTopic"}}
    shared = "dashboards" if is_of_dashboards else "what event types share"
    purpose = f"events of type {event_type}, from Kinesis to chunks" if event_type else shared
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{stack}: {purpose}",
        "Parameters": parameters,
        **({} if is_of_dashboards else {"Conditions": conditions}),
        "Resources": resources,
        "Outputs": outputs,
    }


def compact(stack: str, template: dict[str, Any]) -> str:
    """The text of a stack that is deployed: one line without spaces, which is less than half of what people read.

    Raises ConfigurationError for more than CloudFormation takes, with the rule.
    """
    text = json.dumps(template, separators=(",", ":"))
    resources = len(template["Resources"])
    if resources > MOST_RESOURCES or len(text) > MOST_BYTES:
        raise ConfigurationError(
            f"the template of stack {stack} has {resources} resources and {len(text):,} bytes; CloudFormation takes "
            f"{MOST_RESOURCES} and {MOST_BYTES:,} a stack: deploy some of the event types in an account of their own"
        )
    return text
