"""The stack in a Docker container, behind the same interface as the embedded one.

with docker_stack() as stack:           # build the image where it is not up to date, start, take down
    stack.client("s3").create_bucket(Bucket="mine")

with WaveTankContainer() as emulator:   # for other projects' tests, on testcontainers
    emulator.client("s3").list_buckets()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack, docker_stack
    from wavetank.emulator.container.testing import WaveTankContainer

__all__ = ["DockerStack", "WaveTankContainer", "docker_stack"]

MODULES = {"DockerStack": "stack", "docker_stack": "stack", "WaveTankContainer": "testing"}


def __getattr__(name: str) -> Any:
    """The public names, each once it is asked for: testcontainers takes long to import, and an image has no Docker."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
