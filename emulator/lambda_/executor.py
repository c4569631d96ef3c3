"""Lambda environments as child processes: what LocalStack calls to run a function."""

import base64
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from localstack.aws.api.lambda_ import PackageType
from localstack.runtime import events
from localstack.services.lambda_.invocation.execution_environment import InitializationType
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult, S3Code
from localstack.services.lambda_.invocation.runtime_executor import LambdaRuntimeException, RuntimeExecutor

from wavetank.emulator.lambda_.execution.environment import INIT_LIMIT_S, Call, Environment, ProcessInputs
from wavetank.emulator.lambda_.execution.function import Function, LogFormat
from wavetank.emulator.lambda_.execution.invocation_fault import STRIKING, InvocationFault, Kind
from wavetank.emulator.lambda_.packages.archives import NO_IMAGES
from wavetank.emulator.lambda_.packages.folders import LEASES
from wavetank.emulator.lambda_.packages.interpreters import Runtime, runtime_for
from wavetank.emulator.lambda_.packages.libraries import runtime_folder
from wavetank.emulator.lambda_.packages.packages import merged, unpacked
from wavetank.emulator.lambda_.process import usage
from wavetank.emulator.lambda_.service import telemetry
from wavetank.emulator.runtime.callers import CALLERS, Caller, PlannedKill
from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"
PROVISIONED_INIT_LIMIT_S = 130.0
"""How long the initialization of a provisioned environment may take at least; AWS's limit."""


class ProcessExecutor(RuntimeExecutor):
    """Runs one environment of one version of a function in a child process."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        """The environment `id` of a version that was prepared."""
        super().__init__(id=id, function_version=function_version)
        self._environment: Environment | None = None
        self._caller: Caller | None = None
        self._access_key_id = ""
        self._folders: list[Path] = []
        self._last_logs = ""
        self.client_context = ""
        """The description that the next invocation's caller gives of itself, in JSON."""

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the process and initialize the handler.

        An initialization that fails is reported by the first invocation, which tries again, as on AWS; only where
        there is no invocation to report to (provisioned concurrency) it raises `StatusErrorException`.
        """
        initialization = env_vars["AWS_LAMBDA_INITIALIZATION_TYPE"]
        provisioned = initialization == InitializationType.provisioned_concurrency
        function = replace(describe(self.function_version), initialization=str(initialization))
        limit_s = max(PROVISIONED_INIT_LIMIT_S, function.timeout_s) if provisioned else INIT_LIMIT_S
        self._folders = [folder for folder in (function.task_root, function.opt) if folder is not None]
        LEASES.hold(self._folders)
        scratch = Path(tempfile.gettempdir()) / "functions" / self.id
        own = self.function_version.config.environment or {}
        self._environment = Environment(function, ProcessInputs(env_vars, own, scratch), limit_s)
        self._caller = Caller(function.name, self._environment.kill, self._environment.time_out, function.timeout_s)
        self._access_key_id = env_vars["AWS_ACCESS_KEY_ID"]
        CALLERS.enrol(self._access_key_id, self._caller)
        with IN_FLIGHT.doing("lambda.init", function.name, function.name):
            failure = self._environment.start()
        if failure is not None and provisioned:
            raise StatusErrorException("The function could not be initialized.", failure.payload(""))

    def stop(self) -> None:
        """End the environment: after the running invocation, or at once when the stack itself stops."""
        if self._environment is not None:
            self._environment.stop(may_wait=lambda: not events.infra_stopping.is_set())
        CALLERS.strike_off(self._access_key_id)
        LEASES.release(self._folders)
        self._folders = []

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run the handler on one event."""
        if self._environment is None:
            raise LambdaRuntimeException("The environment was not started.")
        call = Call(
            request_id=payload["invoke-id"],
            function_arn=payload["invoked-function-arn"],
            payload=payload["payload"].encode(),
            trace_id=payload.get("trace-id") or "",
            client_context=self.client_context,
        )
        fault = STRIKING.get()
        version = self.function_version.id
        name = version.function_name
        with IN_FLIGHT.doing("lambda.invoke", name, name), self._kill_planned(fault):
            result = self._environment.invoke(call, fault)
        self._last_logs = result.logs
        telemetry.measure(Place(version.account, version.region), name, "Duration", result.duration_ms, "Milliseconds")
        return InvocationResult(call.request_id, result.payload, result.is_error, result.logs)

    @contextmanager
    def _kill_planned(self, fault: InvocationFault | None) -> Iterator[None]:
        """Let the process die at the call that the fault names, while the block runs."""
        if fault is None or self._caller is None or fault.kind not in (Kind.CRASH_BEFORE, Kind.CRASH_AFTER):
            yield
            return
        self._caller.kill_at(PlannedKill(fault.call, after=fault.kind is Kind.CRASH_AFTER))
        CALLERS.planned(1)
        try:
            yield
        finally:
            CALLERS.planned(-1)
            self._caller.cancel()

    def get_address(self) -> str:
        """The host of the environment."""
        return HOST

    def get_endpoint_from_executor(self) -> str:
        """The host where the environment finds the stack."""
        return HOST

    def get_runtime_endpoint(self) -> str:
        """Nowhere: the Runtime API is served by the environment itself."""
        return ""

    def get_logs(self) -> str:
        """The log of the last invocation."""
        return self._last_logs

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Find the runtime, unpack the code and the layers. What it raises becomes the reason of the Failed state."""
        if function_version.config.package_type != PackageType.Zip:
            raise LambdaRuntimeException(NO_IMAGES)
        describe(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Nothing: what was unpacked stays in the cache for the next time."""

    @classmethod
    def validate_environment(cls) -> bool:
        """Always true: the interpreter that runs the stack can run functions. Says what this system lacks."""
        if not usage.HAS_PROC:
            LOG.warning(
                "Without /proc only the memory of a function's main process counts, and daemons of it outlive it."
            )
        return True


def describe(version: FunctionVersion) -> Function:
    """The function as an environment needs it, unpacked into the cache where it is not there yet.

    Raises `RuntimeUnavailable`, `BadArchive`.
    """
    config = version.config
    runtime = runtime_for(str(config.runtime))
    layers = [_folder(layer.code, runtime) for layer in config.layers]
    logging_config = config.logging_config or {}
    return Function(
        name=version.id.function_name,
        version=version.id.qualifier,
        handler=config.handler or "",
        region=version.id.region,
        memory_mb=config.memory_size,
        timeout_s=float(config.timeout),
        runtime=runtime,
        runtime_folder=runtime_folder(runtime),
        task_root=_folder(config.code, runtime),
        opt=merged(layers) if layers else None,
        log_format=LogFormat(logging_config.get("LogFormat") or LogFormat.TEXT),
        log_level=logging_config.get("ApplicationLogLevel") or "INFO",
        system_log_level=logging_config.get("SystemLogLevel") or "INFO",
        storage_mb=config.ephemeral_storage.size,
    )


def _folder(code: S3Code, runtime: Runtime) -> Path:
    """The unpacked folder of an archive in LocalStack's own bucket, or the folder that stands for it (hot reload)."""
    if code.is_hot_reloading():
        return Path(code.get_unzipped_code_location())

    def fetch(file: IO[bytes]) -> None:
        code._download_archive_to_file(file)

    return unpacked(base64.b64decode(code.code_sha256).hex(), fetch, runtime)
