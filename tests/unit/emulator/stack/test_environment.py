"""A stack's environment is all ours: nothing of the user's changes it."""

from pathlib import Path

import pytest

from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.environment import (
    AUTHORITY_VARIABLE,
    PLUGIN,
    SERVICES,
    child_environment,
    plugin_index,
    settings_of,
)
from wavetank.emulator.stack.home import StackFolder

USERS = {
    "LOCALSTACK_AUTH_TOKEN": "secret",
    "DEBUG": "1",
    "PROVIDER_OVERRIDE_S3": "other",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_PROFILE": "work",
    "PYTHONPATH": "/elsewhere",
    "EAGER_SERVICE_LOADING": "1",
}


def test_nothing_of_the_users_environment_reaches_the_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in USERS.items():
        monkeypatch.setenv(name, value)
    assert not USERS.keys() & child_environment(4566, StackFolder(tmp_path), tmp_path).keys()


def test_every_plugin_of_ours_is_asked_for_by_name(tmp_path: Path) -> None:
    environment = child_environment(4570, StackFolder(tmp_path), tmp_path)
    asked = {name for name, value in environment.items() if value == PLUGIN}
    assert asked == {
        "GATEWAY_SERVER",
        "LAMBDA_RUNTIME_EXECUTOR",
        "PROVIDER_OVERRIDE_KINESIS",
        "PROVIDER_OVERRIDE_FIREHOSE",
        "PROVIDER_OVERRIDE_RESOURCEGROUPSTAGGINGAPI",
    }
    assert environment["GATEWAY_LISTEN"] == "127.0.0.1:4570"


def test_services_that_would_start_or_download_another_program_are_not_offered() -> None:
    assert not {"dynamodb", "dynamodbstreams", "opensearch", "es", "resource-groups"} & set(SERVICES)


def test_the_plugin_index_is_kept_for_the_same_set_of_entry_points(tmp_path: Path) -> None:
    assert plugin_index(tmp_path) == plugin_index(tmp_path)


def test_what_a_user_may_set_for_a_stack_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {
        "WAVETANK_LIMITS": "shard-limits",
        "KINESIS_SHARD_LIMIT": "7",
        "KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT": "3",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    environment = child_environment(4566, StackFolder(tmp_path), tmp_path)
    assert settings.items() <= environment.items()
    assert "WAVETANK_KINESIS_MAX_BYTES" not in environment


def test_the_switch_of_policies_is_on_or_off_and_nothing_else() -> None:
    assert settings_of({AUTHORITY_VARIABLE: "off"}) == {AUTHORITY_VARIABLE: "off"}
    for value in ("", "false", "OFF"):
        with pytest.raises(CallerError, match=AUTHORITY_VARIABLE):
            settings_of({AUTHORITY_VARIABLE: value})
