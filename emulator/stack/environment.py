"""The environment of a stack's process: all of it is written here, and nothing of the user's leaks in.

A `DEBUG`, `PROVIDER_OVERRIDE_…`, `LOCALSTACK_AUTH_TOKEN` or `AWS_…` in the user's shell would otherwise
change the stack that everybody else measures.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS, Guard
from wavetank.emulator.stack.home import CACHE_VARIABLE, StackFolder

FAULTS_VARIABLE = "WAVETANK_FAULTS"
FAULTS_OFF = "off"
"""Set to this, the stack is started without looking at AWS calls for faults, to measure what looking costs."""

AUTHORITY_VARIABLE = "WAVETANK_AUTHORITY"
AUTHORITY_ON, AUTHORITY_OFF = "on", "off"
"""Set to the latter, no policy counts on a stack, as in LocalStack."""

RIGHTS_VARIABLE = "WAVETANK_RIGHTS"
"""A file to which stacks add each part of a policy that allowed something, the first time that it did; JSON lines."""

ACTING_FOR = "X-Wavetank-Acting-For"
"""The header of an Invoke that is sent in the name of a service: the first part of its principal, and the ARN of the
resource for which it acts. It takes nothing away from what the caller may do, and gives it nothing."""

PLUGIN = "wavetank"
"""The name under which every plugin of ours is registered."""

LISTEN_FD = "WAVETANK_LISTEN_FD"
"""The inherited descriptor of the socket to serve on, bound and listening."""

OWNER_FD = "WAVETANK_OWNER_FD"
"""The inherited reading end of a pipe: its end of file means that the owner is gone."""

OWNER_PID = "WAVETANK_OWNER_PID"
"""The process that owns the stack."""

RELEASED = b"released"
"""Written into its pipe by an owner that lets the stack live on without it."""

CONTROL_PEERS = "WAVETANK_CONTROL_PEERS"
"""Callers besides this machine that the control API answers, for containers: `emulator.control_api.peers`."""

SERVICES = (
    "cloudformation",
    "cloudwatch",
    "events",
    "firehose",
    "iam",
    "kinesis",
    "lambda",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""The services a stack answers for. Others are refused: some would download a program at their first call."""

LATE_SERVICES = frozenset({"resourcegroupstaggingapi", "scheduler", "secretsmanager", "stepfunctions"})
"""Loaded at their first call, also where all others are loaded at the start: few pipelines use them."""


class LogLevel(StrEnum):
    """The least severe of what a stack writes to its log."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


KEEP_ALIVE_S = 3600
"""How long a function's environment is kept with nothing to do, in emulator time; AWS does not say how long it does.
With LocalStack's ten minutes, whoever moves the clock on to the next retry would lose every environment by it."""

ALLOCATOR_ARENAS = "2"
"""Heaps of glibc's allocator. By default each of the many threads may get its own, with free memory in all of them."""

NOWHERE = "http://127.0.0.1:1"
"""An address at which nothing answers, given to whatever would call home."""

SETTINGS = (
    "KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT",
    "KINESIS_SHARD_LIMIT",
    AUTHORITY_VARIABLE,
    RIGHTS_VARIABLE,
    ALLOWED_HOSTS,
    ALLOWED_ORIGINS,
    "WAVETANK_FIREHOSE_LENIENT",
    "WAVETANK_FIREHOSE_MAX_INTERVAL_S",
    "WAVETANK_KINESIS_MAX_BYTES",
    "WAVETANK_LIMITS",
)
"""What a user may set for the stacks that are started: see docs/emulator.md; of hosts and origins, docs/security.md."""

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def child_environment(
    port: int, folder: StackFolder, cache: Path, log_level: LogLevel = LogLevel.INFO, *, faults: bool = True
) -> dict[str, str]:
    """The whole environment of the LocalStack process on 127.0.0.1:`port`; `faults`: with the fault layer.

    Raises CallerError for hosts or origins that are none.
    """
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | settings_of(os.environ)
    private = plugin_index(cache)
    return passed_on | {
        "HOME": str(private),
        "XDG_CACHE_HOME": str(private),
        "TMPDIR": str(folder.tmp),
        "PYTHONUNBUFFERED": "1",
        CACHE_VARIABLE: str(cache),
        "FILESYSTEM_ROOT": str(folder.root),
        "OVERRIDE_IN_DOCKER": "0",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_HOST": f"127.0.0.1:{port}",
        "GATEWAY_SERVER": PLUGIN,
        "LAMBDA_RUNTIME_EXECUTOR": PLUGIN,
        "LAMBDA_KEEPALIVE_MS": str(KEEP_ALIVE_S * 1000),
        "PROVIDER_OVERRIDE_KINESIS": PLUGIN,
        "PROVIDER_OVERRIDE_FIREHOSE": PLUGIN,
        "PROVIDER_OVERRIDE_RESOURCEGROUPSTAGGINGAPI": PLUGIN,
        "SERVICES": ",".join(SERVICES),
        "STRICT_SERVICE_LOADING": "1",
        # Services call one another without a socket in between, which would cost more than most calls do.
        "IN_MEMORY_CLIENT": "1",
        "LS_LOG": log_level,
        "MALLOC_ARENA_MAX": ALLOCATOR_ARENAS,
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "API_ENDPOINT": NOWHERE,
        "ANALYTICS_API": NOWHERE,
        # LocalStack has clients without credentials, which would ask the machine's host for some.
        "AWS_EC2_METADATA_DISABLED": "true",
        FAULTS_VARIABLE: "on" if faults else FAULTS_OFF,
    }


def settings_of(user: Mapping[str, str]) -> dict[str, str]:
    """Of a user's variables those that set a stack up.

    Raises CallerError for hosts or origins that are none, and for a switch that is neither on nor off.
    """
    Guard.configured(user)
    switch = user.get(AUTHORITY_VARIABLE, AUTHORITY_ON)
    if switch not in (AUTHORITY_ON, AUTHORITY_OFF):
        raise CallerError(
            f"{AUTHORITY_VARIABLE} is {switch!r}.",
            f"Set it to {AUTHORITY_ON}, so that the policies of the pipeline count, or to {AUTHORITY_OFF}.",
        )
    settings = {name: user[name] for name in SETTINGS if name in user}
    if rights := settings.get(RIGHTS_VARIABLE):
        # A stack has another working folder than its user.
        settings[RIGHTS_VARIABLE] = str(Path(rights).absolute())
    return settings


def plugin_index(cache: Path) -> Path:
    """The folder in which plux, LocalStack's plugin loader, keeps its index of entry points.

    plux tells a stale index by file times rounded to minutes. One folder for each environment and each set of its
    entry points means that an index made elsewhere, or before ours were installed, is never looked at.
    """
    installed = sorted(
        f"{point.group}|{point.name}|{point.value}"
        for group in (
            "localstack.aws.provider",
            "localstack.hooks.on_infra_start",
            "localstack.runtime.server",
        )
        for point in metadata.entry_points(group=group)
    )
    key = hashlib.sha256("\n".join([sys.prefix, *installed]).encode()).hexdigest()[:16]
    folder = cache / "plugins" / key
    folder.mkdir(parents=True, exist_ok=True)
    return folder
