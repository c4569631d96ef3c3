"""The record of what was refused, and of the rights that were used."""

import json
import logging
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from os import environ
from pathlib import Path

from wavetank.emulator.authority.policy import Grant
from wavetank.emulator.stack.environment import RIGHTS_VARIABLE

LOG = logging.getLogger(__name__)

MOST_REFUSALS = 10_000
"""Refusals of different kinds that are kept; of further ones only the number."""


@dataclass(frozen=True)
class Refusal:
    """A refusal: who wanted to do what, on which resource, and the reason."""

    caller: str
    action: str
    resource: str
    reason: str


class Records:
    """Refusals in their order, and the times that each part of a policy allowed something."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refusals: list[Refusal] = []
        self._number = 0
        self._used: Counter[tuple[str, Grant]] = Counter()

    def refused(self, refusal: Refusal) -> None:
        """Note a refusal."""
        with self._lock:
            self._number += 1
            if len(self._refusals) < MOST_REFUSALS:
                self._refusals.append(refusal)

    def used(self, holder: str, grant: Grant) -> None:
        """Note that a part of a role's policy, or of a resource's, allowed something."""
        with self._lock:
            self._used[holder, grant] += 1
            if self._used[holder, grant] == 1 and (path := environ.get(RIGHTS_VARIABLE)):
                # One write of one line: stacks of several processes add to one file.
                try:
                    with Path(path).open("a") as file:
                        file.write(json.dumps({"holder": holder, **asdict(grant)}) + "\n")
                except OSError as error:
                    LOG.warning("the right %s of %s is not written down: %s", grant.action, holder, error)

    def refusals(self, after: int = 0) -> tuple[list[Refusal], int]:
        """The refusals past number `after`, and the number of all so far."""
        with self._lock:
            return self._refusals[after:], self._number

    def uses(self) -> dict[tuple[str, Grant], int]:
        """Holder and part of its policy → how often it allowed something."""
        with self._lock:
            return dict(self._used)


RECORDS = Records()
