"""`wavetank quarantine list | show | sample` and `wavetank redrive`: what was set aside, and putting it back."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.commands.target import pipeline_at
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.client.quarantine import Held, SetAside
    from wavetank.scenarios.site.site import Site

FAILED = 1
HEX_BYTES = 512
NEW_LINE = "\n"

Event = Annotated[str | None, typer.Option("--event", help="Only this event type.", show_default=False)]
Reason = Annotated[str | None, typer.Option("--reason", help="Only this reason.", show_default=False)]

quarantine = typer.Typer(help="What could not go on, with its original bytes.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(quarantine, name="quarantine")
    app.command(epilog="Example: wavetank redrive --reason unknown-schema --since 2026-01-31T12:00 --dry-run")(redrive)


@quarantine.command("list", epilog="Example: wavetank quarantine list --event click")
def list_(
    event_type: Event = None,
    reason: Reason = None,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Count what was set aside, by event type and reason, and say what was wrong with the latest of each.

    A record that was re-driven is counted as that.
    """
    from wavetank.scenarios.client.quarantine import MOST_ATTEMPTS, attempts

    files = _files(pipeline_at(endpoint_url, stage), event_type, reason)
    tried = attempts(files)
    counts: Counter[tuple[str, str, str]] = Counter()
    latest: dict[tuple[str, str], SetAside] = {}
    for record, redriven in _each_once(files).values():
        fate = "redriven" if redriven else "exhausted" if tried.get(record.digest, 0) >= MOST_ATTEMPTS else "waiting"
        counts[record.event_type, record.reason, fate] += 1
        kind = record.event_type, record.reason
        if kind not in latest or latest[kind].arrived < record.arrived:
            latest[kind] = record
    fates = ("waiting", "redriven", "exhausted")
    kinds = sorted({(of, why) for of, why, _ in counts})
    rows = [
        {
            "event": of,
            "reason": why,
            **{fate: counts[of, why, fate] for fate in fates},
            "latest": latest[of, why].message,
        }
        for of, why in kinds
    ]
    if as_json:
        echo(json.dumps(rows))
        return
    for row in rows:
        shares = ", ".join(f"{row[fate]} {fate}" for fate in fates if row[fate])
        echo(one_line(f"{row['event']:<16} {row['reason']:<18} {shares}"))
        echo(one_line(f"    latest: {str(row['latest']).split(NEW_LINE)[0]}"))
    if not rows:
        echo("nothing was set aside.")


@quarantine.command(epilog="Example: wavetank quarantine show 3f2a --json")
def show(
    digest: Annotated[str, typer.Argument(help="The record's digest, or how it begins; see `sample`.")],
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Print a record: why and where it was refused, its bytes as hex and, as far as it decodes, as JSON."""
    from wavetank.scenarios.client.quarantine import attempts
    from wavetank.scenarios.client.wire import peek

    site = pipeline_at(endpoint_url, stage)
    files = _files(site, None, None)
    records = [record for record, _ in _each_once(files).values() if record.digest.startswith(digest)]
    if not records:
        echo(f"error: no record's digest begins with {digest}; see `wavetank quarantine sample`", err=True)
        raise typer.Exit(FAILED)
    records.sort(key=lambda record: record.arrived)
    newest = records[-1]
    document = _document(newest) | {
        "first_seen": records[0].arrived.isoformat(),
        "redriven": attempts(files).get(newest.digest, 0),
        "hex": newest.payload.hex(),
        "decoded": peek(newest.payload, sorted((site.schemas / newest.event_type).glob("*.avsc"))),
    }
    if as_json:
        echo(json.dumps(document, default=str))
        return
    for name, value in document.items():
        if name not in ("hex", "decoded"):
            # An error of an event type's own code has lines: where it came by.
            for number, line in enumerate(str(value).split("\n")):
                echo(one_line(f"{'' if number else name:<14} {line}"))
    data = newest.payload[:HEX_BYTES]
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        echo(f"{at:08x}  {row.hex(' '):<47}  {text}")
    if document["decoded"] is None:
        echo("does not decode with any schema of the schema folder")
    else:
        echo(json.dumps(document["decoded"], indent=2, default=str, ensure_ascii=False))


@quarantine.command(epilog="Example: wavetank quarantine sample --reason undecodable -n 3")
def sample(
    number: Annotated[int, typer.Option("-n", min=1, help="How many of each event type and reason.")] = 5,
    event_type: Event = None,
    reason: Reason = None,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Print the first few records of each event type and reason, with the digest that `show` takes."""
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    for record, _ in _each_once(_files(pipeline_at(endpoint_url, stage), event_type, reason)).values():
        seen[record.event_type, record.reason] += 1
        if seen[record.event_type, record.reason] <= number:
            rows.append(_document(record))
    if as_json:
        echo(json.dumps(rows))
        return
    for row in rows:
        what = row["message"].split(NEW_LINE)[0]
        echo(one_line(f"{row['digest'][:12]}  {row['event']} {row['reason']}, {row['bytes']} bytes: {what}"))


def redrive(
    event_type: Event = None,
    reason: Reason = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only what arrived then or later, UTC.", show_default=False)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Put quarantined records back, as they came, on the stream they came from.

    Each goes round once for each time it was set aside, three times at most. Broken off, it goes on where it was. Of a
    part that was damaged at rest, the chunk that it was made of is announced again.
    """
    from wavetank.scenarios.client import quarantine as client
    from wavetank.scenarios.client.producer import Sender

    site = pipeline_at(endpoint_url, stage)
    chosen = client.Filter(event_type, reason, since.replace(tzinfo=since.tzinfo or UTC) if since else None)
    done: list[dict[str, Any]] = []
    with Sender(site.stack.client("kinesis")) as sender:
        for some in client.waiting(client.held(site.s3, site.data_bucket, event_type), chosen):
            about = {"key": some.file.key, "event": some.file.event_type, "reason": some.file.reason}
            taken, reasons = 0, tuple[str, ...]()
            if not dry_run:
                now = datetime.now(UTC)
                redriven = client.redrive(
                    site.s3, site.data_bucket, some, sender=sender, topology=site.topology, now=now
                )
                taken, reasons = redriven.acknowledged, redriven.reasons
            counts = {"records": len(some.records), "acknowledged": taken, "exhausted": some.exhausted}
            done.append({**about, **counts, "reasons": reasons})
    if as_json:
        echo(json.dumps({"dry_run": dry_run, "files": done}))
    elif not done:
        echo("nothing to re-drive.")
    for row in [] if as_json else done:
        count = f"{row['records']} records" if dry_run else f"{row['acknowledged']} of {row['records']} sent again"
        rest = f", {row['exhausted']} have been round often enough" if row["exhausted"] else ""
        echo(one_line(f"{row['event']} {row['reason']}: {count}{rest}  {row['key']}"))
        for why in row["reasons"]:
            echo(one_line(f"    {why}"))
    if not dry_run and any(row["records"] != row["acknowledged"] for row in done):
        raise typer.Exit(FAILED)


def _files(site: "Site", event_type: str | None, reason: str | None) -> "list[Held]":
    from wavetank.scenarios.client import quarantine as client

    files = client.held(site.s3, site.data_bucket, event_type)
    return [quarantined for quarantined in files if reason in (None, quarantined.file.reason)]


def _each_once(files: "list[Held]") -> "dict[tuple[str, str, str], tuple[SetAside, bool]]":
    """Each record by its origin, and whether it was re-driven; a batch handled twice sets its records aside twice."""
    records: dict[tuple[str, str, str], tuple[SetAside, bool]] = {}
    for quarantined in files:
        for record in quarantined.records:
            before = records.get(record.origin)
            records[record.origin] = (record, quarantined.is_redriven or (before is not None and before[1]))
    return records


def _document(record: "SetAside") -> dict[str, Any]:
    return {
        "digest": record.digest,
        "event": record.event_type,
        "reason": record.reason,
        "message": record.message,
        "stage": str(record.stage),
        "source": record.source,
        "position": record.position,
        "arrived": record.arrived.isoformat(),
        "event_id": record.event_id,
        "partition_key": record.partition_key,
        "bytes": len(record.payload),
        "key": record.key,
    }
