"""The stack that a command talks to."""

import os
import shlex
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wavetank.emulator.errors import CallerError, NoStackUp, NotWavetank, SeveralStacksUp, Unreachable
from wavetank.emulator.stack.clients import LOCAL_HOSTS
from wavetank.emulator.stack.home import HOME_VARIABLE, Home, project_if_any
from wavetank.emulator.stack.stack import EmbeddedStack, ExternalStack, Stack
from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack
    from wavetank.scenarios.site.site import Site

PORT_VARIABLE = "WAVETANK_PORT"
CONNECT_TIMEOUT_S = 3.0
LOOK_S = 0.1


def connect(endpoint_url: str | None = None, stage: str | None = None) -> Stack:
    """The stack at `endpoint_url`; else the one on the port that `WAVETANK_PORT` names; else the only one up.

    It is seen from the account and in the region of the stage, where that names some. Raises ConfigurationError for a
    stage that there is not, CallerError where the credentials are of another account, `NoStackUp`, `SeveralStacksUp`,
    or `Unreachable` when nothing listens at the URL.
    """
    stack = _found(endpoint_url)
    if stage is None:
        return stack
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline.components.read import read_project

    place = read_project(schemas_folder().parent).stage(stage)
    if place.account is None and place.region is None:
        return stack
    seen = stack.at(place.account, place.region)
    if place.account not in (None, seen.account):
        raise CallerError(
            f"stage {stage} is of account {place.account}, and the credentials are of account {seen.account}.",
            "Use credentials of that account, or correct wavetank.toml.",
        )
    return seen


def _found(endpoint_url: str | None) -> Stack:
    if endpoint_url:
        url = urlsplit(endpoint_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise CallerError(f"{endpoint_url!r} is not a URL.", "Give one like http://127.0.0.1:4566.")
        number = url.port or (443 if url.scheme == "https" else 80)
        try:
            socket.create_connection((url.hostname, number), timeout=CONNECT_TIMEOUT_S).close()
        except OSError as error:
            remedy = "Start a stack with `wavetank up`, or correct --endpoint-url (AWS_ENDPOINT_URL)."
            raise Unreachable(f"nothing listens at {endpoint_url} ({error}).", remedy) from error
        return (on(number) if url.hostname in LOCAL_HOSTS else None) or ExternalStack(endpoint_url)
    port = os.environ.get(PORT_VARIABLE)
    if port and not port.isdigit():
        raise CallerError(f"{PORT_VARIABLE} is {port!r}, not a port number.", f"Unset {PORT_VARIABLE}, or correct it.")
    return ours(int(port) if port else None)


def pipeline_at(endpoint_url: str | None, stage: str | None = None) -> "Site":
    """The pipeline of the project, of a stage, on the stack that `connect` gives. Raises as that does."""
    return pipeline_on(connect(endpoint_url, stage), stage)


def pipeline_on(stack: Stack, stage: str | None = None) -> "Site":
    """The pipeline of the project, of a stage, on this stack. Raises NoProject, ConfigurationError."""
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline import topology
    from wavetank.scenarios.site.site import Site

    schemas = schemas_folder()
    return Site(stack, topology.load(schemas, stage), schemas)


def awaited(endpoint_url: str | None, seconds: float, stage: str | None = None) -> Stack:
    """As `connect`, and for so long wait until the stack answers. Raises as that does once the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            stack = connect(endpoint_url, stage)
            if seconds:
                stack.control.status(timeout_s=max(LOOK_S, deadline - time.monotonic()))
            return stack
        except NotWavetank:
            return stack
        except (NoStackUp, Unreachable):
            if time.monotonic() > deadline:
                raise
        time.sleep(LOOK_S)


def ours(port: int | None) -> "EmbeddedStack | DockerStack":
    """Our stack on `port`, embedded or in a container, or (None) the only one of this project that is up.

    Outside of a project, the only one at all. The private stack of a drill has to be named. Raises `NoStackUp` or
    `SeveralStacksUp`.
    """
    if port is not None:
        stack = on(port)
        if stack is None:
            raise NoStackUp(f"no stack of ours is up on port {port}.")
        return stack
    up = [stack for stack in all_running() if not stack.is_private]
    running = [stack for stack in up if is_of_this_project(stack)]
    if not running and up:
        others = "; ".join(f"{stack.project} has one on port {stack.port}" for stack in up)
        raise NoStackUp(f"no stack of this project is up ({others}).")
    if not running:
        raise NoStackUp
    if len(running) > 1:
        raise SeveralStacksUp([stack.port for stack in running])
    return running[0]


def is_of_this_project(stack: "EmbeddedStack | DockerStack") -> bool:
    """Whether a stack is for the project that is worked on, or for none; outside of a project every stack counts."""
    project = project_if_any()
    return project is None or stack.project in ("", str(project))


def on(port: int) -> "EmbeddedStack | DockerStack | None":
    """Our stack on `port`, embedded or in a container; None when there is none."""
    stack = EmbeddedStack.on(port)
    if stack is not None or not Home.from_environment().container(port).exists():
        return stack
    from wavetank.emulator.container.stack import DockerStack

    return DockerStack.on(port)


def warn_of_outdated_home() -> None:
    """Tell of stacks that an earlier version left in the project's folder, where no command looks any more."""
    project = project_if_any()
    before = Home.from_environment().outdated(project) if project is not None else None
    if before is not None:
        end = f"{HOME_VARIABLE}={shlex.quote(str(before.path))} wavetank down --all"
        echo(f"warning: stacks of an earlier version are kept in {before.path}: `{end}`, then remove it", err=True)


def all_running() -> "list[EmbeddedStack | DockerStack]":
    """Every stack of this user that is up; Docker is asked only where one was started in it.

    A record that is damaged is told of, and hides no other stack.
    """
    warn_of_outdated_home()
    for damaged in EmbeddedStack.damaged():
        echo(f"warning: {damaged}", err=True)
    if not Home.from_environment().container_ports():
        return [*EmbeddedStack.running()]
    from wavetank.emulator.container.stack import DockerStack

    return [*EmbeddedStack.running(), *DockerStack.running()]
