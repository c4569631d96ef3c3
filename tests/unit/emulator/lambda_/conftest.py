"""Functions built from source and run in real processes, without LocalStack."""

import hashlib
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import pytest

from wavetank.emulator.lambda_.execution.environment import INIT_LIMIT_S, Call, Environment, ProcessInputs, Result
from wavetank.emulator.lambda_.execution.function import Function
from wavetank.emulator.lambda_.packages.interpreters import Interpreter, Runtime, interpreter_for
from wavetank.emulator.lambda_.packages.libraries import runtime_folder
from wavetank.emulator.lambda_.packages.packages import merged, unpacked
from wavetank.emulator.stack.home import CACHE_VARIABLE

RUNTIME = "python3.13"
Archive = Mapping[str, str]


def zipped(files: Archive) -> bytes:
    """A deployment package, the same bytes for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o600 << 16
            archive.writestr(info, text)
    return buffer.getvalue()


def unzipped(archive: bytes, runtime: Runtime) -> Path:
    """The archive as the emulator unpacks it."""

    def fetch(file: IO[bytes]) -> None:
        file.write(archive)

    return unpacked(hashlib.sha256(archive).hexdigest(), fetch, runtime)


@dataclass
class Running:
    """An environment under test."""

    environment: Environment
    function: Function
    scratch: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def invoke(self, payload: bytes = b"{}") -> Result:
        """An invocation; the request ids are request-1, request-2, …"""
        number = next(self._numbers)
        call = Call(
            f"request-{number}",
            f"arn:aws:lambda:us-east-1:000000000000:function:{self.function.name}",
            payload,
        )
        return self.environment.invoke(call)


Run = Callable[..., Running]


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The Python that the tests run functions on."""
    return interpreter_for(RUNTIME)


@pytest.fixture(scope="session")
def runtime(interpreter: Interpreter) -> Path:
    """The runtime's libraries, from the checkout's cache, which is warm."""
    return runtime_folder(interpreter)


@pytest.fixture
def cache(runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own for everything but the runtime's libraries."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def run(cache: Path, runtime: Path, interpreter: Interpreter, tmp_path: Path) -> Iterator[Run]:
    """Builds a function from the source of its module `handler` and gives an environment for it, not yet started."""
    started: list[Running] = []

    def build(
        source: str | Archive,
        *layers: Archive,
        variables: Mapping[str, str] | None = None,
        init_limit_s: float = INIT_LIMIT_S,
        **changes: object,
    ) -> Running:
        files = {"handler.py": source} if isinstance(source, str) else source
        unpacked_layers = [unzipped(zipped(layer), interpreter) for layer in layers]
        function = Function(
            name="under-test",
            version="$LATEST",
            handler="handler.handler",
            region="us-east-1",
            memory_mb=128,
            timeout_s=10,
            runtime=interpreter,
            runtime_folder=runtime,
            task_root=unzipped(zipped(files), interpreter),
            opt=merged(unpacked_layers) if unpacked_layers else None,
        )
        function = replace(function, **changes)  # type: ignore[arg-type]
        scratch = tmp_path / f"scratch-{len(started)}"
        given = {"AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": function.name}
        inputs = ProcessInputs(given, variables or {}, scratch)
        running = Running(Environment(function, inputs, init_limit_s), function, scratch)
        started.append(running)
        return running

    yield build
    for running in started:
        running.environment.stop()
