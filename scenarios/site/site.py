"""The place where drills are held: a stack with the pipeline deployed on it, by the names of its topology."""

import hashlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, cast

from wavetank.emulator.deploy.deploy import Progress, Templates, deploy
from wavetank.emulator.stack.clients import acting_for
from wavetank.emulator.stack.home import schemas_folder
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.aws.publication import Publication
from wavetank.pipeline.components.read import COMPONENT_FILE
from wavetank.pipeline.layout import PROJECT_FILE, reference_index_key
from wavetank.pipeline.names import Names
from wavetank.pipeline.package import CODE
from wavetank.pipeline.reference.index import BEGINNING_US, SECOND_US, Index
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.schemas import shared
from wavetank.pipeline.template.dumpers import snapshot_hours
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.producer import Route, routes
from wavetank.scenarios.oracle.at_rest import Declared
from wavetank.scenarios.oracle.promises import CHUNK_GRACE
from wavetank.scenarios.site.checkout import modules, rendered
from wavetank.scenarios.site.database.server import DatabaseServer
from wavetank.scenarios.site.declared import declared
from wavetank.scenarios.site.waiting import CONTROLLED, Controlled, Waiting, waiting_on
from wavetank.scenarios.spec.hours import Chunks, Scheduled
from wavetank.scenarios.spec.unfinished import Unfinished

DELETED_AT_ONCE = 1_000
"""DeleteObjects takes at most so many keys (Amazon S3 API Reference)."""
TICK_ATTEMPTS = 4
TICK_PAUSE_S = 0.5
"""Before the second attempt at a tick; twice as long before each one after."""
SECOND = timedelta(seconds=1)
DONE_TAG = "wavetank-partitioned"
"""Object tag of a chunk whose parts are all written."""
CHUNKS = "chunks/"
SCHEMAS = "schemas/"
REPLAY_AFTER = CHUNK_GRACE + timedelta(minutes=1)
"""A replayer that runs so much later takes every chunk there is for old enough."""

MISTAKES = frozenset(range(400, 500)) - {HTTPStatus.TOO_MANY_REQUESTS}
"""HTTP statuses of calls that another attempt does not mend."""


class TickFailedError(Exception):
    """A scheduled function kept failing; the message says which and how."""


@contextmanager
def copied(schemas: Path) -> Iterator[Path]:
    """A copy of a schema folder, with the project's file beside it, there for as long as the block lasts."""
    with TemporaryDirectory(prefix="wavetank-schemas-") as folder:
        copy = Path(shutil.copytree(schemas, Path(folder) / "schemas"))
        if (project := schemas.parent / PROJECT_FILE).is_file():
            shutil.copy2(project, folder)
        yield copy


@dataclass(frozen=True)
class Site:
    """A stack with the pipeline deployed.

    schemas: the folder it was deployed from. waiting: how it is seen that all is done. checkout: the folder of the
    package `wavetank` with the code of its pipeline, for its back-fill and for deploying again, None for this one.
    database: what its references are read from by a dumper, None where they are in files.
    """

    stack: Stack
    topology: Topology
    schemas: Path
    waiting: Waiting = CONTROLLED
    checkout: Path | None = None
    database: DatabaseServer | None = None

    @classmethod
    def deployed_on(
        cls,
        stack: Stack,
        progress: Progress = lambda _: None,
        waiting: Waiting | None = None,
        *,
        schemas: Path | None = None,
        stage: str | None = None,
        templates: Templates | None = None,
    ) -> Self:
        """The site of the pipeline on `stack`, where it is deployed or brought up to date now.

        waiting: None for the way that the stack allows. schemas: the folder to deploy from, None for the project's.
        templates: see `deploy`.
        Raises DeployFailed, and Unreachable where the control API
        that is to be waited by does not answer.
        """
        waiting = waiting or waiting_on(stack)
        if isinstance(waiting, Controlled):
            stack.control.status()
        folder = schemas or schemas_folder()
        return cls(
            stack, deploy(stack, progress, schemas=folder, stage=stage, templates=templates).topology, folder, waiting
        )

    @property
    def names(self) -> Names:
        """The names of the stage's resources."""
        return self.topology.names

    def functions(self, scheduled: Scheduled) -> tuple[str, ...]:
        """The names of the functions that one kind of schedule calls: a dumper for each database, one of any other."""
        names = self.names
        match scheduled:
            case Scheduled.REPLAYER:
                return (names.replayer,)
            case Scheduled.PLANNER:
                return (names.planner,)
            case Scheduled.DUMPER:
                return tuple(names.dumper(database.name) for database in self.topology.databases)

    def redeployed(self, schemas: Path) -> "Site":
        """The site with another schema folder deployed, by the code and the templates that it has.

        Raises DeployFailed.
        """
        stage, own = self.topology.stage, self.checkout
        templates = None if own is None else rendered(own, schemas, stage)
        code = CODE if own is None else modules(own)
        done = deploy(self.stack, schemas=schemas, stage=stage, templates=templates, code=code)
        return replace(self, topology=done.topology, schemas=schemas)

    def tell_password(self) -> None:
        """Put the password that the reader of the database has now into its secret."""
        from wavetank.scenarios.site.database.provided import write_secret

        if self.database is not None:
            [database] = self.topology.databases
            write_secret(self, database, self.database.secret())

    def deploy_component(self, name: str) -> None:
        """Lay a component of the drills over the event types, and deploy them so. Raises DeployFailed."""
        from wavetank.scenarios.site.own_code import overlaid

        with overlaid(self.schemas, name) as folder:
            self.redeployed(folder)

    def deploy_again(self) -> None:
        """Deploy the event types as they are. Raises DeployFailed."""
        self.redeployed(self.schemas)

    @property
    def s3(self) -> Any:
        """The stack's S3 client."""
        return self.stack.client("s3")

    @property
    def data_bucket(self) -> str:
        """The bucket of chunks, parts, merged files and quarantine."""
        return self.names.data_bucket(self.stack.account)

    @property
    def registry_bucket(self) -> str:
        """The bucket of schemas and reference data."""
        return self.names.registry_bucket(self.stack.account)

    @property
    def routes(self) -> dict[str, Route]:
        """Where a producer puts each event type, and the schema it writes with."""
        return routes(self.topology)

    @property
    def declared(self) -> dict[str, Declared]:
        """The settings of every event type that decide what is right, as its files have them."""
        return declared(self.schemas, (event.name for event in self.topology.events), self.topology.stage)

    def settle(self, but: Unfinished | None = None) -> None:
        """Return once nothing is in flight but `but`, and what tells of it (see `report`). Raises NotSettled."""
        self.waiting.settle(self.stack, but)

    def refusals(self, after: int) -> tuple[tuple[str, ...], int]:
        """The calls that policies refused, past number `after`, in words; and the number of all so far."""
        known = self.stack.control.authority(after)
        refused = known["refused"]
        return tuple(f"{each['caller']}: {each['action']} on {each['resource']}" for each in refused), known["next"]

    def report(self) -> None:
        """Let CloudWatch have the metrics of what was done. Raises NotSettled."""
        self.waiting.report(self.stack)

    def now(self) -> datetime:
        """Emulator time, UTC."""
        return datetime.fromtimestamp(self.stack.control.now(), UTC)

    def tick(self, function: Scheduled, moment: datetime, but: Unfinished | None = None) -> dict[str, Any]:
        """Run a scheduled function as of `moment`, let what it plans be done but for `but`, and return its answer.

        It is run again where it failed or was not let run, never where the answer is missing: it may still be
        at work; nor is a dumper, whose next tick makes up for it. Raises TickFailedError when it keeps failing, or when
        it does not answer in the time it may take. Of several dumpers each runs, and the answers are one.
        """
        answers: dict[str, Any] = {}
        for name in self.functions(function):
            answers |= self._tick(function, name, moment, but)
        return answers

    def _tick(self, function: Scheduled, name: str, moment: datetime, but: Unfinished | None) -> dict[str, Any]:
        event = scheduled_event(name, moment, self.stack.account, self.stack.region)
        answer = ""
        for attempt in range(1 if function is Scheduled.DUMPER else TICK_ATTEMPTS):
            if attempt:
                time.sleep(TICK_PAUSE_S * 2 ** (attempt - 1))
            invoke = partial(self._invoke, name, event)
            done, answer = self.waiting.run(self.stack, invoke) if but is None else invoke()
            if done:
                if function is Scheduled.PLANNER:
                    self.settle(but)
                return dict(json.loads(answer))
        raise TickFailedError(f"{name} at {event['time']}: {answer[:500]}")

    def _invoke(self, function: str, event: Mapping[str, Any]) -> tuple[bool, str]:
        """Whether the function came to a good end, and its answer; raises ClientError for a caller's mistake.

        It is called in the name of its rule, which the function's policy has to let in.
        """
        from botocore.exceptions import ClientError, ReadTimeoutError

        try:
            with acting_for("events", event["resources"][0]):
                answer = self.stack.client("lambda", long=True).invoke(FunctionName=function, Payload=json.dumps(event))
        except ReadTimeoutError as error:
            raise TickFailedError(f"{function} gave no answer: {error}") from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == HTTPStatus.FORBIDDEN:
                raise TickFailedError(f"{function} may not be called: {error}") from error
            if status in MISTAKES:
                raise
            return False, str(error)
        return "FunctionError" not in answer, answer["Payload"].read().decode()

    def tick_at_once(self, function: Scheduled, moment: datetime, times: int, but: Unfinished | None = None) -> None:
        """Run a scheduled function so many times at the same time; raises as `tick` does, when all have ended."""
        with ThreadPoolExecutor(max(1, times), thread_name_prefix="tick") as pool:
            for run in [pool.submit(self.tick, function, moment, but) for _ in range(times)]:
                run.result()

    def cycle(self, function: str) -> None:
        """Make the function's next invocation start in a new environment, with nothing cached."""
        configuration = self.stack.client("lambda").get_function_configuration(FunctionName=function)
        head, _, number = configuration.get("Description", "").partition(" · cycle ")
        self.configure(function, Description=f"{head} · cycle {int(number or 0) + 1}")

    def variables(self, function: str) -> dict[str, str]:
        """The variables in a function's environment."""
        configuration = self.stack.client("lambda").get_function_configuration(FunctionName=function)
        return dict(configuration.get("Environment", {}).get("Variables", {}))

    def configure(self, function: str, **settings: Any) -> None:
        """Change settings of a function's configuration; returns when they hold."""
        client = self.stack.client("lambda")
        client.update_function_configuration(FunctionName=function, **settings)
        client.get_waiter("function_updated_v2").wait(
            FunctionName=function, WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
        )

    def change_settings(self, event_type: str, settings: str | None) -> None:
        """Deploy with this text as an event type's component.toml; None for the file that it has."""
        with copied(self.schemas) as schemas:
            if settings is not None:
                (schemas / event_type / COMPONENT_FILE).write_text(settings, "utf-8")
            self.redeployed(schemas)

    def empty(self) -> int:
        """Delete every object of the data bucket; the number of them."""
        keys = list(at_rest.keys(self.s3, self.data_bucket, ""))
        for start in range(0, len(keys), DELETED_AT_ONCE):
            doomed: Any = [{"Key": key} for key in keys[start : start + DELETED_AT_ONCE]]
            self.s3.delete_objects(Bucket=self.data_bucket, Delete={"Objects": doomed, "Quiet": True})
        return len(keys)

    def forget_done_chunks(self) -> int:
        """Take the tags off every chunk, so that the replayer takes it for one that is not done; the number."""
        chunks = self._chunks()
        for key in chunks:
            self.s3.delete_object_tagging(Bucket=self.data_bucket, Key=key)
        return len(chunks)

    def chunk_hours(self) -> list[datetime]:
        """The hours under which there are chunks, the first one first."""
        folders = {"/".join(key.split("/")[2:6]) for key in self._chunks()}
        return sorted(datetime.strptime(folder, "%Y/%m/%d/%H").replace(tzinfo=UTC) for folder in folders)

    def undone_chunks(self) -> list[str]:
        """The keys of the chunks that do not carry the tag of those that are done."""

        def is_done(key: str) -> bool:
            tags = self.s3.get_object_tagging(Bucket=self.data_bucket, Key=key)["TagSet"]
            return any(tag["Key"] == DONE_TAG for tag in tags)

        chunks = self._chunks()
        return [key for key, done in zip(chunks, at_rest.read_all(chunks, is_done), strict=True) if not done]

    def due(self, chunks: Chunks) -> datetime:
        """The moment at which the replayer finds the chunks there are so: by the second, by what S3 says of each.

        Raises ValueError where there is none.
        """
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.data_bucket, Prefix=CHUNKS)
        written = [entry["LastModified"] for page in pages for entry in page.get("Contents", [])]
        if chunks is Chunks.TOO_YOUNG:
            return cast(datetime, min(written)) + CHUNK_GRACE - SECOND
        return cast(datetime, max(written)) + CHUNK_GRACE

    def _chunks(self) -> list[str]:
        return list(at_rest.keys(self.s3, self.data_bucket, CHUNKS))

    def restore_registry(self) -> list[str]:
        """Make the published schemas what the folder has, and no others; the keys of those that were not."""
        right = {schema.key: shared.text_of(schema.path) for event in self.topology.events for schema in event.schemas}
        there = at_rest.md5s(self.s3, self.registry_bucket, SCHEMAS)
        folders = tuple(f"{SCHEMAS}{event.name}/" for event in self.topology.events)
        restored = [key for key in there if key.startswith(folders) and key.endswith(".avsc") and key not in right]
        for key in restored:
            self.s3.delete_object(Bucket=self.registry_bucket, Key=key)
        for key, schema in right.items():
            if there.get(key) == hashlib.md5(schema, usedforsecurity=False).hexdigest():
                continue
            with suppress(self.s3.exceptions.NoSuchKey, ValueError):
                published = self.s3.get_object(Bucket=self.registry_bucket, Key=key)["Body"].read()
                if json.loads(published) == json.loads(schema):
                    continue
            self.s3.put_object(Bucket=self.registry_bucket, Key=key, Body=schema)
            restored.append(key)
        return restored

    def publish_reference(self, name: str, digest: str, data: bytes) -> None:
        """Publish a snapshot of a reference, as a deployment does: it is in effect a minute later."""
        publication = Publication(self.s3, self.registry_bucket, name)
        publication.read_index()
        with TemporaryDirectory(prefix="wavetank-reference-") as folder:
            path = Path(folder, digest)
            path.write_bytes(data)
            publication.publish(digest, path, len(Snapshot(data)), snapshot_hours(self.topology) * 3600 * SECOND_US)

    def forget_renewals(self) -> None:
        """Make the newest snapshot of each reference that comes from a file the only one, in effect since ever.

        For when there are no data: functions start anew, so that nobody has seen the others.
        """
        for reference in self.topology.references:
            key = reference_index_key(reference.name)
            publication = Publication(self.s3, self.registry_bucket, reference.name)
            newest = publication.read_index().newest
            if reference.database is None and newest is not None and len(publication.index.entries) > 1:
                index = Index().with_snapshot(newest.digest, BEGINNING_US)
                self.s3.put_object(Bucket=self.registry_bucket, Key=key, Body=index.to_json())
                for event in self.topology.events:
                    self.cycle(event.processor)

    def next_key(self, event_type: str, role: str) -> str:
        """The registry key of a version after the newest in the folder, of the raw or the processed schema.

        Its number has a digit more: in the order of keys it comes before others.
        """
        newest = max(file.version for file in self.topology.event(event_type).schemas if file.role == role)
        return f"{SCHEMAS}{event_type}/{role}/v{10 ** len(str(newest))}.avsc"


def scheduled_event(function: str, time: datetime, account: str, region: str) -> dict[str, Any]:
    """The event that EventBridge sends a function, by its name, on its schedule.

    Source: Amazon EventBridge User Guide, "Scheduled Event".
    """
    moment = time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "version": "0",
        "id": f"{function}-{moment}",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": moment,
        "region": region,
        "resources": [f"arn:aws:events:{region}:{account}:rule/{function}-schedule"],
        "detail": {},
    }
