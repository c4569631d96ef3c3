"""How the stack's container is run, whoever runs it: the docker SDK's arguments, with nothing it does not need."""

from typing import Any

from wavetank.emulator.container.entrypoint import LOG_LEVEL, PORT, PUBLISHED_PORT
from wavetank.emulator.stack.environment import LogLevel, settings_of

HOST = "127.0.0.1"
MEMORY = "2g"
PIDS = 1024
TMPFS = {"/tmp": "exec,mode=1777,size=1g"}  # noqa: S108
"""`exec`: functions load native code that is unpacked there."""
SECOND = 1_000_000_000
"""As the engine's API counts time."""
HEALTHCHECK = {
    "test": ["CMD", "python3", "-I", "-S", "/opt/wavetank/emulator/container/healthcheck.py"],
    "interval": 2 * SECOND,
    "timeout": 10 * SECOND,
    "start_period": 60 * SECOND,
    "retries": 10,
}
"""Not in the image: what else is run from it has no health of this kind."""


def hardened(memory: str = MEMORY) -> dict[str, Any]:
    """An unprivileged user, nothing writable but `/tmp`, no capability, no way to get one, bounds on all it takes."""
    return {
        "init": True,
        "user": "10001:10001",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": PIDS,
        "mem_limit": memory,
        "tmpfs": TMPFS,
        "healthcheck": HEALTHCHECK,
    }


def published(port: int) -> dict[str, tuple[str, int]]:
    """The emulator on 127.0.0.1:`port` of this machine, and on no other address."""
    return {f"{PORT}/tcp": (HOST, port)}


def variables(port: int, log_level: LogLevel, user: dict[str, str]) -> dict[str, str]:
    """The container's environment: where it is published, and of `user`'s variables those that set a stack up.

    Raises CallerError for hosts or origins that are none.
    """
    return settings_of(user) | {PUBLISHED_PORT: str(port), LOG_LEVEL: log_level}
