from collections.abc import Sequence
from typing import Any

import pytest

from wavetank.scenarios.site.database.connections import Moment, What
from wavetank.scenarios.site.database.dumps import connections_seen
from wavetank.scenarios.site.database.server import READER
from wavetank.scenarios.site.database.sqlite import SQLite
from wavetank.scenarios.spec.dumps import DumpResult


class Told(SQLite):
    """A database that tells of connections which there were not."""

    def __init__(self, *moments: tuple[str, str, What]) -> None:
        super().__init__()
        self._moments = [Moment(number, user, "127.0.0.1", what) for number, user, what in moments]

    def moments(self) -> Sequence[Moment]:
        return self._moments


ONE = (("1", READER, What.OPENED), ("1", READER, What.CLOSED))
BESIDE = (("2", READER, What.OPENED), ("3", READER, What.OPENED), ("2", READER, What.CLOSED))


@pytest.mark.parametrize(
    ("moments", "dumps", "holds"),
    [
        (ONE, [DumpResult.UNCHANGED], True),
        ((), [DumpResult.FAILED], True),
        (ONE, [DumpResult.TURNED_AWAY], False),
        (ONE, [], False),
        ((*ONE, *ONE), [DumpResult.PUBLISHED, DumpResult.REFUSED], True),
        (BESIDE, [DumpResult.UNCHANGED, DumpResult.UNCHANGED], False),
        ((*ONE, ("4", "wavetank_click", What.OPENED)), [DumpResult.UNCHANGED, DumpResult.UNCHANGED], False),
    ],
)
def test_a_run_of_the_dumper_connects_once_one_at_a_time_and_nobody_else_does(
    moments: Any, dumps: list[DumpResult], holds: bool
) -> None:
    database = Told(*moments)
    try:
        assert connections_seen(database, dumps, 0).passed is holds
    finally:
        database.close()


def test_where_a_lease_was_removed_two_may_be_connected_at_once() -> None:
    database = Told(*BESIDE)
    try:
        assert connections_seen(database, [DumpResult.UNCHANGED] * 2, 0, at_once=2).passed
    finally:
        database.close()
