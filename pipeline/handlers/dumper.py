"""Reads the references of a database, and publishes what has changed.

In this order, so that a run which is killed at any point leaves what was published, and the next one, once the lease
has run out, goes on: indexes and heartbeats are read, the lease is taken, one connection is made; each reference that
is due becomes a snapshot in a file, is compared with what may be, and is published; then it is written that it was
looked at. A reference that is refused leaves the others alone, and the run fails at its end.
"""

import errno
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import wavetank
from wavetank.pipeline.aws import calls, database, environment, report
from wavetank.pipeline.aws.database import Reader
from wavetank.pipeline.aws.lease import lease
from wavetank.pipeline.aws.publication import Heartbeat, Overtaken, Publication, TooLate
from wavetank.pipeline.core import dump
from wavetank.pipeline.core.dump import Count, Refused
from wavetank.pipeline.errors import ConfigurationError, ReferenceRefused
from wavetank.pipeline.reference import snapshot, source
from wavetank.pipeline.reference.index import HOUR_US, SECOND_US
from wavetank.pipeline.reference.source import Source

WANTED = "references"
"""The field of an event that names the references to read, whether they are due or not; a tick has none."""


def handle(event: dict[str, Any], _context: object) -> dict[str, dict[str, Any]]:
    """Look at each reference that is due at the tick; answers with what became of each of them, by name.

    Raises ReferenceRefused where any of them was refused.
    """
    name, bucket = environment.text("DATABASE"), environment.text("REGISTRY_BUCKET")
    tick_us = round(environment.time_of(event).timestamp() * SECOND_US)
    sources = _sources(name)
    with ExitStack() as written:
        lines = {one.name: written.enter_context(report.invocation(reference=one.name)) for one in sources}
        publications = {one.name: Publication(calls.s3(), bucket, one.name) for one in sources}
        beats = {each: _read(publication) for each, publication in publications.items()}
        for each, beat in beats.items():
            if beat is not None:
                lines[each]["look_age_s"] = _age_s(publications[each], beat)
        due = _due(sources, event, tick_us, beats)
        if due:
            with lease(bucket, name), database.reading(environment.text("SECRET")) as reader:
                for one in due:
                    _look(one, reader, publications[one.name], tick_us, lines[one.name])
    refused = {each: str(line["why"]) for each, line in lines.items() if line.get("refused")}
    if refused:
        raise ReferenceRefused("; ".join(f"reference {each}: {why}" for each, why in refused.items()))
    return {one.name: dict(lines[one.name]) for one in due}


def _sources(name: str, root: Path = Path(wavetank.__file__).parents[1]) -> tuple[Source, ...]:
    """The sources of a database, from the function's package in `root`."""
    path = root / source.PACKAGE / f"{name}.json"
    try:
        return source.from_json(path.read_text("utf-8"))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"the package of this function lacks the references of {name}: {error}") from error


def _read(publication: Publication) -> Heartbeat | None:
    """The heartbeat of a reference; its index is read before anything else is."""
    publication.read_index()
    return publication.read_heartbeat()


def _age_s(publication: Publication, beat: Heartbeat) -> float:
    """The age of the last look that succeeded."""
    return round(max(0, publication.now_us - beat.looked_us) / SECOND_US, 3)


def _due(
    sources: Sequence[Source], event: Mapping[str, Any], tick_us: int, beats: Mapping[str, Heartbeat | None]
) -> Sequence[Source]:
    """The references to read: those that the event names, those that are due where it names none."""
    wanted = event.get(WANTED)
    if wanted is None:
        return dump.due(sources, tick_us, {each: beat.tick_us for each, beat in beats.items() if beat is not None})
    there = {each.name: each for each in sources}
    if not isinstance(wanted, list) or not all(each in there for each in wanted):
        raise ConfigurationError(f"`{WANTED}` names references of this database: {', '.join(there)}; got {wanted!r}")
    return [there[each] for each in wanted]


def _look(each: Source, reader: Reader, publication: Publication, tick_us: int, line: report.Fields) -> None:
    """Read a reference, publish it if it has changed, and write that it was looked at; or that it is refused."""
    line |= {"refused": 0, "published": 0}
    try:
        with TemporaryDirectory(prefix=f"{each.name}-") as folder:
            path, count = Path(folder) / "snapshot", Count()
            digest = _dump(each, reader, path, count)
            line |= {"rows": count.rows, "bytes": path.stat().st_size}
            dump.check_size(each, path.stat().st_size)
            newest = publication.index.newest
            if newest is None or newest.digest != digest:
                dump.check_shrink(each, publication.newest_rows(), count.rows)
            keep_us = environment.number("SNAPSHOT_HOURS") * HOUR_US
            entry = publication.publish(digest, path, count.rows, keep_us)
            if entry is not None:
                line |= {"published": 1, "digest": digest, "from_us": entry.from_us}
            superseded = publication.clear(keep_us, is_renewed=entry is not None)
            if superseded is not None:
                line["superseded"] = superseded
            publication.write_heartbeat(tick_us, digest, count.rows)
            line["look_age_s"] = 0.0
    except (ReferenceRefused, Overtaken, TooLate) as error:
        line |= {"refused": 1, "reason": str(_reason(error)), "why": str(error)}


def _dump(each: Source, reader: Reader, path: Path, count: Count) -> str:
    """Write what the database has of a reference to a file; its digest."""
    try:
        with reader.rows(each) as rows, path.open("wb") as out:
            return snapshot.write(each.table, dump.typed(each, rows, count, reader.lenient), out, path.parent)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # The storage of the function is some times the largest limit.
        raise Refused(dump.Reason.LIMITS, f"it does not fit into the temporary files: {error.strerror}") from error


def _reason(error: Exception) -> dump.Reason:
    match error:
        case Refused(reason=reason):
            return reason
        case Overtaken() | TooLate():
            return dump.Reason.OVERTAKEN
        case _:
            return dump.Reason.KEYS
