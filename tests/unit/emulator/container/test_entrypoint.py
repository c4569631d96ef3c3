"""What a container's first process makes of its environment and of the image's cache."""

from pathlib import Path

import pytest

from wavetank.emulator.container import entrypoint
from wavetank.emulator.container.entrypoint import environment, seed
from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS, Guard
from wavetank.emulator.stack.environment import CONTROL_PEERS, PLUGIN
from wavetank.emulator.stack.home import StackFolder


def test_a_contained_stack_listens_on_its_own_interfaces_and_names_the_published_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(entrypoint.PUBLISHED_PORT, "4601")
    variables = environment(StackFolder(tmp_path), tmp_path)
    assert variables["GATEWAY_LISTEN"] == "0.0.0.0:4566"
    assert variables["LOCALSTACK_HOST"] == "127.0.0.1:4601"
    assert variables["GATEWAY_SERVER"] == PLUGIN
    assert variables[CONTROL_PEERS] == entrypoint.PEERS


def test_a_contained_stack_answers_to_the_names_that_docker_gives_and_to_those_of_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED_HOSTS, "emulator.my-network")
    guard = Guard.configured(environment(StackFolder(tmp_path), tmp_path))
    for host in (b"emulator:4566", b"emulator.my-network:4566", b"127.0.0.1"):
        assert guard.judge("GET", b"/", [(b"Host", host)]) is None
    assert guard.judge("GET", b"/", [(b"Host", b"evil.example")]) is not None


def test_services_are_loaded_at_the_start_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment(StackFolder(tmp_path), tmp_path)["EAGER_SERVICE_LOADING"] == "1"
    monkeypatch.setenv(entrypoint.EAGER, "0")
    assert environment(StackFolder(tmp_path), tmp_path)["EAGER_SERVICE_LOADING"] == "0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (entrypoint.PUBLISHED_PORT, "http"),
        (entrypoint.LOG_LEVEL, "loud"),
        (ALLOWED_HOSTS, "*"),
        (ALLOWED_ORIGINS, "null"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CallerError, match=name):
        environment(StackFolder(tmp_path), tmp_path)


def test_what_never_changes_is_linked_and_what_is_rewritten_is_copied(tmp_path: Path) -> None:
    image, cache = tmp_path / "image", tmp_path / "cache"
    for kind in ("layers", "catalog"):
        (image / kind / "one").mkdir(parents=True)
    seed(cache, image)
    seed(cache, image)
    assert (cache / "layers" / "one").is_symlink()
    assert not (cache / "catalog" / "one").is_symlink()
    (cache / "layers" / "two").mkdir()


def test_an_image_without_a_cache_leaves_an_empty_one(tmp_path: Path) -> None:
    seed(tmp_path, tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
