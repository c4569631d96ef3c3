"""What of Kinesis is put in place when LocalStack starts, before the service is first used."""

from types import ModuleType
from typing import Any

from emulator.imports import when_imported
from emulator.kinesis import parsing

STREAM_RESOURCE = "localstack.services.kinesis.resource_providers.aws_kinesis_stream"


def install() -> None:
    """Read records faster, and give CloudFormation our `AWS::Kinesis::Stream` when it asks for LocalStack's."""
    when_imported(parsing.PARSER, parsing.patch)
    when_imported(STREAM_RESOURCE, _replace)


def _replace(module: ModuleType) -> None:
    from emulator.kinesis.cloudformation import create, update

    provider: Any = vars(module)["KinesisStreamProvider"]
    provider.create = lambda _self, request: create(request)
    provider.update = lambda _self, request: update(request)
