"""Packages of own code: what is locked is what is deployed, from the cache alone; what is missing is named."""

import shutil
import zipfile
from pathlib import Path

import pytest

from wavetank.pipeline import package
from wavetank.pipeline.components.requirements import locked, text_of, wheel_of
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.schemas.checks import check_folder
from wavetank.pipeline.template.render import whole
from wavetank.pipeline.topology import Topology, load


def wheel(folder: Path, name: str = "tides", tag: str = "py3-none-any", **files: str) -> Path:
    """A wheel with a package, what else is named, and what is not installed."""
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "HEIGHT = 7\n")
        archive.writestr(f"{name}-1.0.data/purelib/{name}_extra.py", "")
        archive.writestr(f"{name}-1.0.data/scripts/{name}", "")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\n")
        for member, text in files.items():
            archive.writestr(member, text)
    return path


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Path:
    """A schema folder in which clicks need a package, whose wheel is in the cache beside it."""
    schemas = shutil.copytree(root / "schemas", tmp_path / "schemas")
    click = schemas / "click"
    (click / "enrich.py").write_text("import tides\ndef enrich(event, reference): return event\n")
    (click / "requirements.txt").write_text("tides\n")
    path = wheel(tmp_path)
    one = wheel_of(path)
    (click / "requirements.lock").write_text(text_of(click / "requirements.txt", [one]))
    place = one.path(tmp_path / "cache" / "wheels")
    place.parent.mkdir(parents=True)
    path.rename(place)
    return schemas


def layer(schemas: Path) -> package.Artifact:
    packages = schemas.parent / "cache" / "packages"
    packages.mkdir(exist_ok=True)
    return package.build_own_layer(packages, load(schemas).event("click"))


def refused(planned: Topology) -> str:
    return "\n".join(check_folder(planned).refused)


def test_a_wheel_tells_what_it_lets_be_imported(tmp_path: Path) -> None:
    one = wheel_of(wheel(tmp_path))
    assert (one.name, one.version, one.imports) == ("tides", "1.0", ("tides", "tides_extra"))


def test_the_layer_has_what_the_wheels_install_and_the_same_bytes_each_time(schemas: Path) -> None:
    built = layer(schemas)
    names = {"python/tides/__init__.py", "python/tides_extra.py", "python/tides-1.0.dist-info/METADATA"}
    assert set(zipfile.ZipFile(built.path).namelist()) == names
    data = built.path.read_bytes()
    built.path.unlink()
    assert layer(schemas).path.read_bytes() == data
    assert (package.unpacked(built) / "tides" / "__init__.py").read_text() == "HEIGHT = 7\n"


def test_what_is_locked_can_be_imported_and_nothing_else(schemas: Path) -> None:
    assert refused(load(schemas)) == ""
    (schemas / "click" / "enrich.py").write_text("import tides, waves\ndef enrich(event, reference): return event\n")
    assert "waves is not in Python's library nor in the event type's layer" in refused(load(schemas))


def test_only_the_processor_of_the_event_type_has_the_layer(schemas: Path) -> None:
    resources = whole(load(schemas))["Resources"]
    layered = {
        resource["Properties"]["FunctionName"]: resource["Properties"]["Layers"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function" and {"Ref": "ClickLayer"} in resource["Properties"]["Layers"]
    }
    assert layered == {"wavetank-click-processor": [{"Ref": "ClickLayer"}, {"Ref": "CodecLayer"}]}
    names = [name for name, one in resources.items() if one["Type"] == "AWS::Lambda::LayerVersion"]
    assert len(names) == 3


def test_requirements_that_are_not_locked_as_they_are_are_refused(schemas: Path) -> None:
    click = schemas / "click"
    (click / "requirements.txt").write_text("tides>=1\n")
    assert "is not the lock of requirements.txt as it is; run `wavetank components lock click`" in refused(
        load(schemas)
    )
    (click / "requirements.lock").unlink()
    with pytest.raises(
        ConfigurationError, match=r"requirements.txt: is not locked; run `wavetank components lock click`"
    ):
        locked(click)


def test_a_line_that_is_none_is_named(schemas: Path) -> None:
    lock = schemas / "click" / "requirements.lock"
    lock.write_text(lock.read_text() + "waves==1.0\n")
    with pytest.raises(ConfigurationError, match=r"requirements.lock, line 3: is no locked wheel"):
        locked(lock.parent)


def test_a_wheel_that_is_not_in_the_cache_or_is_another_fails_by_name(schemas: Path) -> None:
    (path,) = (schemas.parent / "cache" / "wheels").rglob("*.whl")
    data = path.read_bytes()
    path.write_bytes(data + b"\0")
    with pytest.raises(ConfigurationError, match=r"click: tides 1.0 is not in .*run `wavetank components lock click`"):
        layer(schemas)
    path.unlink()
    with pytest.raises(ConfigurationError, match=r"click: tides 1.0 is not in"):
        layer(schemas)


def test_a_wheel_for_another_machine_is_refused(schemas: Path, tmp_path: Path) -> None:
    click = schemas / "click"
    strange = wheel_of(wheel(tmp_path, tag="cp313-cp313-manylinux2014_s390x"))
    (click / "requirements.lock").write_text(text_of(click / "requirements.txt", [strange]))
    with pytest.raises(ConfigurationError, match=r"manylinux2014_s390x.whl is not for this machine"):
        locked(click)


def test_what_is_too_large_for_a_function_is_refused_with_the_limit(
    schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, packages = load(schemas), schemas.parent / "cache" / "packages"
    monkeypatch.setattr(package, "LAYERS", {"codec": ("fastavro",), "columns": ("fastavro",)})
    parts = [layer(schemas), package.build_layer(packages, "codec", ("fastavro",))]
    parts += package.build_own(packages, planned.events).values()
    monkeypatch.setattr(package, "MAX_UNZIPPED", sum(map(package.unzipped, parts)))
    package.build(packages, planned.events)
    monkeypatch.setattr(package, "MAX_UNZIPPED", package.MAX_UNZIPPED - 1)
    with pytest.raises(ConfigurationError, match=r"click: its packages make a function of .* leave some out"):
        package.build(packages, planned.events)
