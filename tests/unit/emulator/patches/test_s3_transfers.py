"""Transfers inside the stack are one request, and what is read is what was there."""

from types import ModuleType
from typing import Any

import pytest
from boto3.s3 import inject
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws import client
from werkzeug import Response

from wavetank.emulator.patches.s3_transfers import LARGEST, in_one_piece, read_at_once

CHUNKS = st.lists(st.binary(min_size=1, max_size=20_000), max_size=6)


def test_a_transfer_is_one_request_unless_something_else_is_asked_for() -> None:
    module = ModuleType("inject")
    vars(module)["TransferConfig"] = inject.TransferConfig
    in_one_piece(module)
    config = module.TransferConfig()
    assert (config.multipart_threshold, config.use_threads) == (LARGEST, False)
    assert module.TransferConfig(multipart_threshold=8, use_threads=True).multipart_threshold == 8


@pytest.fixture(scope="module")
def patched() -> Any:
    """LocalStack's stream of an answer, read at once."""
    module = ModuleType("client")
    vars(module)["_ResponseStream"] = type("Patched", (client._ResponseStream,), {})
    read_at_once(module)
    return module._ResponseStream


@given(chunks=CHUNKS, first=st.one_of(st.none(), st.integers(0, 30_000)), amount=st.sampled_from([None, -1]))
def test_what_is_left_of_an_answer_is_read_whole(
    patched: Any, chunks: list[bytes], first: int | None, amount: int | None
) -> None:
    stream = patched(Response(iter(chunks)))
    begin = b"" if first is None else stream.read(first)
    assert begin + stream.read(amount) == b"".join(chunks)
    assert stream.read(amount) == b""
