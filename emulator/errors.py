"""Errors of a stack, by whose fault they are. Every error carries what to do next.

StackError
├── CallerError            what was asked for makes no sense: wrong usage
│   ├── UnusableFile       a file or folder of the state folder cannot be used
│   │   └── DamagedRecord  one does not say which process a stack is
│   ├── NoProject          there is no project where the command looks for one
│   └── SeveralStacksUp    there are several stacks, and none was named
├── PortTaken              something that is not ours listens there
│   └── OthersStack        the stack of another project does
├── NoStackUp              there is no stack to talk to
├── DiskFull               there is no room for the state of a stack
├── StartFailed            the stack did not come up; carries the last lines of its log
│   ├── NotOurPlugins      it came up without wavetank's plugins
│   └── ContainerFailed    its container did not become healthy, or the engine refused to run it
├── EngineError            there is no Docker engine that can be used
│   ├── NoEngine           none answers
│   ├── EngineRefused      this user may not use it
│   ├── EngineTooOld       its API is older than what is asked of it
│   ├── OutOfDisk          it has no space left
│   ├── ImageFailed        the image cannot be built or found
│   └── NameTaken          another container, not ours, has the name
├── Unreachable            nothing answers at the endpoint
│   └── NotWavetank        something does, but it has no control API
├── ControlRefused         the control API answered with an error
├── DeployFailed           the pipeline or its schemas cannot be deployed; says what is wrong with which
└── NotSettled             something was still in flight when the time was over
"""

from collections.abc import Sequence
from pathlib import Path

from wavetank.emulator.pending import Pending


class StackError(Exception):
    """A failure that a person can act upon: `message` says what, `remedy` what to do next."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class CallerError(StackError):
    """A request that makes no sense: wrong usage, where everything else is a failure."""


class UnusableFile(CallerError):
    """A file or folder that holds the state of stacks cannot be used; the message names it and says why."""


class DamagedRecord(UnusableFile):
    """A file that should say which process a stack is, and does not."""

    def __init__(self, path: Path, port: int, reason: str) -> None:
        super().__init__(
            f"{path} is damaged ({reason}), so it is not known which process is the stack on port {port}.",
            f"End what listens on port {port}, if anything does, and remove {path.parent}.",
        )


class NoProject(CallerError):
    """There is no project where the command looks for one; the message says where that was."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"there is no project here: {message}",
            "Make one with `wavetank init NAME`, go to the folder of one, or name it with `wavetank --project DIR`.",
        )


class PortTaken(StackError):
    """Something that is not a wavetank stack listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is taken by another program.",
            "Stop that program, name another port with `--port N`, or let one be picked with `--port 0`.",
        )


class OthersStack(PortTaken):
    """The stack of another project has the port."""

    def __init__(self, port: int, project: str) -> None:
        super().__init__(port)
        self.message = f"another project's stack is on port {port}: {project}"
        self.remedy = (
            f"Stop it with `wavetank down --port {port}`, name another port with `--port N`, "
            "or let one be picked with `--port 0`."
        )


class DiskFull(StackError):
    """There is no room for the state of a stack, or for what it was given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the disk of {folder} is full.",
            "Free some space, or name a folder on another disk with WAVETANK_HOME.",
        )


class DeployFailed(StackError):
    """The pipeline could not be deployed; the message says which resource or schema is wrong, and why."""


class NoStackUp(StackError):
    """There is no running stack to talk to."""

    def __init__(self, message: str = "no stack is up.") -> None:
        super().__init__(message, "Start one with `wavetank up`, or name one with `--endpoint-url URL`.")


class SeveralStacksUp(CallerError):
    """Several stacks run, and none was named."""

    def __init__(self, ports: Sequence[int]) -> None:
        listed = ", ".join(str(port) for port in ports)
        super().__init__(
            f"several stacks are up (ports {listed}).",
            f"Name one, for instance with `--endpoint-url http://127.0.0.1:{ports[0]}`.",
        )


class StartFailed(StackError):
    """The stack did not come up; `log` holds the last lines it wrote."""

    def __init__(self, message: str, log: str = "", remedy: str = "") -> None:
        super().__init__(f"{message}\nlast lines of the log:\n{log}" if log else message, remedy)
        self.log = log


class NotOurPlugins(StartFailed):
    """The stack came up, but not with wavetank's plugins, so it would not be the stack that was asked for."""


class ContainerFailed(StartFailed):
    """The stack's container did not become healthy, or the engine refused to run it."""


class EngineError(StackError):
    """There is no Docker engine that can be used."""


class NoEngine(EngineError):
    """No Docker engine answers."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(
            "no Docker engine answers." + (f" ({reason})" if reason else ""),
            "Start one (Docker Desktop, or `systemctl start docker`), set DOCKER_HOST, or do without `--docker`.",
        )


class EngineRefused(EngineError):
    """The engine's socket may not be used by this user."""

    def __init__(self) -> None:
        super().__init__(
            "this user may not use the Docker engine's socket.",
            "Add the user to the group `docker` and log in anew, use rootless Docker, or set DOCKER_HOST.",
        )


class EngineTooOld(EngineError):
    """The engine's API is older than what is asked of it."""

    def __init__(self, version: str, needed: str) -> None:
        super().__init__(
            f"the Docker engine is too old: API {version}.", f"API {needed} (Docker 20.10) or later is needed."
        )


class OutOfDisk(EngineError):
    """The engine has no space left for images and containers."""

    def __init__(self) -> None:
        super().__init__(
            "the Docker engine has no disk space left.",
            "See what takes it with `docker system df`; `docker image prune` and `docker builder prune` free some.",
        )


class ImageFailed(EngineError):
    """The image cannot be built or found; the message has the last lines of the build."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the image of the emulator cannot be had: {reason}",
            "To build it by hand: wavetank image --context DIR, then docker build -f DIR/emulator/Dockerfile DIR",
        )


class NameTaken(EngineError):
    """A container that is not ours has the name that the stack's would have."""

    def __init__(self, container: str) -> None:
        super().__init__(
            f"another container has the name of the stack's: {container}",
            "Remove it with `docker rm -f NAME`, or name another port with `--port N`.",
        )


class Unreachable(StackError):
    """Nothing answers at the endpoint."""


class NotWavetank(Unreachable):
    """The program that answers at the endpoint has no control API."""


class ControlRefused(StackError):
    """The control API answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"the control API refused ({status}): {message}")
        self.status = status


class NotSettled(StackError):
    """Something was still in flight when the time was over; `pending` holds it."""

    def __init__(self, timeout_s: float, pending: Sequence[Pending]) -> None:
        lines = "".join(f"\n  {item.hop}: {item.what}" for item in pending)
        super().__init__(f"not settled after {timeout_s:g} s, still in flight:{lines}")
        self.timeout_s = timeout_s
        self.pending = tuple(pending)
