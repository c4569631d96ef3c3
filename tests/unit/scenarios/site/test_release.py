"""The release before is had from git, or it is said why not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.stack.stack import ExternalStack
from wavetank.scenarios.drills.catalogue import named
from wavetank.scenarios.run.skips import sort_out
from wavetank.scenarios.site import release


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    obstacle, commit = release.obstacle, release._commit
    obstacle.cache_clear()
    commit.cache_clear()
    yield
    obstacle.cache_clear()
    commit.cache_clear()


OBSTACLES: dict[str, tuple[str, Any, str]] = {
    "no git": ("shutil.which", lambda _: None, "needs git"),
    "no file": ("COMMIT_FILE", Path("/nowhere/release-before.txt"), "needs release-before.txt, with"),
    "no commit": ("_commit", lambda: "0" * 40, "needs the commit of the release before (000000000000)"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_where_it_cannot_be_had_the_drill_is_skipped_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, replacement, reason = OBSTACLES[name]
    monkeypatch.setattr(f"{release.__name__}.{target}", replacement)
    stack = ExternalStack("http://127.0.0.1:1")
    fit, (skip,) = sort_out(named(["control", "upgrade-under-load"]), stack)
    assert [drill.name for drill in fit] == ["control"]
    assert skip.name == "upgrade-under-load"
    assert skip.reason.startswith(reason)
