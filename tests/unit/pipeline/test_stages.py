"""Stages of one project do not share a name, whatever they are called."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.components.model import STAGE_NAME
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import load

STAGES = st.from_regex(STAGE_NAME, fullmatch=True)
EVENTS = st.from_regex(r"[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,8})?", fullmatch=True).filter(
    lambda name: name not in ("reference", "shared")
)
NAMED = [
    "AlarmName", "BucketName", "DashboardName", "DeliveryStreamName", "FunctionName", "LayerName", "Name", "QueueName",
    "TopicName",
]  # fmt: skip


def names_of(folder: Path, stage: str | None) -> Iterator[tuple[str, str]]:
    """Every name of a stage's stacks and resources with its kind; a reference to a function has none."""
    artifacts = load(folder / "schemas", stage).names.artifacts_bucket("${AWS::AccountId}")
    yield "AWS::S3::Bucket", artifacts
    for stack, template in render(load(folder / "schemas", stage)).items():
        yield "stack", stack
        for resource in template["Resources"].values():
            for key in NAMED:
                value: Any = resource["Properties"].get(key)
                if value is not None and not (isinstance(value, dict) and "Ref" in value):
                    yield resource["Type"], value["Fn::Sub"] if isinstance(value, dict) else str(value)


def project(folder: Path, events: set[str], stages: tuple[str, ...]) -> None:
    (folder / "wavetank.toml").write_text("".join(f"[stages.{stage}]\n" for stage in stages))
    for event in events:
        add_event(folder / "schemas", event)


@given(st.sets(EVENTS, min_size=1, max_size=3), STAGES, STAGES)
@settings(max_examples=25, deadline=None)
def test_two_stages_and_the_default_one_share_no_name_in_one_account(events: set[str], one: str, two: str) -> None:
    assume(one != two)
    with TemporaryDirectory() as place:
        folder = Path(place)
        project(folder, events, (one, two))
        clashing = any(event.partition("-")[0] in (one, two) for event in events)
        assume(len({event.replace("-", "") for event in events}) == len(events))
        if clashing:
            with pytest.raises(ConfigurationError, match="would be those of stage"):
                load(folder / "schemas")
            return
        names = [list(names_of(folder, stage)) for stage in (None, one, two)]
        every = [name for some in names for name in some]
        assert len(set(every)) == len(every), json.dumps(sorted(every))


@pytest.mark.parametrize("event", ["staging", "staging-click"])
def test_an_event_type_that_would_have_the_names_of_a_stage_is_refused(tmp_path: Path, event: str) -> None:
    project(tmp_path, {event}, ("staging",))
    with pytest.raises(ConfigurationError, match=f"event type {event}: its names would be those of stage staging"):
        load(tmp_path / "schemas")


def test_a_function_name_that_lambda_does_not_take_is_refused_in_the_stage_that_makes_it(tmp_path: Path) -> None:
    project(tmp_path, {"x" * 32}, ("abcdefghijklmnop",))
    assert load(tmp_path / "schemas").events
    with pytest.raises(ConfigurationError, match="longer than the 64 characters that Lambda takes"):
        load(tmp_path / "schemas", "abcdefghijklmnop")
