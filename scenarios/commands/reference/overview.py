"""`wavetank reference list`: each reference with its source, its newest entry, and when it was last looked at."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.client.reference.published import PublishedReferences
    from wavetank.scenarios.client.reference.state import State
    from wavetank.scenarios.site.site import Site


def list_(endpoint_url: EndpointUrl = None, stage: Stage = None, as_json: AsJson = False) -> None:
    """List references: where each comes from, its newest snapshot, when it takes effect, how old the last look is.

    One that is read from a database is stale where nobody has looked at it for longer than its `stale_after`.
    """
    from wavetank.scenarios.client.reference.state import HEADINGS
    from wavetank.scenarios.commands.target import pipeline_at

    site = pipeline_at(endpoint_url, stage)
    listed = list(states(site, published(site)))
    if as_json:
        echo(json.dumps([state.to_document() for state in listed]))
    elif listed:
        echo(table([HEADINGS, *(state.cells() for state in listed)]))
    else:
        echo("there is no reference: put a file into schemas/reference/, see docs/reference-data.md")


def published(site: "Site") -> "PublishedReferences":
    """The references that are published on a site."""
    from wavetank.scenarios.client.reference.published import PublishedReferences

    return PublishedReferences(site.s3, site.registry_bucket)


def states(site: "Site", there: "PublishedReferences") -> Iterator["State"]:
    """The state of each reference of the folder, and of those that are published and in the folder no more."""
    from wavetank.scenarios.client.reference.published import SnapshotGone
    from wavetank.scenarios.client.reference.state import State
    from wavetank.scenarios.commands.observability.places import now_of

    now = now_of(site.stack)
    configured = {reference.name: reference for reference in site.topology.references}
    for name in sorted({*configured, *there.names()}):
        index = there.index(name)
        rows = None
        if index.newest is not None:
            try:
                rows = there.rows(name, index.newest)
            except SnapshotGone as error:
                echo(one_line(f"warning: {error}"), err=True)
        yield State(
            name=name,
            reference=configured.get(name),
            newest=index.newest,
            entries=len(index.entries),
            rows=rows,
            looked_at=there.looked_at(name),
            now=now,
        )


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(len(one_line(cell)) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(one_line(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
