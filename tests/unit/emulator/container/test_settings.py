"""What a container is given of its starter's environment."""

import pytest

from wavetank.emulator.container.settings import variables
from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS
from wavetank.emulator.stack.environment import LogLevel

USER = {ALLOWED_ORIGINS: "http://localhost:3000", ALLOWED_HOSTS: "emulator.test", "AWS_PROFILE": "work"}


def test_the_settings_of_the_door_reach_a_container_and_nothing_of_the_users_besides() -> None:
    given = variables(4601, LogLevel.INFO, USER)
    assert {name: given.get(name) for name in USER} == {**USER, "AWS_PROFILE": None}


@pytest.mark.parametrize("name", [ALLOWED_ORIGINS, ALLOWED_HOSTS])
def test_a_setting_that_makes_no_sense_is_told_before_a_container_is_made(name: str) -> None:
    with pytest.raises(CallerError, match=name):
        variables(4601, LogLevel.INFO, {name: "*"})
