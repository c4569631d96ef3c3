"""Editing functions on a running stack: served at once, kept back when broken, debugged by a real debugger."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.parity.lambda_kit import DEADLINE_S, Deploy, invoke, until
from wavetank.emulator.deploy import deploy as deploying
from wavetank.emulator.deploy import functions
from wavetank.emulator.deploy.functions import DEBUGGED_BEFORE
from wavetank.emulator.develop.debug import CannotDebug, Debugging, restore
from wavetank.emulator.develop.reload import Place, Reaction, Reloader
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import package
from wavetank.pipeline.names import NAMES

pytestmark = pytest.mark.stack

ANSWERS = "def handle(event, context):\n    return '{}'\n"
LINE_OF_ANSWER = 2


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A package with one handler."""
    folder = tmp_path / "pipeline"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "waves.py").write_text(ANSWERS.format("old"))
    return folder


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Path:
    """A copy of the schema folder."""
    return shutil.copytree(root / "schemas", tmp_path / "schemas")


@pytest.fixture
def function(deploy: Deploy, source: Path) -> str:
    """A function with that package."""
    return deploy("", Code={"ZipFile": packed(source)}, Handler="wavetank.pipeline.waves.handle", MemorySize=256)


def digests(stack: EmbeddedStack) -> dict[str, str]:
    """The digest of each function's code."""
    return {each["FunctionName"]: each["CodeSha256"] for each in functions.configurations(stack)}


def packed(source: Path) -> bytes:
    return package.build_code(source.parent, source).path.read_bytes()


def not_asked() -> Reaction:
    raise AssertionError("nothing asks for a deployment")


def test_an_edit_is_served_and_one_that_does_not_compile_is_not(
    stack: EmbeddedStack, function: str, source: Path, schemas: Path
) -> None:
    reloader, file = Reloader(stack, Place(source, schemas, [function]), not_asked), source / "waves.py"
    assert invoke(stack, function) == "old"
    file.write_text(ANSWERS.format("new"))
    assert [reaction.ok for reaction in reloader.react({file})] == [True]
    assert invoke(stack, function) == "new"
    file.write_text("def handle(event, context:\n")
    (broken,) = reloader.react({file})
    assert not broken.ok
    assert f'File "{file}", line 1' in broken.text
    assert "SyntaxError: '(' was never closed" in broken.text
    other = source / "other.py"
    other.touch()
    assert [reaction.ok for reaction in reloader.react({other})] == [False]
    assert invoke(stack, function) == "new"
    file.write_text(ANSWERS.format("mended"))
    assert [reaction.ok for reaction in reloader.react({file})] == [True]
    assert invoke(stack, function) == "mended"


def test_what_describes_the_infrastructure_is_deployed_afresh(
    stack: EmbeddedStack, function: str, source: Path, schemas: Path
) -> None:
    asked: list[str] = []

    def redeploy() -> Reaction:
        asked.append("deploy")
        return Reaction("deployed")

    reloader = Reloader(stack, Place(source, schemas, [function]), redeploy)
    reloader.react({source / "template" / "render.py"})
    new = shutil.copytree(schemas / "click", schemas / "page-view") / "raw.v1.avsc"
    assert reloader.react({new}) == [Reaction("deployed")]
    assert asked == ["deploy", "deploy"]


def test_a_new_schema_version_is_published_and_a_changed_one_refused(
    deployed: EmbeddedStack, function: str, source: Path, schemas: Path
) -> None:
    reloader = Reloader(deployed, Place(source, schemas, [function]), not_asked)
    first, second = schemas / "click" / "raw.v1.avsc", schemas / "click" / "raw.v2.avsc"
    second.write_text(first.read_text())
    (published,) = reloader.react({second})
    bucket = {"Bucket": NAMES.registry_bucket(deployed.account), "Key": "schemas/click/raw/v2.avsc"}
    try:
        assert (published.ok, bucket["Key"] in published.text) == (True, True)
        assert deployed.client("s3").get_object(**bucket)["Body"].read() == second.read_bytes()
    finally:
        deployed.client("s3").delete_object(**bucket)
    first.write_text(first.read_text() + "\n")
    (refused,) = reloader.react({first})
    assert not refused.ok
    assert "a published version is never changed" in refused.text


def test_an_edit_of_reference_data_is_published_and_it_is_told_since_when_it_is_in_effect(
    deployed: EmbeddedStack, function: str, source: Path, schemas: Path
) -> None:
    reloader, rows = Reloader(deployed, Place(source, schemas, [function]), not_asked), '{"rows": {"%s": {"n": 1}}}'
    file = schemas / "reference" / "reloaded.json"
    for text, since in ((rows % "a", "all records"), (rows % "b", "records that arrive from ")):
        file.write_text(text)
        (reaction,) = reloader.react({file})
        assert reaction.ok
        assert f"reference reloaded: 1 row, in effect for {since}" in reaction.text
    file.write_text("{}")
    (refused,) = reloader.react({file})
    assert (refused.ok, str(file) in refused.text) == (False, True)


def test_an_edit_of_own_code_and_of_rules_is_served_by_its_processor_alone(
    deployed: EmbeddedStack, source: Path, schemas: Path
) -> None:
    processor, code = NAMES.processor("click"), schemas / "click" / "enrich.py"
    code.write_text("def enrich(event, reference): return event\n")
    try:
        names = deploying.deploy(deployed, schemas=schemas).topology.functions
        reloader = Reloader(deployed, Place(package.CODE, schemas, names), not_asked)
        for path, text in (
            (code, "def enrich(event, reference): return None\n"),
            (schemas / "click" / "component.toml", '[[rules]]\nfield = "position"\nminimum = 1\n'),
        ):
            before = digests(deployed)
            path.write_text(text)
            (reaction,) = reloader.react({path})
            assert (reaction.ok, reaction.text.startswith(f"{processor}: new code and rules serve after")) == (
                True,
                True,
            )
            assert {name for name, digest in digests(deployed).items() if before[name] != digest} == {processor}
        code.write_text("def enrich(event): return event\n")
        (refused,) = reloader.react({code})
        assert not refused.ok
        assert f"{code}, line 1: enrich is called with two arguments" in refused.text
    finally:
        deploying.deploy(deployed)


def test_deploying_gives_functions_the_code_back_that_they_were_deployed_with(
    deployed: EmbeddedStack, source: Path
) -> None:
    functions.update_code(deployed, {NAMES.replayer: packed(source)})
    deploying.deploy(deployed)
    assert invoke(deployed, NAMES.replayer, {"time": "2019-11-24T12:00:00Z"})["seen"] == 0


def test_a_cycled_function_starts_a_new_environment(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("import os\ndef handler(event, context): return os.getpid()")
    old = psutil.Process(invoke(stack, name))
    functions.cycle(stack, name)
    assert invoke(stack, name) != old.pid
    until(lambda: not old.is_running())


def test_a_function_is_found_with_and_without_the_prefix(deployed: EmbeddedStack) -> None:
    assert functions.find(deployed, "replayer") == functions.find(deployed, NAMES.replayer) == NAMES.replayer
    with pytest.raises(functions.NoSuchFunction, match=f"(?s)no function tide.*{NAMES.replayer}"):
        functions.find(deployed, "tide")


class Editor:
    """A client of the Debug Adapter Protocol, as an editor is one."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self._stream = self._socket.makefile("rb")
        self._number = 0

    def send(self, command: str, **arguments: Any) -> None:
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def wait_for(self, **fields: str) -> dict[str, Any]:
        """The next message with these fields; others are passed over."""
        while True:
            length = int(self._stream.readline().split(b":")[1])
            self._stream.readline()
            message: dict[str, Any] = json.loads(self._stream.read(length))
            if fields.items() <= message.items():
                return message

    def attach(self, configuration: dict[str, Any], file: Path, line: int) -> None:
        """Attach by an editor's configuration, with a breakpoint."""
        self.send("initialize", adapterID="test")
        self.wait_for(type="response", command="initialize")
        self.send("attach", **configuration)
        self.wait_for(type="event", event="initialized")
        self.send("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
        self.send("configurationDone")
        self.wait_for(type="response", command="configurationDone")

    def go_on(self) -> dict[str, Any]:
        """Wait at the breakpoint, then let it run; where it stopped."""
        thread = self.wait_for(type="event", event="stopped")["body"]["threadId"]
        self.send("stackTrace", threadId=thread)
        frame: dict[str, Any] = self.wait_for(type="response", command="stackTrace")["body"]["stackFrames"][0]
        self.send("continue", threadId=thread)
        return frame

    def leave(self) -> None:
        self.send("disconnect")
        self._stream.close()
        self._socket.close()


@pytest.fixture
def debugging(stack: EmbeddedStack, function: str, source: Path, tmp_path: Path) -> Iterator[Debugging]:
    """The function under the debugger, until the test ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    debugging = Debugging(stack, function, port, source=source, folder=tmp_path / "debug")
    debugging.start()
    yield debugging
    debugging.end(packed(source))


def test_a_debugged_function_waits_for_an_editor_and_stops_at_a_breakpoint(
    stack: EmbeddedStack, debugging: Debugging, source: Path
) -> None:
    answers: list[Any] = []
    calling = threading.Thread(target=lambda: answers.append(invoke(stack, debugging.name)))
    calling.start()
    editor = Editor(debugging.port)
    editor.attach(debugging.configuration(), source / "waves.py", LINE_OF_ANSWER)
    stopped = editor.go_on()
    calling.join(DEADLINE_S)
    editor.leave()
    assert (stopped["name"], stopped["line"], stopped["source"]["path"]) == ("handle", 2, str(source / "waves.py"))
    assert answers == ["old"]
    (source / "waves.py").write_text(ANSWERS.format("new"))
    debugging.restart()
    listening = {
        connection.laddr.ip
        for process in psutil.Process(stack.pid).children(recursive=True)
        for connection in process.net_connections("tcp")
        if connection.laddr.port == debugging.port and connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_after_debugging_a_function_is_what_it_was(stack: EmbeddedStack, debugging: Debugging, source: Path) -> None:
    debugging.end(packed(source))
    found = functions.wait_until_ready(stack, debugging.name)
    assert (found["Handler"], found["Timeout"], found.get("Layers", [])) == ("wavetank.pipeline.waves.handle", 10, [])
    assert DEBUGGED_BEFORE not in found.get("Environment", {}).get("Variables", {})
    assert invoke(stack, debugging.name) == "old"


def test_a_debugging_that_was_killed_is_undone_by_the_next(stack: EmbeddedStack, debugging: Debugging) -> None:
    assert restore(stack, [debugging.name]) == [debugging.name]
    assert restore(stack, [debugging.name]) == []


def test_a_taken_port_is_told(stack: EmbeddedStack, function: str, source: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        debugging = Debugging(stack, function, port, source=source, folder=tmp_path / "debug")
        with pytest.raises(CannotDebug, match=f"does not listen on 127.0.0.1:{port}"):
            debugging.start()
    debugging.end(packed(source))
