"""The stack in a Docker container, behind the same interface as the embedded one.

with docker_stack() as stack:           # build the image where it is not up to date, start, take down
    stack.client("s3").create_bucket(Bucket="mine")

with WaveTankContainer() as emulator:   # for other projects' tests, on testcontainers
    emulator.client("s3").list_buckets()
"""

from typing import TYPE_CHECKING, Any

from wavetank.emulator.container.stack import DockerStack, docker_stack

if TYPE_CHECKING:
    from wavetank.emulator.container.testing import WaveTankContainer

__all__ = ["DockerStack", "WaveTankContainer", "docker_stack"]


def __getattr__(name: str) -> Any:
    """`WaveTankContainer`, once it is asked for: testcontainers takes longer to import than all the rest."""
    if name != "WaveTankContainer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wavetank.emulator.container.testing import WaveTankContainer

    return WaveTankContainer
