"""The stacks that run, for `wavetank status`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wavetank.emulator.errors import StackError
from wavetank.emulator.stack.stack import EmbeddedStack, Stack
from wavetank.pipeline.topology import PROJECT

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack

HEADINGS = ("PORT", "PROCESS", "UP FOR", "STATE", "PIPELINE", "ENDPOINT")
STATUS_TIMEOUT_S = 3.0
THERE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def describe(stack: "EmbeddedStack | DockerStack") -> dict[str, Any]:
    """A stack as JSON has it; a stack that does not answer is described as not ready."""
    process = {
        "kind": str(stack.kind),
        "port": stack.port,
        "endpoint_url": stack.endpoint_url,
        "pid": stack.pid,
        "uptime_s": round(stack.uptime_s, 1),
        "private": stack.is_private,
        "log": str(stack.folder.log) if isinstance(stack, EmbeddedStack) else f"docker logs {stack.container.name}",
    }
    try:
        answer = stack.control.status(timeout_s=STATUS_TIMEOUT_S)
    except StackError:
        return process | {"ready": False, "deployed": False, "plugins": {}}
    return process | {"ready": True, "deployed": is_deployed(stack), "plugins": answer["plugins"]}


def is_deployed(stack: Stack) -> bool:
    """Whether the pipeline's CloudFormation stack is there, complete."""
    from botocore.exceptions import ClientError

    try:
        described = stack.client("cloudformation").describe_stacks(StackName=PROJECT)
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
        rows.append((str(stack["port"]), str(stack["pid"]), up_for, state, deployed, stack["endpoint_url"]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
