"""Functions that bring their own runtime: any program named `bootstrap`, in the package or in a layer."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from tests.unit.emulator.lambda_.conftest import Run, Running, unzipped
from tests.waiting import until
from wavetank.emulator.lambda_.packages.interpreters import OWN_RUNTIMES, OwnRuntime
from wavetank.emulator.lambda_.packages.libraries import runtime_folder
from wavetank.emulator.lambda_.packages.packages import merged

REQUEST = "request-1"
API = "http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime"
NEXT = (
    'headers="$TMPDIR/headers"\n'
    f'event=$(curl -sS -D "$headers" "{API}/invocation/next")\n'
    "id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' \"$headers\" | tr -d '[:space:]' | cut -d: -f2)\n"
)
ANSWER = f'curl -sS -o /dev/null -d "$answer" "{API}/invocation/$id/response"\n'
ECHO = f'#!/bin/sh\nset -eu\nwhile true; do\n{NEXT}echo "said $event"\nanswer=$event\n{ANSWER}done\n'


def script(*lines: str) -> str:
    return "\n".join(("#!/bin/sh", *lines, ""))


def archive(files: Mapping[str, bytes | str], mode: int = 0o755) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            written.writestr(member, content)
    return buffer.getvalue()


Bring = Callable[..., Running]


@pytest.fixture
def bring(run: Run) -> Bring:
    """An environment of a function that brings these files, and its layers those, not yet started."""

    def build(
        files: Mapping[str, bytes | str],
        *layers: Mapping[str, bytes | str],
        mode: int = 0o755,
        runtime: str = "provided.al2023",
        **changes: object,
    ) -> Running:
        own = OwnRuntime(runtime)
        folders = [unzipped(archive(layer), own) for layer in layers]
        return run(
            "",
            runtime=own,
            runtime_folder=runtime_folder(own),
            task_root=unzipped(archive(files, mode), own),
            opt=merged(folders) if folders else None,
            **changes,
        )

    return build


needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@needs_curl
@pytest.mark.parametrize("runtime", OWN_RUNTIMES)
def test_a_shell_script_serves_one_event_after_another(runtime: str, bring: Bring) -> None:
    running = bring({"bootstrap": ECHO}, runtime=runtime)
    assert running.environment.start() is None
    for number in range(1, 4):
        result = running.invoke(json.dumps({"number": number}).encode())
        assert (result.is_error, json.loads(result.payload)) == (False, {"number": number})
        assert f'said {{"number": {number}}}\n' in result.logs
        assert f"\nREPORT RequestId: request-{number}\t" in result.logs
        assert ("INIT_START Runtime Version: provided:al2" in result.logs) == (number == 1)


@needs_curl
def test_the_bootstrap_of_the_package_is_taken_before_that_of_a_layer(bring: Bring) -> None:
    layer = {"bootstrap": ECHO.replace("answer=$event", "answer='\"of the layer\"'")}
    both, one = bring({"bootstrap": ECHO}, layer), bring({"handler.txt": ""}, layer)
    for running, answer in ((both, "event"), (one, "of the layer")):
        assert running.environment.start() is None
        assert json.loads(running.invoke(b'"event"').payload) == answer


@needs_curl
def test_a_runtime_of_its_own_sees_the_variables_that_aws_documents_and_nothing_of_ours(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "secret")
    source = ECHO.replace("answer=$event", "answer=$(env | sort | sed 's/.*/\"&\"/' | paste -sd, | sed 's/.*/[&]/')")
    running = bring({"bootstrap": source, "lib/own.txt": ""}, {"bin/tool": script("echo tool")})
    assert running.environment.start() is None
    variables = dict(line.split("=", 1) for line in json.loads(running.invoke().payload))
    assert variables["_HANDLER"] == "handler.handler"
    assert variables["LAMBDA_TASK_ROOT"] == variables["PWD"] == str(running.function.task_root)
    assert variables["PATH"].endswith(f":{running.function.opt}/bin")
    assert f"{running.function.task_root}/lib" in variables["LD_LIBRARY_PATH"].split(":")
    assert Path(variables["LAMBDA_RUNTIME_DIR"]).is_dir()
    assert variables["AWS_REGION"] == "us-east-1"
    assert not {"SECRET_OF_THE_HOST", "AWS_EXECUTION_ENV", "PYTHONPATH"} & variables.keys()


@needs_curl
def test_an_error_that_a_runtime_reports_is_the_answer(bring: Bring) -> None:
    reported = {"errorType": "Own.Trouble", "errorMessage": "it went wrong"}
    answer = f"answer='{json.dumps(reported)}'"
    running = bring({"bootstrap": ECHO.replace("answer=$event", answer).replace("/response", "/error")})
    assert running.environment.start() is None
    result = running.invoke()
    assert (result.is_error, json.loads(result.payload)) == (True, reported)


def failed(running: Running) -> tuple[str, str, str]:
    """The type and the text of the error of an invocation, and its log."""
    running.environment.start()
    result = running.invoke()
    answer = json.loads(result.payload)
    assert result.is_error
    return answer["errorType"], answer["errorMessage"].removeprefix(f"RequestId: {REQUEST} Error: "), result.logs


@pytest.mark.parametrize(
    ("files", "mode", "message"),
    [
        ({"main": ECHO}, 0o755, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ({"bootstrap": ECHO}, 0o644, "fork/exec /var/task/bootstrap: permission denied"),
        ({"bootstrap": "no program"}, 0o755, "fork/exec /var/task/bootstrap: exec format error"),
        ({"bootstrap": "#!/no/shell\n"}, 0o755, "fork/exec /var/task/bootstrap: no such file or directory"),
        ({"bootstrap/file": ""}, 0o755, "fork/exec /var/task/bootstrap: permission denied"),
    ],
    ids=["none", "not executable", "no program", "no interpreter", "a folder"],
)
def test_a_bootstrap_that_cannot_be_started_is_an_invalid_entrypoint(
    files: dict[str, bytes | str], mode: int, message: str, bring: Bring
) -> None:
    error_type, text, log = failed(bring(files, mode=mode))
    assert (error_type, text) == ("Runtime.InvalidEntrypoint", message)
    assert "Phase: init\tStatus: error\tError Type: Runtime.InvalidEntrypoint" in log
    assert f"RequestId: {REQUEST} Error: {message}\nRuntime.InvalidEntrypoint\n" in log


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("exit 0",), "Runtime exited without providing a reason"),
        (("exit 7",), "Runtime exited with error: exit status 7"),
        (("kill -9 $$",), "Runtime exited with error: signal: killed"),
    ],
)
def test_a_runtime_that_ends_before_it_is_ready_is_an_exit_error(
    lines: tuple[str, ...], message: str, bring: Bring
) -> None:
    error_type, text, log = failed(bring({"bootstrap": script("echo started", *lines)}))
    assert (error_type, text) == ("Runtime.ExitError", message)
    assert log.count("started\n") == 2


@needs_curl
@pytest.mark.parametrize(
    ("headers", "body", "error_type"),
    [
        ("", '{"errorType": "Own.Init", "errorMessage": "no"}', "Own.Init"),
        ("-H 'Lambda-Runtime-Function-Error-Type: Own.Header'", "", "Own.Header"),
    ],
)
def test_an_initialization_that_a_runtime_gives_up_has_its_error_type(
    headers: str, body: str, error_type: str, bring: Bring
) -> None:
    report = script(f"curl -sS -o /dev/null {headers} -d '{body}' \"{API}/init/error\"", "exit 1")
    assert failed(bring({"bootstrap": report}))[0] == error_type


@needs_curl
def test_a_runtime_of_its_own_has_the_limits_of_every_function(bring: Bring) -> None:
    slow = bring({"bootstrap": script(NEXT, "sleep 60")}, timeout_s=0.5)
    assert failed(slow)[:2] == ("Sandbox.Timedout", "Task timed out after 0.50 seconds")
    never_ready = bring({"bootstrap": script("sleep 60")}, timeout_s=0.5, init_limit_s=0.2)
    assert failed(never_ready)[:2] == ("Sandbox.Timedout", "Task timed out after 0.50 seconds")
    grows = bring({"bootstrap": script(NEXT, "head -c 400000000 /dev/zero | tail")}, memory_mb=128)
    assert failed(grows)[0] == "Runtime.OutOfMemory"
    writes = "for n in 1 2 3 4 5 6 7 8; do head -c 10000000 /dev/zero > $TMPDIR/$n; done; sleep 60"
    assert failed(bring({"bootstrap": script(NEXT, writes)}, storage_mb=64))[0] == "Runtime.NoSpaceLeft"


@needs_curl
def test_what_a_runtime_of_its_own_has_detached_ends_with_it(bring: Bring, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    detach = f"setsid sh -c 'sleep 300 >&- 2>&- & echo $! > {file}.draft'; mv {file}.draft {file}"
    running = bring({"bootstrap": ECHO.replace("answer=$event", detach + "\nanswer=$event")})
    assert running.environment.start() is None
    assert not running.invoke().is_error
    assert until(file.exists)
    pid = int(file.read_text())
    assert psutil.pid_exists(pid)
    running.environment.stop()
    assert until(lambda: not psutil.pid_exists(pid))


PROGRAM = r"""
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char host[64];
static int port;

/* One request on a connection of its own, as a runtime without a library for HTTP does; the whole answer. */
static char *ask(const char *request, size_t size) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &there.sin_addr);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&there, sizeof there)) exit(2);
    for (size_t sent = 0; sent < size;) sent += write(connection, request + sent, size - sent);
    char *answer = calloc(1, 1 << 20);
    size_t length = 0;
    for (ssize_t got; (got = read(connection, answer + length, (1 << 20) - length - 1)) > 0;) length += got;
    close(connection);
    return answer;
}

int main(void) {
    sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%d", host, &port);
    char request[1 << 16];
    for (;;) {
        int size = sprintf(request, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"
            "Host: x\r\nConnection: close\r\n\r\n");
        char *event = ask(request, size), id[64];
        sscanf(strcasestr(event, "lambda-runtime-aws-request-id: ") + 31, "%63[^\r]", id);
        char *body = strstr(event, "\r\n\r\n") + 4;
        fprintf(stderr, "compiled\n");
        size = sprintf(request,
            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n%zx\r\n%s\r\n1;last=1\r\n]\r\n0\r\nTrailer: x\r\n\r\n",
            id, strlen(body), body);
        free(ask(request, size));
        free(event);
    }
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_a_compiled_program_serves_events_and_may_answer_in_chunks(bring: Bring, tmp_path: Path) -> None:
    source, program = tmp_path / "runtime.c", tmp_path / "bootstrap"
    source.write_text(PROGRAM)
    subprocess.run(["cc", "-D_GNU_SOURCE", "-O1", "-o", program, source], check=True)
    running = bring({"bootstrap": program.read_bytes()})
    assert running.environment.start() is None
    for number in range(3):
        result = running.invoke(str(number).encode())
        assert (result.is_error, json.loads(result.payload)) == (False, [number])
        assert "compiled\n" in result.logs
    pid = running.environment.process_id()
    assert Path(f"/proc/{pid}/exe").readlink() == running.function.task_root / "bootstrap"
