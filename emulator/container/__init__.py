"""The stack in a Docker container, behind the same interface as the embedded one.

with docker_stack() as stack:           # build the image where it is not up to date, start, take down
    stack.client("s3").create_bucket(Bucket="mine")

with WaveTankContainer() as emulator:   # for other projects' tests, on testcontainers
    emulator.client("s3").list_buckets()
"""

from emulator.container.stack import DockerStack, docker_stack
from emulator.container.testing import WaveTankContainer

__all__ = ["DockerStack", "WaveTankContainer", "docker_stack"]
