"""What a layer and the installed packages have in common is stored once."""

from pathlib import Path

import pytest

from wavetank.emulator.container.image_cache import share

SOURCE = b"VALUE = 1\n"


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    return written(tmp_path / "layer", SOURCE)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    return written(tmp_path / "installed", SOURCE)


def written(folder: Path, data: bytes) -> Path:
    for name in ("package/module.py", "package/__pycache__/module.pyc"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_equal_files_become_one_with_the_time_by_which_bytecode_knows_it(layer: Path, installed: Path) -> None:
    twin = installed / "package" / "module.py"
    before = twin.stat().st_mtime_ns
    assert share(layer, installed) == len(SOURCE)
    assert twin.samefile(layer / "package" / "module.py")
    assert twin.stat().st_mtime_ns == before
    assert share(layer, installed) == 0


def test_bytecode_and_what_differs_stay_apart(layer: Path, installed: Path) -> None:
    (installed / "package" / "module.py").write_bytes(b"VALUE = 2\n")
    assert share(layer, installed) == 0
    assert not (installed / "package" / "__pycache__" / "module.pyc").samefile(
        layer / "package" / "__pycache__" / "module.pyc"
    )


def test_what_is_not_installed_is_left_as_it_is(layer: Path, tmp_path: Path) -> None:
    assert share(layer, tmp_path / "nothing") == 0
    assert (layer / "package" / "module.py").read_bytes() == SOURCE
