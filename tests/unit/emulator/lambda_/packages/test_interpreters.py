"""Which runtimes can run here."""

import subprocess
import sys

import pytest

from wavetank.emulator.lambda_.packages.interpreters import (
    RuntimeUnavailable,
    installed_interpreters,
    interpreter_for,
    runtime_for,
)

OURS = f"python3.{sys.version_info.minor}"


def test_the_python_of_the_emulator_runs_functions_without_its_virtual_environment() -> None:
    program = interpreter_for(OURS).program
    question = "import sys; print(sys.prefix)"
    answer = subprocess.run([program, "-I", "-S", "-c", question], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == sys.base_prefix


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [
        ("nodejs20.x", "is not emulated"),
        ("python3.8", "is too old to work here"),
    ],
)
def test_a_runtime_that_is_not_here_is_refused_with_those_that_are(runtime: str, reason: str) -> None:
    with pytest.raises(RuntimeUnavailable) as refusal:
        runtime_for(runtime)
    assert f"{runtime} {reason}" in str(refusal.value)
    assert OURS in str(refusal.value)
    assert "provided.al2023" in str(refusal.value)


def test_every_interpreter_found_is_the_one_its_name_says() -> None:
    for interpreter in installed_interpreters():
        assert f"python{interpreter.version}".startswith(f"{interpreter.runtime}.")
