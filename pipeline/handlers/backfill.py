"""Merges the partitions of many hours in this process: `python -m wavetank.pipeline.handlers.backfill --help`.

The same work as a tick's, for as many hours as are asked for and without the limits of a function. With `--late` the
late parts of these hours are first put back to where they are merged from. What it does is told as lines of JSON.
"""

import argparse
import json
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.aws import late, listing
from wavetank.pipeline.aws.listing import HOUR, LATE, PARTS
from wavetank.pipeline.aws.newest import newest
from wavetank.pipeline.aws.plan import plan
from wavetank.pipeline.handlers.concatenator import concatenate


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the back-fill that the arguments ask for."""
    asked = _parser().parse_args(arguments)
    os.environ["REGISTRY_BUCKET"] = topology.registry_bucket(asked.account)
    bucket = topology.data_bucket(asked.account)
    span = _moment(asked.first), _moment(asked.end)
    for said in backfill(bucket, span, frozenset(asked.event), with_late=asked.late):
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def backfill(
    bucket: str, span: tuple[datetime | None, datetime | None], events: Collection[str], *, with_late: bool
) -> Iterator[dict[str, Any]]:
    """Merge what has changed in the hours of `span` (open where None), and what that changes in the hours after.

    Yields `{"late": …}` first, then `{"partitions", "planned"}`, then a line for each partition that was merged.
    """
    reach = topology.LOOK_BACK_HOURS
    asked = [hour for hour in _hours(bucket, (PARTS, LATE) if with_late else (PARTS,)) if _is_in(hour, span)]
    moved = late.bring_back(bucket, asked, events) if with_late else late.NONE
    yield {"late": moved.events, "late_parts": moved.parts}
    hours = {
        hour + number * HOUR for hour in asked for number in range(reach + 1) if hour < listing.LAST - reach * HOUR
    }
    made = plan(bucket, hours | set(asked), reach, events)
    yield {"partitions": made.partitions, "planned": len(made.tasks)}
    for task in made.tasks:
        written = concatenate(bucket, task, newest(task.partition.event))
        yield {"partition": task.partition.path, "written": written}


def _hours(bucket: str, layers: Collection[str]) -> list[datetime]:
    """The hours that have anything in some layers, in order."""
    return sorted(
        {
            partition.start
            for layer in layers
            for event in listing.events_with(bucket, layer)
            for partition in listing.found(bucket, layer, event)
        }
    )


def _is_in(hour: datetime, span: tuple[datetime | None, datetime | None]) -> bool:
    first, end = span
    return (first is None or hour >= first) and (end is None or hour < end)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "wavetank.pipeline.handlers.backfill", description="Merge the partitions of many hours."
    )
    parser.add_argument("--account", required=True, help="AWS account id, part of the buckets' names")
    parser.add_argument("--from", dest="first", metavar="TIME", help="first hour, ISO 8601; UTC if it has no offset")
    parser.add_argument("--to", dest="end", metavar="TIME", help="the hour after the last one")
    parser.add_argument("--event", action="append", default=[], help="an event type; all if not given")
    parser.add_argument("--late", action="store_true", help="land late parts as well")
    return parser


if __name__ == "__main__":
    main()
