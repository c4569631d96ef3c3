"""The sight of a handler: its package, its layers, the runtime's libraries, and nothing of ours."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.emulator.lambda_.conftest import Run
from wavetank.emulator.lambda_.packages.interpreters import installed_interpreters
from wavetank.emulator.lambda_.packages.libraries import runtime_folder

LOOK = (
    "import os, sys\n"
    "def handler(event, context):\n"
    "    return {'path': sys.path, 'environ': dict(os.environ), 'cwd': os.getcwd(), 'version': sys.version_info[:2]}\n"
)
IMPORT = (
    "import importlib\n"
    "def handler(event, context):\n"
    "    found = {}\n"
    "    for name in event:\n"
    "        try: found[name] = importlib.import_module(name).__file__\n"
    "        except ImportError as error: found[name] = None\n"
    "    return found\n"
)


def seen(run: Run, *layers: dict[str, str], **options: Any) -> dict[str, Any]:
    running = run(LOOK, *layers, **options)
    running.environment.start()
    return dict(json.loads(running.invoke().payload))


def imported(run: Run, *names: str) -> dict[str, str | None]:
    running = run(IMPORT)
    running.environment.start()
    return dict(json.loads(running.invoke(json.dumps(names).encode()).payload))


def test_the_libraries_of_the_runtime_can_be_imported(run: Run, runtime: Path) -> None:
    names = (
        "boto3",
        "botocore",
        "s3transfer",
        "jmespath",
        "dateutil",
        "six",
        "urllib3",
        "awslambdaric",
        "simplejson",
    )
    for name, file in imported(run, *names).items():
        assert file is not None, name
        assert Path(file).is_relative_to(runtime)


def test_the_libraries_of_the_runtime_are_copies_that_nobody_may_change(runtime: Path) -> None:
    everything = [runtime, *runtime.rglob("*")]
    assert not [path for path in everything if path.stat().st_mode & 0o222]
    assert not [path for path in everything if path.is_file() and path.stat().st_nlink > 1]


def test_nothing_else_that_is_installed_here_can_be_imported(run: Run) -> None:
    names = ("fastavro", "pyarrow", "localstack", "emulator", "pipeline", "pytest", "psutil", "pip", "typer")
    assert imported(run, *names) == dict.fromkeys(names)


def test_the_import_path_is_package_layers_runtime_and_standard_library_in_this_order(run: Run, runtime: Path) -> None:
    layer = {"python/in_layer.py": ""}
    path = seen(run, layer)["path"]
    assert path[0].endswith("-python3.13")
    assert path[1].endswith("/python/lib/python3.13/site-packages")
    assert path[2].endswith("/python")
    assert path[3] == str(runtime)
    standard = Path(os.__file__).parent
    assert all(Path(folder).is_relative_to(standard) or folder.endswith(".zip") for folder in path[4:])


def test_of_two_layers_with_one_module_the_later_is_seen(run: Run) -> None:
    running = run(
        "import module, only_first\ndef handler(event, context): return [module.NAME, only_first.NAME]\n",
        {"python/module.py": "NAME = 'first'", "python/only_first.py": "NAME = 'first'"},
        {"python/module.py": "NAME = 'second'"},
    )
    running.environment.start()
    assert json.loads(running.invoke().payload) == ["second", "first"]


def test_the_package_hides_the_layers_and_the_layers_hide_the_runtime(run: Run) -> None:
    running = run(
        {
            "handler.py": "import six, module\ndef handler(event, context): return [six.NAME, module.NAME]",
            "module.py": "NAME = 'package'",
        },
        {
            "python/lib/python3.13/site-packages/six.py": "NAME = 'layer'",
            "python/module.py": "NAME = 'layer'",
        },
    )
    running.environment.start()
    assert json.loads(running.invoke().payload) == ["layer", "package"]


def test_the_environment_of_the_emulator_does_not_leak(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "secret")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.setenv("AWS_PROFILE", "production")
    look = seen(run, variables={"MODE": "test"})
    assert look["environ"]["MODE"] == "test"
    assert not {"SECRET_OF_THE_HOST", "AWS_PROFILE", "VIRTUAL_ENV"} & look["environ"].keys()
    assert str(Path.cwd()) not in look["path"]


def test_the_documented_variables_point_to_real_folders(run: Run, runtime: Path) -> None:
    look = seen(run)
    environ = look["environ"]
    assert environ["LAMBDA_RUNTIME_DIR"] == environ["PYTHONPATH"] == str(runtime)
    assert environ["LAMBDA_TASK_ROOT"] == look["cwd"] == look["path"][0]
    assert environ["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environ["_HANDLER"] == "handler.handler"
    assert Path(environ["TMPDIR"]).is_dir()


def test_a_python_path_of_the_functions_own_replaces_that_of_the_layers(run: Run) -> None:
    look = seen(run, {"python/in_layer.py": ""}, variables={"PYTHONPATH": "/one:/two"})
    assert look["path"][1:3] == ["/one", "/two"]


def test_two_environments_do_not_share_their_temporary_folder(run: Run) -> None:
    assert seen(run)["environ"]["TMPDIR"] != seen(run)["environ"]["TMPDIR"]


def test_another_python_that_is_installed_here_runs_functions_too(run: Run) -> None:
    others = [item for item in installed_interpreters() if item.runtime != f"python3.{sys.version_info.minor}"]
    if not others:
        pytest.skip("only one version of Python is installed here")
    other = others[-1]
    look = seen(run, runtime=other, runtime_folder=runtime_folder(other))
    assert look["version"] == [int(part) for part in other.version.split(".")[:2]]
    assert look["environ"]["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{other.runtime}"


def test_a_function_may_open_as_many_files_as_on_aws(run: Run) -> None:
    limits = "import resource\ndef handler(event, context): return resource.getrlimit(resource.RLIMIT_NOFILE)\n"
    running = run(limits)
    running.environment.start()
    assert json.loads(running.invoke().payload) == [1024, 1024]
