"""A function's environment variables; the same on AWS and anywhere else."""

import json
import os

from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.topology import Enrichment


def text(name: str) -> str:
    """A variable that must be there; raises ConfigurationError where it is not."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError(f"the environment variable {name} is not set: deploy the function from the template")
    return value


def number(name: str) -> int:
    """A variable that must be a whole number."""
    value = text(name)
    if not value.isdecimal():
        raise ConfigurationError(f"the environment variable {name} is to be a whole number, got {value!r}")
    return int(value)


def enrichment() -> Enrichment | None:
    """The enrichment of a processor, from `ENRICHMENT`; None where the event type has none."""
    document = os.environ.get("ENRICHMENT", "")
    return Enrichment.from_document(json.loads(document), "ENRICHMENT") if document else None
