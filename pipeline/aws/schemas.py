"""The registries of a warm function, which keep what they have read from one event to the next."""

from functools import cache

from wavetank.pipeline.aws.calls import RegistryBucket
from wavetank.pipeline.schemas.registry import Registry


@cache
def store(bucket: str) -> RegistryBucket:
    """The registry's bucket."""
    return RegistryBucket(bucket)


@cache
def registry(bucket: str, event: str) -> Registry:
    """The schemas of an event type."""
    return Registry(store(bucket), event)
