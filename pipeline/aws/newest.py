"""The newest processed schema as of now: a warm function must see a version published since its last."""

from wavetank.pipeline.aws import environment
from wavetank.pipeline.aws.schemas import registry
from wavetank.pipeline.core.schema import Role, Schema


def newest(event: str) -> Schema:
    """The newest processed schema of an event type; raises RegistryFault where the registry cannot be read."""
    known = registry(environment.text("REGISTRY_BUCKET"), event)
    known.refresh()
    return known.newest(Role.PROCESSED)
