"""Runs of a site's dumper, as its schedule starts them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from wavetank.emulator.stack.clients import acting_for
from wavetank.pipeline.aws.publication import Publication
from wavetank.pipeline.layout import reference_snapshot_key
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.scenarios.oracle.evidence import LookResult
from wavetank.scenarios.site.database.server import READER, DatabaseServer
from wavetank.scenarios.site.site import Site, TickFailedError, scheduled_event
from wavetank.scenarios.spec.dumps import DumpResult
from wavetank.scenarios.spec.steps import SumReferences

ERRORS = {"ReferenceRefused": DumpResult.REFUSED, "Leased": DumpResult.TURNED_AWAY}
"""The result by the type of the error that the function ends with."""
FIRST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Dumped:
    """What became of a run: its result, and what the function said."""

    result: DumpResult
    detail: str


def database_of(site: Site) -> DatabaseServer:
    """The database of a site. Raises ValueError where its references are in files."""
    if site.database is None:
        raise ValueError("the site has no database: the workload of a drill names a component that has one")
    return site.database


def dumper_of(site: Site) -> str:
    """The name of the function that reads the site's database. Raises ValueError where it has none."""
    [database] = site.topology.databases
    return site.names.dumper(database.name)


def dump(site: Site, moment: datetime | None = None) -> Dumped:
    """Run the dumper once as of a moment, now by default; it is not tried again, whatever comes of it."""
    from botocore.exceptions import ClientError

    function = dumper_of(site)
    event = scheduled_event(function, moment or site.now(), site.stack.account, site.stack.region)
    try:
        with acting_for("events", event["resources"][0]):
            answer = site.stack.client("lambda", long=True).invoke(FunctionName=function, Payload=json.dumps(event))
    except ClientError as error:
        if error.response["Error"]["Code"] == "TooManyRequestsException":
            return Dumped(DumpResult.TURNED_AWAY, "Lambda runs no second one at a time")
        raise
    text = answer["Payload"].read().decode()
    document = json.loads(text or "{}")
    if "FunctionError" in answer:
        return Dumped(ERRORS.get(document.get("errorType", ""), DumpResult.FAILED), text[:500])
    published = any(line.get("published") for line in document.values())
    return Dumped(DumpResult.PUBLISHED if published else DumpResult.UNCHANGED, text[:500])


def first_dumps(site: Site) -> None:
    """Have every reference of the site's database published. Raises TickFailedError; nothing to do without one."""
    if site.database is None:
        return
    for _ in range(FIRST_ATTEMPTS):
        dumped = dump(site)
        if dumped.result in (DumpResult.PUBLISHED, DumpResult.UNCHANGED):
            return
    raise TickFailedError(f"{dumper_of(site)}: {dumped.detail}")


def summed(site: Site, step: SumReferences) -> LookResult:
    """The result of summing a column over the newest snapshots of references."""
    total, texts = 0, []
    for name in step.references:
        publication = Publication(site.s3, site.registry_bucket, name)
        newest = publication.read_index().newest
        if newest is None:
            return LookResult(step.name, passed=False, detail=f"{name} is not published")
        key = reference_snapshot_key(name, newest.digest)
        snapshot = Snapshot(site.s3.get_object(Bucket=site.registry_bucket, Key=key)["Body"].read())
        amount = sum(int(cast(int, row[step.column])) for row in snapshot.rows())
        total += amount
        texts.append(f"{name} {amount}")
    detail = f"{' + '.join(texts)} = {total}" + ("" if total == step.total else f", expected {step.total}")
    return LookResult(step.name, total == step.total, detail)


def connections_seen(
    database: DatabaseServer, dumps: Sequence[DumpResult], since: int, *, at_once: int = 1, aged: bool = False
) -> LookResult:
    """What the server has seen since so many moments: one connection a run at most, one at a time, and of nobody else.

    A run that was turned away has none. at_once: so many, where leases were taken from runs at work. aged: its
    schedule ran it too, and nobody counted how often.
    """
    of_anybody, of_dumper = database.connections(since=since), database.connections(READER, since)
    runs = sum(result is not DumpResult.TURNED_AWAY for result in dumps)
    most = f"{of_dumper.most_at_once} at once at most"
    detail = f"{of_anybody.opened} connections, {of_dumper.opened} of them the dumper's in {runs} runs, {most}"
    holds = of_anybody.opened == of_dumper.opened and of_dumper.most_at_once <= at_once
    holds = holds and (aged or of_dumper.opened <= runs)
    return LookResult(f"connections to {database.engine}", holds, detail)
