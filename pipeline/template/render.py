"""Renders the topology as one CloudFormation template: least privilege, no wildcard actions.

`shared` and `component` give their resources by logical id; `render` puts them together.
"""

import json
from typing import Any

from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.component import code_key, component, layer_key
from wavetank.pipeline.template.permissions import DATA, REGISTRY
from wavetank.pipeline.template.shared import shared
from wavetank.pipeline.topology import Topology

MOST_RESOURCES = 500
MOST_BYTES = 1_000_000
"""Limits of a template that CloudFormation takes by URL (user guide, "Quotas")."""

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


def render(deployed: Topology) -> dict[str, Any]:
    """The template of a topology, ready for `json.dumps`."""
    resources = shared(deployed)
    own = {
        code_key(event): {"Type": "String", "Description": f"Key of the package of the {event.name} processor."}
        for event in deployed.events
        if event.has_own_code
    }
    own |= {
        layer_key(event): {"Type": "String", "Description": f"Key of the layer of the {event.name} processor."}
        for event in deployed.events
        if event.has_packages
    }
    for event in deployed.events:
        resources |= component(deployed, event)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "wavetank: an event pipeline from Kinesis to Avro and Parquet at rest",
        "Parameters": PARAMETERS | own,
        "Resources": resources,
        "Outputs": {
            "DataBucketName": {"Value": {"Ref": DATA}},
            "RegistryBucketName": {"Value": {"Ref": REGISTRY}},
            "ChunkTopicArn": {"Value": {"Ref": "ChunkTopic"}},
        },
    }


def compact(template: dict[str, Any]) -> str:
    """The text that is deployed: one line without spaces, which is less than half of what people read.

    Raises ConfigurationError for more than CloudFormation takes, with the rule.
    """
    text = json.dumps(template, separators=(",", ":"))
    resources = len(template["Resources"])
    if resources > MOST_RESOURCES or len(text) > MOST_BYTES:
        raise ConfigurationError(
            f"these event types make a template of {resources} resources and {len(text):,} bytes; CloudFormation takes "
            f"{MOST_RESOURCES} and {MOST_BYTES:,} a stack: deploy some of the event types in an account of their own"
        )
    return text
