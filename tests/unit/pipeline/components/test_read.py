"""Settings of components: which file says what, and what is said of a wrong one."""

from pathlib import Path

import pytest

from wavetank.pipeline.components.model import Component, ProjectFile
from wavetank.pipeline.components.read import read_component, read_project
from wavetank.pipeline.errors import ConfigurationError

PROJECT = """
name = "shop"
[defaults]
owner = "platform"
[defaults.stream]
shards = 4
retention_hours = 48
[stages.staging.overrides.stream]
shards = 1
[stages.staging.components.purchase.processor]
memory_mib = 256
"""
PURCHASE = """
owner = "checkout"
[stream]
retention_hours = 72
[[rules]]
field = "amount"
minimum = 0
"""


@pytest.fixture
def purchase(tmp_path: Path) -> Path:
    (tmp_path / "wavetank.toml").write_text(PROJECT)
    folder = tmp_path / "schemas" / "purchase"
    folder.mkdir(parents=True)
    (folder / "component.toml").write_text(PURCHASE)
    return folder


def test_all_is_by_default_where_there_is_no_file(tmp_path: Path) -> None:
    assert read_project(tmp_path) == ProjectFile()
    assert read_component(tmp_path, ProjectFile()).component == Component()


def test_a_component_goes_before_the_defaults_of_its_project_and_a_stage_before_both(purchase: Path) -> None:
    project = read_project(purchase.parents[1])
    usual, staging = (read_component(purchase, project, stage).component for stage in (None, "staging"))
    assert (usual.owner, usual.stream.shards, usual.stream.retention_hours) == ("checkout", 4, 72)
    assert (staging.stream.shards, staging.stream.retention_hours, staging.processor.memory_mib) == (1, 72, 256)
    assert usual.delivery == staging.delivery == Component().delivery


def test_the_origin_of_each_value_that_is_no_default_is_known(purchase: Path) -> None:
    origins = read_component(purchase, read_project(purchase.parents[1]), "staging").origins
    assert origins == {
        "owner": "purchase/component.toml",
        "rules": "purchase/component.toml",
        "stream.shards": "wavetank.toml [stages.staging.overrides]",
        "stream.retention_hours": "purchase/component.toml",
        "processor.memory_mib": "wavetank.toml [stages.staging.components.purchase]",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[stream]\nshard = 3", r"component.toml: stream.shard is no key; did you mean shards\?"),
        ("[strem]\nshards = 3", r"strem is no key; did you mean stream\?"),
        ("colour = 1", "colour is no key; there are: owner, tags, stream"),
        ("[stream]\nshards = 0", "stream.shards: input should be greater than or equal to 1, got 0"),
        ('[stream]\nshards = "3"', "stream.shards: input should be a valid integer, got '3'"),
        ('[stream]\nmode = "elastic"', "stream.mode: input should be 'provisioned' or 'on-demand', got 'elastic'"),
        ('[[rules]]\nfield = "a"', "rules.0: value error, a rule demands something"),
        ('[[rules]]\nfield = "a"\npatern = "x"', r"rules.0.patern is no key; did you mean pattern\?"),
        ('[[rules]]\nfield = "a"\npattern = "("', "its pattern is no regular expression"),
        ("shards =", "component.toml: not TOML"),
        (
            "[processor]\ngive_up_hours = 24",
            "stream.retention_hours is 24 and processor.give_up_hours 24",
        ),
        ("[expiry]\npart_days = 1", "component.toml: expiry.part_days is 1 and look_back_hours 12"),
        ('[alarms]\nwarn = ["us"]', "the ARN of an SNS topic or a mail address, and 'us' is neither"),
        ('[alarms]\npage = ["us"]', "the ARN of an SNS topic or a mail address, and 'us' is neither"),
        ("[alarms]\nraw_silence_minutes = 7", "alarms.raw_silence_minutes: input should be a multiple of 5, got 7"),
        (
            "[alarms]\ndelivery_age_minutes = 15\n[delivery]\nbuffer_s = 900",
            "alarms.delivery_age_minutes is 15 and delivery.buffer_s 900: the alarm would ring .* set it to 16",
        ),
        ('[tags]\nowner = "us"', "'owner' is set by wavetank itself; rename it"),
        ('[tags]\n"aws:us" = "us"', "'aws:us' is set by AWS itself; rename it"),
        ('[tags]\na = "€"', "a tag is letters, digits, spaces and"),
        ('owner = "a/b;c"', "an owner is letters, digits, spaces and"),
    ],
)
def test_a_wrong_file_is_told_by_file_key_rule_and_nearest_key(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "component.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=sentence):
        read_component(tmp_path, ProjectFile())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[defaults.stream]\nshard = 3", r"wavetank.toml, \[defaults\]: stream.shard is no key; did you mean shards\?"),
        (
            "[stages.staging.overrides]\nowner = 3",
            r"\[stages.staging.overrides\]: owner: input should be a valid string",
        ),
        ("[stages.staging.components.click]\nstrem = 3", r"\[stages.staging.components.click\]: strem is no key"),
        ("[stages.Staging]", "stages.Staging"),
        ('[stages.staging]\naccount = "12"', "stages.staging.account"),
        ('[stages.staging]\nacount = "12"', r"stages.staging.acount is no key; did you mean account\?"),
    ],
)
def test_a_wrong_project_file_is_told_by_table_and_key(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "wavetank.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=sentence):
        read_project(tmp_path)


def test_what_a_project_and_a_component_set_together_must_not_contradict_itself(purchase: Path) -> None:
    """Neither of the two files is wrong alone."""
    (purchase / "component.toml").write_text("[processor]\ngive_up_hours = 47")
    read_component(purchase, read_project(purchase.parents[1]))
    (purchase / "component.toml").write_text("[processor]\ngive_up_hours = 48")
    with pytest.raises(ConfigurationError, match=r"retention_hours is 48 and processor\.give_up_hours 48"):
        read_component(purchase, read_project(purchase.parents[1]))


def test_a_stage_that_is_not_there_is_told_with_those_that_are(purchase: Path) -> None:
    with pytest.raises(ConfigurationError, match="no stage 'prod'; there are: staging"):
        read_component(purchase, read_project(purchase.parents[1]), "prod")
