"""A pipeline with a change keeps it, templates too, when a drill deploys other settings over it."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy.deploy import Deployment
from wavetank.emulator.stack.stack import Stack
from wavetank.emulator.stack.uncontrolled import UncontrolledStack
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import load
from wavetank.scenarios.exploration.mutants.build import built
from wavetank.scenarios.exploration.mutants.mutant import known
from wavetank.scenarios.site import site as module
from wavetank.scenarios.site.site import Site


def test_what_is_deployed_again_has_the_changed_templates_of_its_own_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copytree(root / "schemas", tmp_path / "schemas"))
    (other / "click" / "component.toml").write_text("hash_buckets = 3")
    taken: list[Any] = []

    def deploy(_stack: Stack, *, templates: Any, **_others: Any) -> Deployment:
        taken.append(templates)
        return Deployment(load(other), "", "", 0.0, (), (), ())

    monkeypatch.setattr(module, "deploy", deploy)
    deployed = Site(UncontrolledStack("http://127.0.0.1:1"), load(root / "schemas"), root / "schemas")
    deployed.redeployed(other)
    with built(known()["alarm-of-nobody"]) as build:
        replace(deployed, checkout=build.checkout).redeployed(other)
    sound, (none, changed) = render(load(other)), taken
    assert none is None
    assert changed.keys() == sound.keys()
    assert "Resource" in str(changed["wavetank-click"]["Resources"]["ClickBehindAlarm"]["Properties"]["Dimensions"])
    assert changed["wavetank"]["Resources"]["Partitioner"] == sound["wavetank"]["Resources"]["Partitioner"]
