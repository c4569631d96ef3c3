"""Races for a hunt: a mutant that names some is hunted with them, from a world that the pipeline as it is has made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from wavetank.scenarios.exploration.mutants.build import Change
from wavetank.scenarios.exploration.races.cells import Cell, spread
from wavetank.scenarios.exploration.races.races import Races, chosen
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.site.site import Site

EVENT_TYPE = "click"


@dataclass
class RaceHunt:
    """The races of a mutant hunt on `site`; `narrate` is told what runs now."""

    site: Site
    seed: int
    narrate: Callable[[str], None] = lambda _what: None
    _races: Races | None = None
    _cells: list[Cell] = field(default_factory=list)
    _sound: dict[str, bool] = field(default_factory=dict)

    def prepare(self, mutant: Change) -> None:
        """Learn what the races of a mutant have to leave; the pipeline is as it is.

        Two that do not leave what is right even one after the other say nothing about mutants.
        """
        if not mutant.races:
            return
        if self._races is None:
            self._races = Races.begun(self.site, EVENT_TYPE, self.seed, self.narrate)
            self._cells = self._races.plan()
        for pair in mutant.races:
            if pair not in self._sound:
                stopped, meanwhile = pair.split()
                self._sound[pair] = not self._races.learn((stopped, meanwhile))

    def catch(self, mutant: Change) -> tuple[str, str] | None:
        """The pair whose race fails with the mutant, and how; None where none does."""
        if self._races is None:
            return None
        for pair in filter(self._sound.get, mutant.races):
            for cell in spread(chosen(self._cells, *pair.split())):
                result = self._races.run(cell)
                if result.verdict is Verdict.FAIL:
                    return f"races {pair}", f"{cell.number}: {result.detail}"
        return None
