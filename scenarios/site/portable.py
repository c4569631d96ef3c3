"""Sites on stacks without a control API: nobody says there when all is done, so what stays as it is counts as done."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from wavetank.emulator.deploy.deploy import Progress, deploy, schemas_folder
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.stack import Stack
from wavetank.emulator.stack.uncontrolled import NoControl
from wavetank.pipeline import topology
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.site.site import Site

QUIET_S = topology.CHUNK_BUFFER_S + 15.0
"""As long as a Firehose buffers, and for a function to be polled, to start and to write."""
LONGEST_S = 3600.0
LOOK_S = 1.0
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")

Sight = dict[str, str]


@dataclass(frozen=True)
class PortableSite(Site):
    """quiet_s: what has not changed for so long is settled."""

    quiet_s: float = QUIET_S

    @classmethod
    def deployed_on(cls, stack: Stack, progress: Progress = lambda _: None) -> Self:
        """The site of the checkout's pipeline on `stack`. Raises DeployFailed."""
        return cls(stack, deploy(stack, progress).topology, schemas_folder())

    def now(self) -> datetime:
        """The world's time, UTC."""
        return datetime.now(UTC)

    def settle(self) -> None:
        """Return once nothing has changed for a while. Raises NotSettled."""
        seen, began = self._sight(), time.monotonic()
        since = began
        while time.monotonic() - since < self.quiet_s:
            time.sleep(LOOK_S)
            sight = self._sight()
            if sight != seen or self._queued():
                seen, since = sight, time.monotonic()
            if time.monotonic() - began > LONGEST_S:
                raise NotSettled(LONGEST_S, [("data bucket", "objects still come")])

    def settle_but(self, on: str) -> None:  # noqa: ARG002
        """As `settle`: what hangs changes nothing either."""
        self.settle()

    def report(self) -> None:
        """Nothing that could be asked for."""

    def _sight(self) -> Sight:
        """Every object, by the digest that S3 tells."""
        return at_rest.md5s(self.s3, self.data_bucket)

    def _queued(self) -> bool:
        """Whether a merge waits or is under way."""
        sqs = self.stack.client("sqs")
        url = sqs.get_queue_url(QueueName=topology.MERGE_QUEUE)["QueueUrl"]
        held = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(WAITING))["Attributes"]
        return any(int(held.get(name, 0)) for name in WAITING)


def site_on(stack: Stack, kind: type[Site], progress: Progress = lambda _: None, quiet_s: float | None = None) -> Site:
    """The pipeline on `stack`: a site of this kind, or where there is no control API a portable one."""
    if not isinstance(stack.control, NoControl):
        return kind.deployed_on(stack, progress)
    site = PortableSite.deployed_on(stack, progress)
    return site if quiet_s is None else replace(site, quiet_s=quiet_s)
