"""`AWS::Lambda::EventSourceMapping`."""

from typing import Any

from wavetank.emulator.cloudformation.resource import (
    Context,
    Model,
    Properties,
    Schema,
    names,
    retag_function,
    tag_list,
    tags_of,
    wait_until,
    wait_until_gone,
)

STREAM_DEFAULTS: Model = {
    "BatchSize": 100,
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {}},
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}
QUEUE_DEFAULTS: Model = {"BatchSize": 10, "ScalingConfig": {}}
DEFAULTS: Model = {
    "Enabled": True,
    "FilterCriteria": {"Filters": []},
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
}
"""What a removed setting becomes; UpdateEventSourceMapping would keep it (Lambda API reference)."""


class EventSourceMapping:
    """A stream or queue that a function is called with."""

    schema = Schema(
        type="AWS::Lambda::EventSourceMapping",
        identifier="Id",
        create_only=names("EventSourceArn StartingPosition StartingPositionTimestamp"),
        mutable=names(
            """BatchSize BisectBatchOnFunctionError DestinationConfig Enabled FilterCriteria FunctionName
            FunctionResponseTypes MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts
            ParallelizationFactor ScalingConfig Tags"""
        ),
        refused=names(
            """AmazonManagedKafkaEventSourceConfig DocumentDBEventSourceConfig KmsKeyArn LoggingConfig MetricsConfig
            ProvisionedPollerConfig Queues SelfManagedEventSource SelfManagedKafkaEventSourceConfig
            SourceAccessConfigurations Topics TumblingWindowInSeconds"""
        ),
        read_only=names("Id EventSourceMappingArn"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the mapping."""
        request = {key: model[key] for key in (self.schema.supported - {"Tags"}) & model.keys()}
        tags = {"Tags": tags_of(model)} if model.get("Tags") else {}
        mapping = context.clients.lambda_.create_event_source_mapping(**request, **tags)
        return {"Id": mapping["UUID"], "EventSourceMappingArn": mapping["EventSourceMappingArn"]}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Update a mapping that was there before, and what it no longer sets to its default."""
        if before is None:
            return
        lambda_, uuid = context.clients.lambda_, model["Id"]
        self._settled(lambda_, uuid)
        defaults = DEFAULTS | (QUEUE_DEFAULTS if ":sqs:" in model["EventSourceArn"] else STREAM_DEFAULTS)
        removed = {key: value for key, value in defaults.items() if key in before and key not in model}
        request = {key: model[key] for key in (self.schema.mutable - {"Tags"}) & model.keys()}
        lambda_.update_event_source_mapping(UUID=uuid, **(removed | request))
        self._settled(lambda_, uuid)
        retag_function(lambda_, model["EventSourceMappingArn"], model)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the mapping and wait until it is gone."""
        lambda_, uuid = context.clients.lambda_, model["Id"]
        self._settled(lambda_, uuid)
        lambda_.delete_event_source_mapping(UUID=uuid)
        wait_until_gone(
            lambda: lambda_.get_event_source_mapping(UUID=uuid),
            lambda_.exceptions.ResourceNotFoundException,
            f"event source mapping {uuid}",
        )

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The mapping as GetEventSourceMapping shows it."""
        lambda_ = context.clients.lambda_
        mapping = self._settled(lambda_, model["Id"])
        mapping["Enabled"] = mapping["State"] == "Enabled"
        asked = str(expected.get("FunctionName") or "")
        if mapping["FunctionArn"].endswith(f":{asked}"):
            mapping["FunctionName"] = asked
        else:
            mapping["FunctionName"] = mapping["FunctionArn"]
        if timestamp := mapping.get("StartingPositionTimestamp"):
            mapping["StartingPositionTimestamp"] = timestamp.timestamp()
        if "Tags" in expected:
            tags = lambda_.list_tags(Resource=mapping["EventSourceMappingArn"]).get("Tags") or {}
            mapping["Tags"] = tag_list(tags)
        return mapping

    def _settled(self, lambda_: Any, uuid: str) -> Model:
        """The mapping once it is changing no more."""
        mapping: Model = {}

        def settled() -> bool:
            mapping.update(lambda_.get_event_source_mapping(UUID=uuid))
            return mapping["State"] in ("Enabled", "Disabled")

        wait_until(settled, f"Enabled or Disabled of event source mapping {uuid}")
        return mapping
