"""Makes LocalStack's lists of valid regions cheap: one botocore session for all of them.

LocalStack asks a new session for each service it loads, and each one reads botocore's megabyte of endpoints
again: a fifth of the time of a first deployment.
"""

from functools import cache
from types import ModuleType, SimpleNamespace

import boto3

from wavetank.emulator.runtime.on_import import when_imported

LISTS = "localstack.utils.aws.aws_stack"


def install() -> None:
    """Share the session from the moment the lists' module is imported."""
    when_imported(LISTS, share_one_session)


def share_one_session(module: ModuleType) -> None:
    """Give the module a `boto3.Session` that always answers with the same session."""
    vars(module)["boto3"] = SimpleNamespace(Session=cache(boto3.Session), session=boto3.session)
