"""Merges the partitions of many hours in this process: `python -m wavetank.pipeline.handlers.backfill --help`.

The same work as a tick's, for as many hours as are asked for and without the limits of a function. With `--late` the
late parts of these hours are first put back to where they are merged from. What it does is told as lines of JSON. A
partition that fails keeps no other one from being merged: its line has the error, and the exit code is 1 in the end.
"""

import argparse
import json
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.aws import environment, partitions
from wavetank.pipeline.aws.plan import LateParts, Plan, plan, remove_landed, restore
from wavetank.pipeline.aws.schemas import newest, store
from wavetank.pipeline.components import guards
from wavetank.pipeline.components.model import Component
from wavetank.pipeline.handlers.concatenator import concatenate
from wavetank.pipeline.layout import HOUR, LATE, PARTS
from wavetank.pipeline.names import NAMES, Names

FAILED = 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the back-fill that the arguments ask for."""
    parser = argparse.ArgumentParser(
        "wavetank.pipeline.handlers.backfill", description="Merge the partitions of many hours."
    )
    parser.add_argument("--account", required=True, help="AWS account id, part of the buckets' names")
    parser.add_argument(
        "--prefix", default=NAMES.prefix, help="prefix of a stage's names; by default the default one's"
    )
    parser.add_argument("--from", dest="first", metavar="TIME", help="first hour, ISO 8601; UTC if it has no offset")
    parser.add_argument("--to", dest="end", metavar="TIME", help="the hour after the last one")
    parser.add_argument("--event", action="append", default=[], help="an event type; all if not given")
    parser.add_argument("--late", action="store_true", help="land late parts as well")
    options = parser.parse_args(arguments)
    names = Names(options.prefix)
    os.environ["REGISTRY_BUCKET"] = names.registry_bucket(options.account)
    bucket = names.data_bucket(options.account)
    span = _moment(options.first), _moment(options.end)
    failed = 0
    for line in backfill(bucket, span, frozenset(options.event), with_late=options.late):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        failed += "error" in line
    if failed:
        sys.exit(FAILED)


def backfill(
    bucket: str, span: tuple[datetime | None, datetime | None], event_types: Collection[str], *, with_late: bool
) -> Iterator[dict[str, Any]]:
    """Merge what has changed in the hours of `span` (open where None), and what that changes in the hours after.

    Yields `{"late": …}` first, then `{"partitions", "planned"}`, then a line for each partition: `written`, or `error`.
    """
    first, end = span
    layers = (PARTS, LATE) if with_late else (PARTS,)
    there = {event_type for layer in layers for event_type in partitions.event_types(bucket, layer)}
    moved, plans, spans = LateParts(), [], dict[str, set[datetime]]()
    for event_type in sorted(there.intersection(event_types) if event_types else there):
        stored = {
            partition.start for layer in layers for partition in partitions.by_partition(bucket, layer, event_type)
        }
        asked = {hour for hour in stored if (first is None or hour >= first) and (end is None or hour < end)}
        spans[event_type] = asked
        if with_late:
            moved += restore(bucket, event_type, asked)
    yield {"late": moved.events, "late_parts": moved.parts}
    for event_type, asked in spans.items():
        reach = look_back(event_type)
        hours = asked | {
            hour + number * HOUR
            for hour in asked
            for number in range(reach + 1)
            if hour < partitions.LAST - reach * HOUR
        }
        plans.append(plan(bucket, event_type, hours, reach))
    planned = Plan.joined(plans)
    yield {"partitions": planned.partitions, "planned": len(planned.tasks)}
    for task in planned.tasks:
        try:
            written = concatenate(bucket, task, newest(task.partition.event_type))
        except Exception as error:
            yield {"partition": task.partition.path, "error": f"{type(error).__name__}: {error}"}
        else:
            yield {"partition": task.partition.path, "written": written}
    remove_landed(bucket, moved.restored)


def look_back(event_type: str) -> int:
    """The look-back that an event type was last deployed with, in hours; the default where nothing says so."""
    document = store(environment.text("REGISTRY_BUCKET")).find(layout.component_key(event_type))
    deployed = guards.from_document(document) if document else Component()
    return deployed.look_back_hours


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


if __name__ == "__main__":
    main()
