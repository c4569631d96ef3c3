"""What is put off until its first use is what it would have been; and nothing else is put off."""

import os
import subprocess
import sys
from types import ModuleType
from typing import Any

import boto3
import pytest

from wavetank.emulator.patches.lazy_imports import EC2, read_policies_later, share_clients

CASES = {
    "a SAM template is transformed as ever": """
from samtranslator.translator.transform import transform
from unittest.mock import MagicMock
template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {
    "F": {"Type": "AWS::Serverless::SimpleTable"}}}
assert transform(template, {}, MagicMock())["Resources"]["F"]["Type"] == "AWS::DynamoDB::Table"
assert transform(template, {}, MagicMock())["Resources"]["F"]["Type"] == "AWS::DynamoDB::Table"
""",
    "the engine of CloudFormation does not import EC2's types, which are there for others": f"""
import sys
import localstack.services.cloudformation.engine.v2.change_set_model_preproc
assert {EC2!r} not in sys.modules
from localstack.aws.api.ec2 import DescribeAvailabilityZonesResult, Vpc
assert Vpc.__module__ == DescribeAvailabilityZonesResult.__module__ == {EC2!r}
""",
    "EC2's types are themselves for whoever asks while the engine is imported": f"""
import localstack.services.cloudformation.engine.v2
from localstack.aws.api.ec2 import Vpc
assert Vpc.__module__ == {EC2!r}
import localstack.services.cloudformation.engine.v2.change_set_model_preproc
""",
    "the library that validates requests is not imported, and is there for others": """
import sys
import localstack.aws.handlers.validation as validation
assert not [name for name in sys.modules if name.startswith("openapi_core")]
assert validation.OpenAPIRequestValidator()(None, None, None) is None
from openapi_core.exceptions import OpenAPIError
assert issubclass(OpenAPIError, Exception)
""",
    "EC2's types stay where they were imported before": f"""
from localstack.aws.api import ec2
import localstack.services.cloudformation.engine.v2.change_set_model_preproc
import sys
assert sys.modules[{EC2!r}] is ec2
""",
}


def test_where_requests_are_to_be_validated_the_library_is_imported() -> None:
    program = (
        "from wavetank.emulator.patches import lazy_imports\nlazy_imports.install()\n"
        "import localstack.aws.handlers.validation as validation\n"
        "assert isinstance(validation.OpenAPI, type)"
    )
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "OPENAPI_VALIDATE_REQUEST": "1"}, check=True)


@pytest.mark.parametrize("case", CASES)
def test_in_a_new_process(case: str) -> None:
    program = f"from wavetank.emulator.patches import lazy_imports\nlazy_imports.install()\n{CASES[case]}"
    subprocess.run([sys.executable, "-c", program], env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}, check=True)


def test_managed_policies_are_read_once_when_they_are_asked_for() -> None:
    reads: list[object] = []

    class IamProvider:
        _aws_managed_policy_cache: Any

        def __init__(self) -> None:
            self._aws_managed_policy_cache = None

        def _build_aws_managed_policy_cache(self) -> dict[str, str]:
            reads.append(self)
            return {"arn": "policy"}

        def on_after_init(self) -> None:
            raise AssertionError("has to be replaced")

    module = ModuleType("iam")
    vars(module)["IamProvider"] = IamProvider
    read_policies_later(module)
    provider = IamProvider()
    provider.on_after_init()
    assert reads == []
    assert [provider._aws_managed_policy_cache["arn"] for _ in range(2)] == ["policy", "policy"]
    assert reads == [provider]


def test_a_client_is_made_once_for_the_same_settings() -> None:
    module = ModuleType("models")
    vars(module)["boto3"] = boto3
    share_clients(module)
    here = {"service_name": "s3", "region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    assert module.boto3.client(**here) is module.boto3.client(**here)
    assert module.boto3.client(**here) is not module.boto3.client(**{**here, "region_name": "eu-west-1"})
