"""Settings that make the functions take and write little at a time, for the length of a run.

They are bounds of the functions' own; what the services bound is made small by faults. A run and its control have the
same, so that their files are the same bytes.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase

from wavetank.scenarios.site.site import Site

TIGHT: Mapping[str, Mapping[str, str]] = {
    "wavetank-*-processor": {"PUT_RECORDS": "7"},
    "wavetank-partitioner": {"BLOCK_BYTES": "500"},
    "wavetank-concatenator": {
        "BLOCK_BYTES": "500",
        "ROW_GROUP_ROWS": "7",
        "MERGE_BYTES": "1500",
        "PIECE_RECORDS": "2",
    },
}
"""Names of functions, as patterns, and the variables of their environment. A partition has some 5 kB of events."""


@contextmanager
def tightened(site: Site, *, tight: bool) -> Iterator[None]:
    """The length of the block, in which the functions have the settings of `TIGHT` where that is asked for."""
    with ExitStack() as undo:
        for pattern, variables in TIGHT.items() if tight else ():
            for function in site.topology.functions:
                if fnmatchcase(function, pattern):
                    before = site.variables(function)
                    undo.callback(site.configure, function, Environment={"Variables": before})
                    site.configure(function, Environment={"Variables": {**before, **variables}})
        yield
