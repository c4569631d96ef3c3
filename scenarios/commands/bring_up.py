"""From nothing to a stack with the pipeline on it, as `wavetank up` does it."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from wavetank.emulator.errors import OthersStack
from wavetank.emulator.stack.clients import DUMMY_KEY, REGION
from wavetank.emulator.stack.environment import LogLevel
from wavetank.emulator.stack.home import Home, project_if_any, project_root
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.emulator.stack.start import discard_stale
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.overview import is_deployed

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack

Say = Callable[[str], None]

REPORT = """\
stack     {endpoint_url}  (process {pid}, {start})
pipeline  {deployed}

Use it:   export AWS_ENDPOINT_URL={endpoint_url} AWS_DEFAULT_REGION={region} \\
                 AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={key}
Feed it:  wavetank feed --synthetic 10000
Stop it:  wavetank down --port {port}"""


@dataclass(frozen=True)
class Outcome:
    """The outcome of `wavetank up`. Times are wall-clock seconds; None where there was nothing to do."""

    endpoint_url: str
    port: int
    pid: int
    already_up: bool
    start_s: float | None
    deploy_s: float | None
    deployed: bool

    def document(self) -> dict[str, Any]:
        """The outcome as JSON has it."""
        return asdict(self)


@dataclass(frozen=True)
class Start:
    """How to start a stack: on which port (0: a free one), what it logs at least, whether in a container."""

    port: int
    log_level: LogLevel = LogLevel.INFO
    docker: bool = False

    def run(self, home: Home) -> "EmbeddedStack | DockerStack":
        """Start it, owned by this process."""
        if not self.docker:
            return EmbeddedStack.up(self.port, home=home, log_level=self.log_level)
        from wavetank.emulator.container.stack import DockerStack

        return DockerStack.up(self.port, home=home, log_level=self.log_level)


def bring_up(start: Start, *, deploy: bool, say: Say) -> Outcome:
    """Start a stack and deploy the pipeline; a stack of ours that is there already is kept.

    A start that fails or is interrupted, here or while deploying, leaves nothing running. The AWS client is
    imported while the stack starts: there are two processes, and most machines have two cores.
    Raises `NoProject` where there is nothing to deploy, `OthersStack` where another project's is on the port.
    """
    home = Home.from_environment()
    target.warn_of_outdated_home()
    for stale in discard_stale(home):
        say(f"cleaned up after a stack on port {stale.port} that was gone (process {stale.pid})")
    project = str((project_root() if deploy else project_if_any()) or "")
    existing = target.on(start.port) if start.port else None
    if existing is not None and existing.project not in ("", project):
        raise OthersStack(start.port, existing.project)
    if existing is not None and not existing.is_private:
        existing.control.status()
        return _with_pipeline(existing, say, deploy=deploy, start_s=None)
    begun = time.monotonic()
    if deploy:
        threading.Thread(target=import_module, args=("wavetank.emulator.deploy.deploy",), daemon=True).start()
    stack = start.run(home)
    start_s = time.monotonic() - begun
    try:
        outcome = _with_pipeline(stack, say, deploy=deploy, start_s=start_s)
    except BaseException:
        if isinstance(stack, EmbeddedStack):
            stack.down(keep_log=True)
        else:
            stack.down()
        raise
    stack.release()
    return outcome


def report(outcome: Outcome) -> str:
    """The outcome for a person to read, with what to do next."""
    start = "already up" if outcome.start_s is None else f"ready in {outcome.start_s:.1f} s"
    deployed = "deployed" if outcome.deployed else "not deployed"
    if outcome.deploy_s is not None:
        deployed = f"deployed in {outcome.deploy_s:.1f} s"
    return REPORT.format(
        endpoint_url=outcome.endpoint_url,
        pid=outcome.pid,
        port=outcome.port,
        start=start,
        deployed=deployed,
        region=REGION,
        key=DUMMY_KEY,
    )


def _with_pipeline(stack: "EmbeddedStack | DockerStack", say: Say, *, deploy: bool, start_s: float | None) -> Outcome:
    """Deploy the pipeline where that is asked for and not done; `start_s` is None for a stack that was up already."""
    deploy_s = None
    there = start_s is None and is_deployed(stack)
    if deploy and not there:
        from wavetank.emulator.deploy.deploy import deploy as deploy_pipeline

        begun = time.monotonic()
        for renewal in deploy_pipeline(stack, say).references:
            say(str(renewal))
        deploy_s = time.monotonic() - begun
    return Outcome(
        endpoint_url=stack.endpoint_url,
        port=stack.port,
        pid=stack.pid,
        already_up=start_s is None,
        start_s=start_s,
        deploy_s=deploy_s,
        deployed=there or deploy_s is not None,
    )
