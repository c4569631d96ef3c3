"""LocalStack's lists of valid regions come from one botocore session.

LocalStack asks a new session for each service it loads, and each one reads botocore's megabyte of endpoints
again: a fifth of the time of a first deployment.
"""

from functools import cache
from types import ModuleType, SimpleNamespace

import boto3

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Share the session from the moment the lists' module is imported."""
    when_imported("localstack.utils.aws.aws_stack", share_one_session)


def share_one_session(module: ModuleType) -> None:
    """Give the module a `boto3.Session` that always answers with the same session.

    Raises TypeError where it asks boto3 for none.
    """
    original(module, "boto3.Session")
    replace(module, "boto3", SimpleNamespace(Session=cache(boto3.Session), session=boto3.session))
