"""Deploys the pipeline to a stack, as it would be deployed to AWS: packages, templates, schemas.

There is one CloudFormation stack for what event types share, and one for each event type. Doing it again updates what
changed: packages are named by their content, CloudFormation finds the differences, and a published schema is never
overwritten.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.emulator.deploy import adoption, changes, functions, moving, outage, publishing, removal, settings
from wavetank.emulator.deploy.formation import AS_IT_SAYS, Formation
from wavetank.emulator.deploy.references import Renewal
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import Home, schemas_folder
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package, topology
from wavetank.pipeline.components.guards import Acceptance
from wavetank.pipeline.errors import PipelineError
from wavetank.pipeline.template import dumpers
from wavetank.pipeline.template.component import code_key, layer_key
from wavetank.pipeline.template.render import compact, render
from wavetank.pipeline.topology import Topology

MERGERS = 2
"""Concatenators at once: what a small machine has cores for."""
STACKS_AT_ONCE = 4
MEND = "Mend it and run the command again."

Progress = Callable[[str], None]
Templates = Mapping[str, dict[str, Any]]
"""Name of a CloudFormation stack → its template, the shared one first."""


@dataclass(frozen=True)
class Deployment:
    """The deployed pipeline: its topology and buckets, how long deploying took, and what to warn of.

    changed: the CloudFormation stacks that were made or changed. leftovers: those of event types that are not there any
    more. warnings: of its schemas. references: the references of files that had changed.
    """

    topology: Topology
    data_bucket: str
    registry_bucket: str
    duration_s: float
    warnings: tuple[str, ...]
    changed: tuple[str, ...] = ()
    leftovers: tuple[removal.Leftover, ...] = ()
    references: tuple[Renewal, ...] = ()


@contextmanager
def explained() -> Iterator[None]:
    """Raise a PipelineError of the block as DeployFailed, with what to do next."""
    try:
        yield
    except PipelineError as error:
        raise DeployFailed(str(error), MEND) from error


def deploy(
    stack: Stack,
    progress: Progress = lambda _: None,
    *,
    schemas: Path | None = None,
    stage: str | None = None,
    scheduled: bool | None = None,
    templates: Templates | None = None,
    accepted: Collection[Acceptance] = (),
    code: Path = package.CODE,
    allow_replacement: bool = False,
) -> Deployment:
    """Bring the stack to what the schema folder says; with `scheduled`, EventBridge sends the hourly ticks.

    With None the schedules stay as they are, off at first. templates: the ones to deploy, None for those that the
    folder makes. accepted: changes of settings that are meant. code: the folder of the pipeline's modules.
    allow_replacement: a stream or queue may be replaced or removed, with what is on it. Raises DeployFailed: for a
    schema folder that breaks a rule, settings that cannot change so, a replacement that is not allowed, with the
    resources that failed and CloudFormation's reasons, or with what is deployed other than it should be.

    Where there is a registry already, schemas are published before the code: an `enrich` that gives a new field meets
    a schema that has it.
    """
    started = time.monotonic()
    planned = plan(schemas, stage)
    with explained():
        findings = publishing.check(stack, planned)
    if findings:
        raise DeployFailed("\n".join(findings.refused), MEND)
    with explained():
        settings.check(stack, planned, accepted)
        planned = settings.with_departed(stack, planned)
    progress("packages")
    with explained():
        artifacts = package.build(Home.from_environment().cache / "packages", planned.events, code, planned.databases)
    bucket = planned.names.artifacts_bucket(stack.account)
    _upload(stack, bucket, artifacts)
    with explained():
        templates = templates or render(planned)
        for name, template in templates.items():
            compact(name, template)
    values = _values(bucket, artifacts, planned, scheduled) | outage.kept(stack, planned.names)
    lost = changes.losses(changes.changes_of(stack, planned.names, templates, values))
    if lost and not allow_replacement:
        raise DeployFailed("\n".join(lost), "Let it be delivered first, and deploy with --allow-replacement.")
    is_new = not Formation(stack, planned.names.shared_stack).exists
    published = None if is_new else publishing.publish(stack, planned)
    moving.move(stack, planned.names, bucket, progress)
    rollout = _Rollout(stack, bucket, templates, values)
    changed = rollout.run(planned.names.shared_stack, progress)
    settings.keep(stack, planned)
    archives = {name: artifact.path.read_bytes() for name, artifact in artifacts.of_functions(planned).items()}
    functions.mend(stack, archives)
    _prove(stack, tuple(templates))
    progress("schemas")
    published = published or publishing.publish(stack, planned)
    return Deployment(
        planned,
        planned.names.data_bucket(stack.account),
        planned.names.registry_bucket(stack.account),
        time.monotonic() - started,
        (*published.warnings, *outage.reminder(stack, planned.names)),
        changed,
        removal.leftovers(stack, planned),
        published.references,
    )


def preview(
    stack: Stack, *, schemas: Path | None = None, stage: str | None = None, scheduled: bool | None = None
) -> tuple[changes.StackChanges, ...]:
    """The changes that `deploy` would make to each CloudFormation stack; nothing is changed. Raises DeployFailed."""
    planned = plan(schemas, stage)
    with explained():
        planned = settings.with_departed(stack, planned)
        artifacts = package.build(
            Home.from_environment().cache / "packages", planned.events, databases=planned.databases
        )
        templates = render(planned)
    bucket = planned.names.artifacts_bucket(stack.account)
    values = _values(bucket, artifacts, planned, scheduled) | outage.kept(stack, planned.names)
    return changes.changes_of(stack, planned.names, templates, values)


def plan(schemas: Path | None = None, stage: str | None = None) -> Topology:
    """The topology of the schema folder in a stage.

    Raises DeployFailed, with the rule, where its files are none of one.
    """
    with explained():
        return topology.load(schemas or schemas_folder(), stage)


def _upload(stack: Stack, bucket: str, artifacts: package.Artifacts) -> None:
    """Put the zips that are not there yet in the artifacts bucket."""
    s3 = stack.client("s3")
    if not any(entry["Name"] == bucket for entry in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket=bucket)
    there = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    missing = [item for item in artifacts.all if item.key not in there]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda item: s3.put_object(Bucket=bucket, Key=item.key, Body=item.path.read_bytes()), missing))


def _values(bucket: str, artifacts: package.Artifacts, planned: Topology, scheduled: bool | None) -> dict[str, str]:
    """The values of parameters; one that is left out keeps its value."""
    values = {
        "ArtifactsBucket": bucket,
        "CodeKey": artifacts.code.key,
        "CodecLayerKey": artifacts.codec_layer.key,
        "ColumnsLayerKey": artifacts.columns_layer.key,
        "MergeConcurrency": str(MERGERS),
        **{code_key(planned.event(name)): artifact.key for name, artifact in artifacts.components.items()},
        **{layer_key(planned.event(name)): artifact.key for name, artifact in artifacts.component_layers.items()},
        **{dumpers.code_key(each): artifacts.dumpers[each.name].key for each in planned.databases},
    }
    if artifacts.databases_layer is not None:
        values["DatabasesLayerKey"] = artifacts.databases_layer.key
    if scheduled is not None:
        values["ScheduleState"] = "ENABLED" if scheduled else "DISABLED"
    return values


@dataclass(frozen=True)
class _Rollout:
    """The deployment of templates, with the values of those parameters that they have."""

    stack: Stack
    bucket: str
    templates: Templates
    values: Mapping[str, str]

    def run(self, shared: str, progress: Progress) -> tuple[str, ...]:
        """Bring the shared stack to its template, then all others, some at a time; the stacks that were changed.

        What others take from the shared one are its outputs. Raises DeployFailed with the reasons of all that failed.
        """
        first = Formation(self.stack, shared)
        progress(f"stack {shared}")
        fresh = {} if first.exists or "ScheduleState" in self.values else {"ScheduleState": "DISABLED"}
        changed = [shared] if self._apply(first, {**self.values, **fresh}) else []
        values = {**self.values, **first.outputs}
        errors = []
        with ThreadPoolExecutor(STACKS_AT_ONCE, thread_name_prefix="stack") as pool:
            others = (Formation(self.stack, name) for name in self.templates if name != shared)
            runs = {pool.submit(self._apply, formation, values): formation.name for formation in others}
            for run in as_completed(runs):
                try:
                    changed += [runs[run]] if run.result() else []
                    progress(f"stack {runs[run]}")
                except DeployFailed as error:
                    errors.append(str(error))
        if errors:
            raise DeployFailed("\n".join(errors))
        return tuple(changed)

    def _apply(self, formation: Formation, values: Mapping[str, str]) -> bool:
        """Bring a CloudFormation stack to its template; whether anything was to be done.

        A parameter without a value keeps the one that it has; one that is new has its default.
        """
        before = formation.parameters
        parameters: list[dict[str, Any]] = [
            {
                "ParameterKey": name,
                **({"ParameterValue": values[name]} if name in values else {"UsePreviousValue": True}),
            }
            for name in self.templates[formation.name]["Parameters"]
            if name in values or name in before
        ]
        adoption.adopt(formation, self.templates[formation.name], self.bucket)
        request: dict[str, Any] = {"Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"]}
        return formation.apply(request | formation.argument(self.templates[formation.name], self.bucket))


def _prove(stack: Stack, names: tuple[str, ...]) -> None:
    """Compare every resource of CloudFormation stacks with their templates. Raises DeployFailed with the differences.

    A function that is under the debugger is another one for as long.
    """
    with ThreadPoolExecutor(STACKS_AT_ONCE, thread_name_prefix="drift") as pool:
        drifts = [drift for part in pool.map(lambda name: Formation(stack, name).drifts(), names) for drift in part]
    debugged = set(functions.debugged(stack)) if drifts else set()
    lines = []
    for drift in drifts:
        resource = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
        if drift["PhysicalResourceId"] in debugged:
            continue
        if drift["StackResourceDriftStatus"] == "DELETED":
            lines.append(f"{resource} is not there")
            continue
        for difference in drift["PropertyDifferences"]:
            path, actual = difference["PropertyPath"], difference["ActualValue"]
            lines.append(f"{resource}: {path} is {actual}, not {difference['ExpectedValue']}")
    if lines:
        raise DeployFailed("\n".join(["what is deployed is not what the template says:", *lines]), AS_IT_SAYS)
