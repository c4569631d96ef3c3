"""CBOR as AWS's SDKs read it: a number of tag 1 counts milliseconds, where RFC 8949 has it count seconds."""

from typing import Any

from cbor2._decoder import loads
from localstack.aws.client import _patch_cbor2

_patch_cbor2()


def decoded(content: bytes) -> Any:
    """The content of an answer; its times are datetimes."""
    return loads(content)
