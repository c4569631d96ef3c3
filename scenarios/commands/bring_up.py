"""From nothing to a stack with the pipeline on it, as `wavetank up` does it."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from emulator.clients import DUMMY_KEY, REGION
from emulator.environment import LogLevel
from emulator.home import Home
from emulator.stack import EmbeddedStack
from emulator.startup import discard_stale
from scenarios.commands.overview import is_deployed

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
    """What `wavetank up` did. Times are wall-clock seconds; None where there was nothing to do."""

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


def bring_up(port: int, *, deploy: bool, log_level: LogLevel, say: Say) -> Outcome:
    """Start a stack on `port` and deploy the pipeline; a stack of ours that is there already is kept.

    A start that fails or is interrupted, here or while deploying, leaves nothing running. The AWS client is
    imported while the stack starts: there are two processes, and most machines have two cores.
    """
    home = Home.from_environment()
    for stale in discard_stale(home):
        say(f"cleaned up after a stack on port {stale.port} that was gone (process {stale.pid})")
    existing = EmbeddedStack.on(port, home) if port else None
    if existing is not None and not existing.is_private:
        existing.control.status()
        return _deployed(existing, deploy, say, start_s=None)
    begun = time.monotonic()
    if deploy:
        threading.Thread(target=import_module, args=("emulator.deploy",), daemon=True).start()
    stack = EmbeddedStack.up(port, home=home, log_level=log_level)
    start_s = time.monotonic() - begun
    try:
        outcome = _deployed(stack, deploy, say, start_s=start_s)
    except BaseException:
        stack.down(keep_log=True)
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


def _deployed(stack: EmbeddedStack, wanted: bool, say: Say, start_s: float | None) -> Outcome:
    deploy_s = None
    there = start_s is None and is_deployed(stack)
    if wanted and not there:
        from emulator.deploy import deploy

        begun = time.monotonic()
        deploy(stack, say)
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
