"""Deploys the pipeline to a stack, as it would be deployed to AWS: packages, one template, schemas.

Doing it again updates what changed: packages are named by their content, CloudFormation finds the differences,
and a published schema is never overwritten.
"""

import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.emulator.deploy import formation, functions, publishing, settings
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import Home, project_root
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package, topology
from wavetank.pipeline.components.guards import Acceptance
from wavetank.pipeline.errors import PipelineError
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.template.component import code_key, layer_key
from wavetank.pipeline.template.render import PARAMETERS, compact, render
from wavetank.pipeline.topology import Topology

MERGERS = 2
"""Concatenators at once: what a small machine has cores for."""
MEND = "Mend it and run the command again."

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """The deployed pipeline: its topology and buckets, how long deploying took, and warnings of its schemas."""

    topology: Topology
    data_bucket: str
    registry_bucket: str
    duration_s: float
    warnings: tuple[str, ...]


def schemas_folder() -> Path:
    """The schema folder of the project. Raises NoProject."""
    return project_root() / "schemas"


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
    scheduled: bool | None = None,
    template: dict[str, Any] | None = None,
    accepted: Collection[Acceptance] = (),
    code: Path = package.CODE,
) -> Deployment:
    """Bring the stack to what the schema folder says; with `scheduled`, EventBridge sends the hourly ticks.

    With None the schedules stay as they are, off at first. template: the one to deploy, None for the one that the
    folder makes. accepted: changes of settings that are meant. code: the folder of the pipeline's modules. Raises
    DeployFailed: for a schema folder that breaks a rule or settings that cannot change so, with the resources that
    failed and CloudFormation's reasons, or with what is deployed other than it should be.

    Where there is a registry already, schemas are published before the code: an `enrich` that gives a new field meets
    a schema that has it.
    """
    started = time.monotonic()
    planned = plan(schemas)
    with explained():
        findings = publishing.check(stack, planned)
    if findings:
        raise DeployFailed("\n".join(findings.refused), MEND)
    with explained():
        settings.check(stack, planned, accepted)
    progress("packages")
    with explained():
        artifacts = package.build(Home.from_environment().cache / "packages", planned.events, code)
    bucket = NAMES.artifacts_bucket(stack.account)
    _upload(stack, bucket, artifacts)
    is_new = not formation.exists(stack)
    published = None if is_new else publishing.publish(stack, planned)
    progress("template")
    if scheduled is None and is_new:
        scheduled = False
    with explained():
        text = compact(template or render(planned))
    _apply(stack, bucket, text, _parameters(bucket, artifacts, planned, scheduled))
    settings.keep(stack, planned)
    archives = {name: artifact.path.read_bytes() for name, artifact in artifacts.of_functions(planned).items()}
    functions.mend(stack, archives)
    formation.prove(stack)
    progress("schemas")
    published = published or publishing.publish(stack, planned)
    return Deployment(
        planned,
        NAMES.data_bucket(stack.account),
        NAMES.registry_bucket(stack.account),
        time.monotonic() - started,
        published.warnings,
    )


def plan(schemas: Path | None = None) -> Topology:
    """The topology of the schema folder; raises DeployFailed, with the rule, where its files are none of one."""
    with explained():
        return topology.load(schemas or schemas_folder())


def _upload(stack: Stack, bucket: str, artifacts: package.Artifacts) -> None:
    """Put the zips that are not there yet in the artifacts bucket."""
    s3 = stack.client("s3")
    if not any(entry["Name"] == bucket for entry in s3.list_buckets()["Buckets"]):
        s3.create_bucket(Bucket=bucket)
    there = {entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}
    missing = [item for item in artifacts.all if item.key not in there]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda item: s3.put_object(Bucket=bucket, Key=item.key, Body=item.path.read_bytes()), missing))


def _parameters(
    bucket: str, artifacts: package.Artifacts, planned: Topology, scheduled: bool | None
) -> list[dict[str, Any]]:
    """The parameters of the template; one that is left out keeps its value."""
    values = {
        "ArtifactsBucket": bucket,
        "CodeKey": artifacts.code.key,
        "CodecLayerKey": artifacts.codec_layer.key,
        "ColumnsLayerKey": artifacts.columns_layer.key,
        "MergeConcurrency": str(MERGERS),
        **{code_key(planned.event(name)): artifact.key for name, artifact in artifacts.components.items()},
        **{layer_key(planned.event(name)): artifact.key for name, artifact in artifacts.component_layers.items()},
    }
    if scheduled is not None:
        values["ScheduleState"] = "ENABLED" if scheduled else "DISABLED"
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]


def _apply(stack: Stack, bucket: str, template: str, parameters: list[dict[str, Any]]) -> None:
    """Bring the CloudFormation stack to the template.

    CloudFormation takes it from the artifacts bucket, as a request takes 51,200 bytes at most. An update keeps the
    parameters that are not given only if it says so.
    """
    s3, key = stack.client("s3"), "template.json"
    s3.put_object(Bucket=bucket, Key=key, Body=template.encode())
    url: str = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
    request = {
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_IAM"],
        "TemplateURL": url.partition("?")[0],
    }
    given = {parameter["ParameterKey"] for parameter in parameters}
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in PARAMETERS if name not in given]
    formation.apply(stack, request, kept)
