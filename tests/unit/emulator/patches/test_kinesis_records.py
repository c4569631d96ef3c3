"""What is read at once is what LocalStack's walk of the shapes would have read."""

import base64
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.protocol.parser import ProtocolParserError, create_parser
from localstack.aws.spec import load_service
from rolo import Request

from wavetank.emulator.patches.kinesis_records import parse, plain_records

SHAPE = load_service("kinesis").operation_model("PutRecords").input_shape

texts = st.text(max_size=8)
encoded = st.binary(max_size=12).map(lambda data: base64.b64encode(data).decode())
plain = st.fixed_dictionaries({"Data": encoded, "PartitionKey": texts})
values = st.one_of(st.none(), texts, encoded, st.integers(), st.just([]), st.just({}))
strange = st.dictionaries(st.sampled_from(["Data", "PartitionKey", "ExplicitHashKey", "Other"]), values)
bodies = st.fixed_dictionaries(
    {"Records": st.lists(st.one_of(plain, strange), max_size=4)},
    optional={"StreamName": texts, "StreamARN": texts, "Other": texts},
)


def walked(parser: Any, *args: Any) -> Any:
    return type(parser)._handle_json_body(parser, *args)


def outcome(call: Callable[..., Any], *args: Any) -> Any:
    try:
        return call(*args)
    except ProtocolParserError as error:
        return str(error)


@given(st.one_of(bodies, st.fixed_dictionaries({"Records": values})))
def test_any_body_is_read_as_localstack_reads_it(body: dict[str, Any]) -> None:
    request = Request("POST", "/", body=json.dumps(body), headers={"Content-Type": "application/x-amz-json-1.1"})
    parser = create_parser(load_service("kinesis"), "json")
    assert outcome(parse, walked, parser, request, SHAPE, {}) == outcome(walked, parser, request, SHAPE, {})


@given(st.lists(plain, min_size=1, max_size=5))
def test_plain_records_are_read_at_once(records: list[dict[str, str]]) -> None:
    assert plain_records(records) == [
        {"Data": base64.b64decode(record["Data"]), "PartitionKey": record["PartitionKey"]} for record in records
    ]


def test_a_record_that_is_not_plain_leaves_all_to_the_walk() -> None:
    good = {"Data": "", "PartitionKey": "k"}
    for other in ({"Data": "x", "PartitionKey": "k"}, {"Data": ""}, good | {"ExplicitHashKey": "1"}, None, "text"):
        assert plain_records([good, other]) is None
    assert plain_records(None) is None
