"""A function under a debugger: it listens on the loopback interface and waits for an editor at its first event.

The function runs the checkout's own files, through a link that stays where it is, so that breakpoints outlive edits.
What it was before is kept with it, in a variable, and is restored at the end; or by the next session, where the end
was a kill.
"""

import json
import shutil
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import wavetank
from wavetank.emulator.deploy import functions
from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package
from wavetank.pipeline.errors import ConfigurationError

HOST = "127.0.0.1"
DISTRIBUTION = "debugpy"
MODULE = Path(__file__).parent / "in_function" / "wavetank_debugger.py"
HANDLER = f"{MODULE.stem}.handle"
LAYER = "wavetank-debugger"
TIMEOUT_S = 900
"""The longest that Lambda lets an invocation take."""

FROM_FOLDER = "hot-reload"
"""The bucket that stands for a folder of this machine, in LocalStack."""

WAKE = {"wavetank-debugger": "wake"}
"""The event that starts an environment without calling the handler."""


class CannotDebug(CallerError):
    """A function cannot be debugged here."""


class Debugging:
    """A function that is debugged from `start` to `end`."""

    def __init__(
        self, stack: Stack, name: str, port: int, *, source: Path, folder: Path, own: Iterable[package.Source] = ()
    ) -> None:
        """`source` is the package folder to run from, `folder` one of our own that may be made.

        own: what the function's package has that no other has.
        """
        self._stack = stack
        self._client = stack.client("lambda")
        self.name = name
        self.port = port
        self._source = source
        self._folder = folder
        self._own = tuple(own)

    def start(self) -> None:
        """Change the function, and start an environment that listens. Raises `CannotDebug`."""
        layer = self._layer()
        restore(self._stack, [self.name])
        configuration = functions.wait_until_ready(self._stack, self.name)
        variables = configuration.get("Environment", {}).get("Variables", {})
        before = {
            "Handler": configuration["Handler"],
            "Timeout": configuration["Timeout"],
            "Layers": [layer["Arn"] for layer in configuration.get("Layers", [])],
            "Environment": {"Variables": variables},
        }
        debugged = {
            "WAVETANK_DEBUG_HANDLER": configuration["Handler"],
            "WAVETANK_DEBUG_PORT": str(self.port),
            "PYTHONDONTWRITEBYTECODE": "1",
            functions.DEBUGGED_BEFORE: json.dumps(before),
        }
        self._client.update_function_configuration(
            FunctionName=self.name,
            Handler=HANDLER,
            Timeout=TIMEOUT_S,
            Layers=[*before["Layers"], layer],
            Environment={"Variables": variables | debugged},
        )
        functions.wait_until_ready(self._stack, self.name)
        # The folder holds `wavetank.pipeline` and the function's own by links, and nothing else of the checkout.
        links = {self._link(): self._source, self._link().with_name("__init__.py"): Path(wavetank.__file__)}
        for link, target in links.items():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        for source in self._own:
            place = self._folder / source.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            if isinstance(source.content, Path):
                place.symlink_to(source.content)
            else:
                place.write_bytes(source.content)
        self._client.update_function_code(FunctionName=self.name, S3Bucket=FROM_FOLDER, S3Key=str(self._folder))
        functions.wait_until_ready(self._stack, self.name)
        self.wake()

    def restart(self) -> None:
        """Start anew with the code as it is now."""
        functions.cycle(self._stack, self.name)
        self.wake()

    def wake(self) -> None:
        """Start an environment, so that an editor can attach before the first event. Raises `CannotDebug`."""
        response = self._client.invoke(FunctionName=self.name, Payload=json.dumps(WAKE))
        answer = json.load(response["Payload"])
        if "FunctionError" in response or answer != {"listening": self.port}:
            raise CannotDebug(
                f"{self.name} does not listen on {HOST}:{self.port}: {answer}", "Try another --debug-port."
            )

    def end(self, archive: bytes) -> None:
        """Make the function what it was, with this code."""
        functions.update_code(self._stack, {self.name: archive})
        restore(self._stack, [self.name])
        shutil.rmtree(self._folder, ignore_errors=True)

    def configuration(self) -> dict[str, Any]:
        """The configuration by which VS Code attaches, for its `launch.json`."""
        return {
            "name": f"wavetank: {self.name}",
            "type": "debugpy",
            "request": "attach",
            "connect": {"host": HOST, "port": self.port},
            "pathMappings": [{"localRoot": str(self._source), "remoteRoot": str(self._link())}],
        }

    def _layer(self) -> str:
        """The layer with the installed debugger, published; the same one for the same content."""
        try:
            metadata.distribution(DISTRIBUTION)
            artifact = package.build_layer(self._folder.parent / "layers", LAYER, (DISTRIBUTION,), [MODULE])
        except (metadata.PackageNotFoundError, ConfigurationError) as error:
            raise CannotDebug(f"{DISTRIBUTION} is not installed.", "Run `make setup`.") from error
        there = self._client.list_layer_versions(LayerName=LAYER)["LayerVersions"]
        for version in there:
            if version.get("Description") == artifact.key:
                return str(version["LayerVersionArn"])
        content = {"ZipFile": artifact.path.read_bytes()}
        made = self._client.publish_layer_version(LayerName=LAYER, Description=artifact.key, Content=content)
        return str(made["LayerVersionArn"])

    def _link(self) -> Path:
        return self._folder / "wavetank" / "pipeline"


def restore(stack: Stack, among: Sequence[str]) -> list[str]:
    """Give the functions that were left under a debugger their configuration back; their names."""
    restored = []
    for configuration in functions.configurations(stack):
        name, before = str(configuration["FunctionName"]), functions.before_debugging(configuration)
        if name in among and before:
            functions.wait_until_ready(stack, name)
            stack.client("lambda").update_function_configuration(FunctionName=name, **before)
            functions.wait_until_ready(stack, name)
            restored.append(name)
    return restored
