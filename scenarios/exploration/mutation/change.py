"""A change to the pipeline that a mistake could make: the file, where in it, the old text and the new."""

from dataclasses import dataclass, field
from itertools import takewhile

MOST = 60
"""Characters of a line that are shown in a name."""
CONTEXT = 20
"""Characters of these before the first that differs."""


@dataclass(frozen=True)
class Change:
    """A change to one file below `pipeline/`.

    operator: what was done to it. line: where, from 1; 0 of the rendered template. place: the function or class around
    it, or the path in the template. old and new: the lines that differ, without their indentation. text: the file as it
    is then.
    """

    file: str
    operator: str
    line: int
    place: str
    old: str
    new: str
    text: str = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """The change in one line."""
        where = f"{self.file}:{self.line}" if self.line else self.place
        before = self.old.removeprefix(f"{self.place} = ")
        old, new = _differing(" ".join(before.split()), " ".join(self.new.split()))
        return f"{where} {self.operator}: {old} → {new}"

    @property
    def what(self) -> str:
        """The mistake: nobody chose it, so it has no more to say than its name."""
        return self.name

    @property
    def drills(self) -> tuple[str, ...]:
        """The drills that are likely to notice: nobody has said any."""
        return ()

    @property
    def races(self) -> tuple[str, ...]:
        """The races that notice: nobody has said any."""
        return ()

    @property
    def component(self) -> str:
        """The part of the pipeline that it is in: a folder below `pipeline/`, or a module there."""
        return self.file.partition("/")[0].removesuffix(".py")

    def applied_to(self, _source: str) -> str:
        """The text of the file with the change."""
        return self.text


def _differing(old: str, new: str) -> tuple[str, str]:
    """Two lines without most of what both begin with, cut to what can be shown."""
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = 0 if max(len(old), len(new)) <= MOST else max(0, alike - CONTEXT)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + MOST
    return ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
