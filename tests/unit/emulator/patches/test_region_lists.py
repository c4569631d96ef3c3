"""The regions LocalStack takes as valid stay what they are, and cost one session."""

from types import ModuleType

import boto3

from wavetank.emulator.patches.region_lists import share_one_session


def patched() -> ModuleType:
    module = ModuleType("lists")
    vars(module)["boto3"] = boto3
    share_one_session(module)
    return module


def test_every_call_gets_the_same_session() -> None:
    module = patched()
    assert module.boto3.Session() is module.boto3.Session()


def test_the_regions_are_those_of_a_session_of_its_own() -> None:
    shared, own = patched().boto3.Session(), boto3.Session()
    for service in ("kinesis", "s3", "lambda"):
        assert shared.get_available_regions(service) == own.get_available_regions(service)
