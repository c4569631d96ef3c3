"""A sample is a seed's alone, has no change twice, and each cause has places of its own."""

import re
from collections import Counter
from fnmatch import fnmatch, fnmatchcase
from functools import cache

import pytest

from wavetank.emulator.deploy.deploy import plan
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.exploration.mutants.build import PIPELINE
from wavetank.scenarios.exploration.mutation.causes import PLACES, Cause
from wavetank.scenarios.exploration.mutation.population import TEMPLATE_SHARE, Population
from wavetank.scenarios.exploration.mutation.template import FILE, edits

population = cache(Population.of)
EDITS = list(edits(whole(plan())))
ENOUGH = 60


@pytest.mark.parametrize("cause", Cause)
def test_every_place_of_a_cause_is_in_the_pipeline(cause: Cause) -> None:
    """Of a file and a function that there are, or of a path in the template."""
    paths = [edit.where for edit in EDITS]
    for place in PLACES[cause]:
        texts = [
            path.read_text() for path in PIPELINE.rglob("*.py") if fnmatch(str(path.relative_to(PIPELINE)), place.file)
        ]
        assert texts, place
        if place.file == FILE:
            assert any(fnmatchcase(path, place.where) for path in paths), place
        elif name := place.where.strip("*"):
            assert any(re.search(rf"(def|class) {name}", text) for text in texts), place


@pytest.mark.parametrize("cause", [Cause.AGE, Cause.AUTHORITY, Cause.HUNTER])
def test_a_cause_has_mutations_enough(cause: Cause) -> None:
    chosen = population(cause)
    assert len(chosen.mutations) + len(chosen.edits) >= ENOUGH


def test_a_seed_draws_the_same_changes_again_and_another_one_others() -> None:
    chosen = population(Cause.AGE)
    first, again, other = (chosen.sample(20, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_a_sample_has_no_change_twice_and_few_on_the_same_line() -> None:
    sample = population(Cause.AGE).sample(60, 1)
    assert len({(change.file, change.text) for change in sample}) == len(sample) == 60
    lines = Counter((change.file, change.line) for change in sample if change.line)
    assert max(lines.values()) <= 2


def test_a_share_of_a_sample_is_of_the_template_where_there_is_code_as_well() -> None:
    sample = population(Cause.AGE).sample(20, 1)
    assert sum(not change.line for change in sample) == 20 * TEMPLATE_SHARE
    assert all(not change.line for change in population(Cause.AUTHORITY).sample(5, 1))


def test_of_a_few_mutations_a_sample_has_all() -> None:
    chosen = population(Cause.AGE)
    few = Population(chosen.root, (), chosen.edits[:3])
    assert len(few.sample(50, 1)) == 3
