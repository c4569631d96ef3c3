"""The runtime folder (`LAMBDA_RUNTIME_DIR`): the libraries that AWS's Python runtime brings along, and nothing else.

They are copied out of the installed distributions, by the list of files that each distribution declares, and nobody may
write to the copies: what a handler does to its libraries reaches neither the stack nor another function.
"""

import hashlib
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from wavetank.emulator.lambda_.packages.folders import cache_folder, lock_tree, made_once
from wavetank.emulator.lambda_.packages.interpreters import Interpreter, OwnRuntime, Runtime

DISTRIBUTIONS = (
    "awslambdaric",
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "simplejson",
    "six",
    "snapshot-restore-py",
    "urllib3",
)
"""The libraries of the managed Python runtime besides the standard one: the SDK, the runtime client, their needs.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html"""

OWN_FILES = tuple(
    Path(__file__).parents[1] / "runtime" / name
    for name in ("bootstrap.py", "fork_server.py", "keeper.py", "runtime_client.py")
)
"""Our bootstrap, what functions are forked from, what ends them, and the plain Python transport for interpreters that
the compiled one was not built for."""

COMPILE_S = 120


def runtime_folder(runtime: Runtime) -> Path:
    """The folder with the runtime's libraries and our bootstrap, made where the cache lacks it; that of a function with
    a runtime of its own is empty."""
    if isinstance(runtime, OwnRuntime):
        return made_once(cache_folder("runtime") / runtime.runtime, lock_tree)
    folder = cache_folder("runtime") / f"{runtime.runtime}-{_digest()}"

    def build(draft: Path) -> None:
        for name in DISTRIBUTIONS:
            distribution = metadata.distribution(name)
            for declared in distribution.files or []:
                # What belongs to the library: no script outside of it, no bytecode.
                path, target = PurePosixPath(declared), draft / declared
                source = Path(str(distribution.locate_file(declared)))
                if not path.is_absolute() and not {"..", "__pycache__"} & set(path.parts) and source.is_file():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(source, target)
        for file in OWN_FILES:
            shutil.copy(file, draft / file.name)
        compile_tree(runtime, draft, folder)
        lock_tree(draft)

    return made_once(folder, build)


def compile_tree(interpreter: Interpreter, folder: Path, final: Path) -> None:
    """Write the bytecode of every module in `folder`, which will be known as `final`.

    The bytecode is never checked against its source again: the folder does not change. Source that does not compile
    is left alone; importing it fails as it would on AWS.
    """
    options = ["-q", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", str(final)]
    command = [str(interpreter.program), "-I", "-S", "-m", "compileall", *options, str(folder)]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMPILE_S, check=False)  # noqa: S603


@cache
def _digest() -> str:
    """Changes with any file of any distribution, and with our own files."""
    total = hashlib.sha256()
    for name in DISTRIBUTIONS:
        distribution = metadata.distribution(name)
        total.update(f"{name} {distribution.version} {distribution.read_text('RECORD')}".encode())
    for file in OWN_FILES:
        total.update(file.read_bytes())
    return total.hexdigest()[:32]
