"""Functions on a running stack: found by name, given other code, started anew."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wavetank.emulator.errors import CallerError, StackError
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import PROJECT

TIMEOUT_S = 60.0
LOOK_S = 0.01

DEBUGGED_BEFORE = "WAVETANK_DEBUG_BEFORE"
"""The variable of a function under a debugger (`emulator.develop.debug`) that tells what it was before."""


class UpdateFailed(StackError):
    """A function could not be changed; the message says which and why."""


class NoSuchFunction(CallerError):
    """There is no function of that name; the message says which there are."""

    def __init__(self, name: str, there: Sequence[str]) -> None:
        names = ", ".join(there) or "none: deploy the pipeline with `wavetank deploy`"
        super().__init__(f"there is no function {name}.", f"There are: {names}.")


def find(stack: Stack, name: str, prefix: str = PROJECT) -> str:
    """The function of that name, which may leave the prefix of its stage out. Raises `NoSuchFunction`."""
    there = sorted(configuration["FunctionName"] for configuration in configurations(stack))
    for candidate in (name, f"{prefix}-{name}"):
        if candidate in there:
            return candidate
    raise NoSuchFunction(name, there)


def configurations(stack: Stack) -> list[dict[str, Any]]:
    """The configuration of every function."""
    pages = stack.client("lambda").get_paginator("list_functions").paginate()
    return [function for page in pages for function in page["Functions"]]


def debugged(stack: Stack) -> list[str]:
    """The functions that are under a debugger, or were left there."""
    there = configurations(stack)
    return [configuration["FunctionName"] for configuration in there if before_debugging(configuration)]


def before_debugging(configuration: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a function before it was put under a debugger; empty for all others."""
    variables = configuration.get("Environment", {}).get("Variables", {})
    return dict(json.loads(variables.get(DEBUGGED_BEFORE, "{}")))


def update_code(stack: Stack, archives: Mapping[str, bytes]) -> None:
    """Give functions other code, all at once: name → package.

    Returns when every one serves it. Raises `UpdateFailed`.
    """

    def update(name: str) -> None:
        wait_until_ready(stack, name)
        stack.client("lambda").update_function_code(FunctionName=name, ZipFile=archives[name])
        wait_until_ready(stack, name)

    with ThreadPoolExecutor(max(1, len(archives))) as pool:
        list(pool.map(update, archives))


def mend(stack: Stack, archives: Mapping[str, bytes]) -> list[str]:
    """Give those functions their code (name → package) that run other code, which CloudFormation does not notice.

    Their names.
    """
    running = {deployed["FunctionName"]: deployed["CodeSha256"] for deployed in configurations(stack)}
    digests = {name: base64.b64encode(hashlib.sha256(archive).digest()).decode() for name, archive in archives.items()}
    strayed = {name: archives[name] for name, digest in digests.items() if running.get(name, digest) != digest}
    update_code(stack, strayed)
    return list(strayed)


def cycle(stack: Stack, name: str) -> None:
    """Replace the environments of a function: the next event starts a new one; running ones end in peace.

    Any update of its configuration does that; this one changes nothing. Raises `UpdateFailed`.
    """
    description = wait_until_ready(stack, name).get("Description", "")
    stack.client("lambda").update_function_configuration(FunctionName=name, Description=description)
    wait_until_ready(stack, name)


def wait_until_ready(stack: Stack, name: str) -> dict[str, Any]:
    """The configuration, once the last change took effect. Raises `UpdateFailed`."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        current: dict[str, Any] = stack.client("lambda").get_function_configuration(FunctionName=name)
        state, update = current["State"], current.get("LastUpdateStatus", "Successful")
        if state == "Failed" or update == "Failed":
            reason = current.get("LastUpdateStatusReason") or current.get("StateReason") or "no reason is given"
            raise UpdateFailed(f"{name} could not be changed: {reason}")
        if state != "Pending" and update != "InProgress":
            return current
        if time.monotonic() > deadline:
            raise UpdateFailed(f"{name} is still {state}, its update {update}, after {TIMEOUT_S:.0f} s")
        time.sleep(LOOK_S)
