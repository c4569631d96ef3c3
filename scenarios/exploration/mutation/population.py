"""All mutations of the pipeline, and samples of them that only a seed chooses.

A sample is drawn by place first, by operator then and by mutation last, so that a line on which much can be done counts
no more than another one.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from wavetank.emulator.deploy.deploy import plan
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.exploration.mutants.build import PIPELINE
from wavetank.scenarios.exploration.mutation import template
from wavetank.scenarios.exploration.mutation.causes import Cause, causes_of, concerns
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.source import Mutation, SourceFile
from wavetank.scenarios.exploration.mutation.template import Edit
from wavetank.scenarios.run.event_types import ad_stream_schemas

TEMPLATE_SHARE = 0.3
"""Of a sample of everything, so much changes the template: as of 75 mistakes that people made, 22 did."""


@dataclass(frozen=True)
class Population:
    """Mutations of code and edits of the template; `root` is the folder `pipeline/`."""

    root: Path
    mutations: Sequence[Mutation]
    edits: Sequence[Edit]

    @classmethod
    def of(cls, cause: Cause | None = None, root: Path = PIPELINE) -> "Population":
        """All there are, or all of one cause."""
        files = [
            SourceFile(name, path.read_text("utf-8"))
            for path in sorted(root.rglob("*.py"))
            for name in [str(path.relative_to(root))]
            if cause is None or concerns(cause, name)
        ]
        mutations = [
            mutation
            for file in files
            for mutation in file.mutations()
            if cause is None or cause in causes_of(mutation.file, mutation.place, mutation.operator)
        ]
        edits = [
            edit
            for edit in template.edits(whole(plan(ad_stream_schemas())))
            if cause is None or cause in causes_of(template.FILE, edit.where, edit.operator)
        ]
        return cls(root, mutations, edits)

    def sample(self, number: int, seed: int) -> list[Change]:
        """So many different changes, or all where there are fewer; the same ones for the same seed.

        Where there are both, so many of them are of the template as `TEMPLATE_SHARE` says.
        """
        chance = random.Random(seed)  # noqa: S311 - a sample, no secret
        share = TEMPLATE_SHARE if self.mutations else 1.0
        renderer = (self.root / template.FILE).read_text("utf-8")
        edits = (edit.change(renderer) for edit in _drawn(self.edits, lambda edit: edit.where, chance))
        mutations = (mutation.change() for mutation in _drawn(self.mutations, _line_of, chance))
        of_template = list(islice(edits, round(number * share)))
        return [*islice(_different(mutations), number - len(of_template)), *of_template]


def _line_of(mutation: Mutation) -> tuple[str, int]:
    return mutation.file, mutation.line


def _drawn[Item: (Mutation, Edit)](
    items: Sequence[Item], place_of: Callable[[Item], object], chance: random.Random
) -> Iterator[Item]:
    """All items by chance: one of each place, then another one of each, and so on; of a place an operator first."""
    places = dict[object, dict[str, list[Item]]]()
    for item in items:
        places.setdefault(place_of(item), {}).setdefault(item.operator, []).append(item)
    left = list(places.values())
    while left:
        chance.shuffle(left)
        for place in left:
            operator = chance.choice(sorted(place))
            yield place[operator].pop(chance.randrange(len(place[operator])))
            if not place[operator]:
                del place[operator]
        left = [place for place in left if place]


def _different(changes: Iterable[Change | None]) -> Iterator[Change]:
    """The changes there are, each result once."""
    texts = set[tuple[str, str]]()
    for change in changes:
        if change is not None and (change.file, change.text) not in texts:
            texts.add((change.file, change.text))
            yield change
