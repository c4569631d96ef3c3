"""The stacks that run, for `wavetank status`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wavetank.emulator.errors import StackError
from wavetank.emulator.stack.stack import EmbeddedStack, Stack
from wavetank.pipeline.names import NAMES, Names

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack

HEADINGS = ("PORT", "PROCESS", "UP FOR", "STATE", "PIPELINE", "ENDPOINT", "PROJECT")
STATUS_TIMEOUT_S = 3.0
THERE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def describe(stack: "EmbeddedStack | DockerStack") -> dict[str, Any]:
    """A stack as JSON has it; a stack that does not answer is described as not ready."""
    process = {
        "kind": str(stack.kind),
        "port": stack.port,
        "endpoint_url": stack.endpoint_url,
        "project": stack.project,
        "pid": stack.pid,
        "uptime_s": round(stack.uptime_s, 1),
        "private": stack.is_private,
        "log": str(stack.folder.log) if isinstance(stack, EmbeddedStack) else f"docker logs {stack.container.name}",
    }
    try:
        answer = stack.control.status(timeout_s=STATUS_TIMEOUT_S)
    except StackError:
        return process | {"ready": False, "deployed": False, "plugins": {}}
    deployed = is_deployed(stack)
    kept_back = _kept_back(stack, NAMES) if deployed else {}
    return process | {"ready": True, "deployed": deployed, "plugins": answer["plugins"]} | kept_back


def _kept_back(stack: Stack, names: Names) -> dict[str, Any]:
    """What does not flow: the files of quarantine that were not re-driven, and the partitions whose merge was given up.

    Where it cannot be read, nothing is said of it.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from wavetank.scenarios.client import quarantine
    from wavetank.scenarios.site.dead_merges import dead_merges

    s3, bucket = stack.client("s3"), names.data_bucket(stack.account)
    try:
        files = [file for file in quarantine.files(s3, bucket) if not quarantine.is_redriven(s3, bucket, file)]
        return {"quarantine_files": len(files), "dead_merges": list(dead_merges(stack, names))}
    except (ClientError, BotoCoreError):
        return {}


def is_deployed(stack: Stack) -> bool:
    """Whether the pipeline's CloudFormation stack is there, complete."""
    from botocore.exceptions import ClientError

    try:
        described = stack.client("cloudformation").describe_stacks(StackName=NAMES.shared_stack)
    except ClientError:
        return False
    return any(formation["StackStatus"] in THERE for formation in described["Stacks"])


def table(stacks: Sequence[Mapping[str, Any]]) -> str:
    """The stacks as lines of text under headings."""
    rows = [HEADINGS]
    for stack in stacks:
        minutes, seconds = divmod(int(stack["uptime_s"]), 60)
        hours, rest = divmod(minutes, 60)
        up_for = f"{hours} h {rest} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
        state = ("private" if stack["private"] else "ready") if stack["ready"] else "not answering"
        deployed = "deployed" if stack["deployed"] else "not deployed"
        names = (stack["endpoint_url"], stack["project"] or "none")
        rows.append((str(stack["port"]), str(stack["pid"]), up_for, state, deployed, *names))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *(line for stack in stacks for line in _troubles(stack))])


def _troubles(stack: Mapping[str, Any]) -> Iterator[str]:
    """A line for each thing on a stack that waits for a person."""
    from wavetank.scenarios.site.dead_merges import remedy

    if stack.get("quarantine_files"):
        yield f"{stack['port']}: {stack['quarantine_files']:,} files in quarantine; see `wavetank quarantine list`"
    if given_up := stack.get("dead_merges"):
        yield f"{stack['port']}: {len(given_up):,} partitions could not be merged. {remedy(given_up)}"
