"""A mutant is applied to a copy, exactly where it says, and says so where it fits no more."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from wavetank.pipeline.topology import load as load_topology
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.exploration.mutants.build import (
    PIPELINE,
    UndeployableError,
    UnusableMutantError,
    archives,
    built,
)
from wavetank.scenarios.exploration.mutants.hunt import MutantResult
from wavetank.scenarios.exploration.mutants.mutant import Mutant, known, load, named
from wavetank.scenarios.exploration.races.actors import ACTORS
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.site.checkout import modules

MUTANTS = known()
LEAST = 15


def mutant(**said: str) -> Mutant:
    fields: dict[str, Any] = {"file": "records.py", "old": "from", "new": "from"} | said
    return Mutant("bad", "It is bad.", drills=(), **fields)


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_fits_the_pipeline_and_names_drills_that_there_are(name: str) -> None:
    found = MUTANTS[name]
    source = (PIPELINE / found.file).read_text()
    changed = found.applied_to(source)
    assert changed != source
    compile(changed, found.file, "exec")
    assert found.what.endswith(".")
    assert set(found.drills) <= set(catalogue())
    actors = {actor.name for actor in ACTORS}
    assert all(len(pair.split()) == 2 and set(pair.split()) <= actors for pair in found.races)
    assert found.drills or found.races


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= LEAST


def test_the_change_is_in_package_and_back_fill_and_the_checkout_is_left_alone() -> None:
    found = MUTANTS["no-dedupe"]
    before = (PIPELINE / found.file).read_bytes()
    with built(found) as build:
        changed = found.applied_to(before.decode())
        for archive in archives(load_topology(ad_stream_schemas()), modules(build.checkout)).values():
            with zipfile.ZipFile(io.BytesIO(archive)) as packed:
                assert packed.read(f"wavetank/pipeline/{found.file}").decode() == changed
        assert (build.checkout / "wavetank" / "pipeline" / found.file).read_text() == changed
        assert build.templates is None
    assert (PIPELINE / found.file).read_bytes() == before


def test_a_mutant_of_permissions_makes_another_template() -> None:
    tagging = '["s3:GetObject", "s3:PutObjectTagging"], _objects(DATA, f"{CHUNKS}/*")'
    unable = mutant(file="template/permissions.py", old=tagging, new=tagging.replace(', "s3:PutObjectTagging"', ""))
    with built(unable) as build:
        assert build.templates is not None
        assert "s3:PutObjectTagging" not in str(build.templates["wavetank"]["Resources"]["PartitionerRole"])


def test_a_mutant_of_which_no_template_can_be_rendered_cannot_be_deployed() -> None:
    unable = mutant(file="template/permissions.py", old='MERGES = "MergeQueue"', new="MERGES = UNKNOWN")
    with pytest.raises(UndeployableError, match="UNKNOWN"), built(unable):
        pass


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (mutant(old="no such text"), "no longer in pipeline/records.py"),
        (mutant(file="gone.py"), "no pipeline/gone.py any more"),
        (mutant(old="\nfrom dataclasses", new="\nfrom ("), "does not compile"),
        (mutant(old="e"), "times in pipeline/records.py"),
    ],
)
def test_a_mutant_that_does_not_fit_says_why(found: Mutant, said: str) -> None:
    with pytest.raises(UnusableMutantError, match=said), built(found):
        pass


@pytest.mark.parametrize("text", ["what = ", 'what = "x"', 'what = ""\nfile = ""\nold = ""\nnew = ""\nmore = 1'])
def test_a_file_that_is_no_mutant_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(UnusableMutantError, match=r"odd\.toml"):
        load(path)


def test_an_unknown_mutant_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnusableMutantError, match=r"there are: .*no-dedupe"):
        named(["nobody"])
    assert [found.name for found in named([])] == sorted(MUTANTS)


@pytest.mark.parametrize(("drill", "caught"), [("duplicates", True), ("", False)])
def test_what_came_of_a_mutant_is_told_as_plain_data(drill: str, caught: bool) -> None:
    assert MutantResult(mutant(), drill, "uniqueness: 3 events twice").document() == {
        "mutant": "bad",
        "what": "It is bad.",
        "caught": caught,
        "drill": drill,
        "detail": "uniqueness: 3 events twice",
        "inconclusive": [],
    }
