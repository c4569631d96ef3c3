"""Judgements are by the text that differs; those of the repository fit the pipeline, and each has a reason."""

from pathlib import Path

import pytest

from wavetank.scenarios.exploration.mutants.build import PIPELINE
from wavetank.scenarios.exploration.mutation import template
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.judgements import Judgements, UnusableJudgementsError

SHORTEST = 20
CHANGE = Change("core/a.py", "number", 7, "f", "limit = 1", "limit = 2", "limit = 2\n")


def test_a_judgement_is_found_by_its_text_wherever_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text('[[equivalent]]\nfile = "core/a.py"\nold = "limit  = 1"\nnew = "limit = 2"\nreason = "Unused."\n')
    judgements = Judgements.load(path)
    assert judgements.reason(CHANGE) == "Unused."
    assert judgements.reason(Change("core/b.py", "number", 7, "f", "limit = 1", "limit = 2", "")) == ""


@pytest.mark.parametrize(
    "text", ["equivalent = ", '[[equivalent]]\nfile = "a.py"\n', '[[equivalent]]\nfile=1\nold=""\nnew=""\nreason=""\n']
)
def test_a_file_that_holds_no_judgements_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(UnusableJudgementsError, match=r"odd\.toml"):
        Judgements.load(path)


def test_every_judgement_of_the_repository_fits_the_pipeline_and_has_a_reason() -> None:
    for (file, old, new), reason in Judgements.load().reasons.items():
        assert old != new
        assert len(reason) >= SHORTEST
        if file == template.FILE and " = " in old and old.split(" = ")[0].count("."):
            continue
        assert old in " ".join((PIPELINE / file).read_text().split()), (file, old)
