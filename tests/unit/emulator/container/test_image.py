"""When the image is built anew."""

from pathlib import Path

import pytest

from wavetank.emulator.container.image import FILES, FOLDERS, sources_digest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in FOLDERS:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.py").write_text("1")
    for name in FILES:
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", [*FILES, *(f"{folder}/one.py" for folder in FOLDERS)])
def test_whatever_goes_into_the_image_changes_its_digest(name: str, checkout: Path) -> None:
    before = sources_digest(checkout)
    (checkout / name).write_text("other")
    assert sources_digest(checkout) != before


@pytest.mark.parametrize("name", ["README.md", "tests.txt", "emulator/__pycache__/one.pyc"])
def test_what_does_not_go_into_the_image_does_not(name: str, checkout: Path) -> None:
    before = sources_digest(checkout)
    (checkout / name).parent.mkdir(exist_ok=True)
    (checkout / name).write_text("other")
    assert sources_digest(checkout) == before


def test_a_file_that_moves_changes_the_digest(checkout: Path) -> None:
    before = sources_digest(checkout)
    (checkout / "emulator" / "one.py").rename(checkout / "emulator" / "two.py")
    assert sources_digest(checkout) != before
