"""The newest processed schema as of now: a warm function must see a version published since its last."""

from functools import cache

from pipeline.core.schema import Role, Schema
from pipeline.handlers import aws, settings
from pipeline.registry import Registry


def newest(event: str) -> Schema:
    """The newest processed schema of an event type; raises RegistryFault where the registry cannot be read."""
    registry = _registry(settings.text("REGISTRY_BUCKET"), event)
    registry.refresh()
    return registry.newest(Role.PROCESSED)


@cache
def _registry(bucket: str, event: str) -> Registry:
    return Registry(aws.RegistryBucket(bucket), event)
