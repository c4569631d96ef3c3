"""Records that are made for JSON say what the walk over the answer says."""

import json
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.kinesis.model.log import Stored
from wavetank.emulator.kinesis.operations.boundary import _plain
from wavetank.emulator.kinesis.operations.reading import plain_records, record_list

stored = st.builds(
    Stored,
    offset=st.integers(1, 1 << 40),
    arrived_ms=st.integers(0, 1 << 42),
    key=st.text(max_size=8),
    data=st.binary(max_size=20),
)


@given(st.lists(stored, max_size=5), st.sampled_from([None, "alias/key"]))
def test_records_in_json_are_the_records_of_the_api(records: list[Stored], kms_key: str | None) -> None:
    read: Any = SimpleNamespace(shard=SimpleNamespace(base=1 << 90), records=records)
    stream: Any = SimpleNamespace(settings=SimpleNamespace(encryption="KMS", kms_key=kms_key))
    at_once = json.dumps({"Records": plain_records(stream, read), "MillisBehindLatest": 7})
    walked = json.dumps({"Records": record_list(stream, read), "MillisBehindLatest": 7}, default=_plain)
    assert json.loads(at_once) == json.loads(walked)
