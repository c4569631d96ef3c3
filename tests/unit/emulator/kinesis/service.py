"""A client of the provider in this process: boto's own encoder and decoder, LocalStack's parser, no HTTP."""

from collections.abc import Mapping
from typing import Any, cast

import botocore.session
import cbor2
from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.parsers import create_parser as create_response_parser
from botocore.serialize import create_serializer as create_request_serializer
from localstack.aws.api import RequestContext
from localstack.aws.protocol.parser import create_parser
from localstack.aws.skeleton import create_skeleton
from localstack.aws.spec import load_service
from localstack.http import Request, Response

from tests.aws_cbor import decoded
from wavetank.emulator.kinesis.provider import KinesisProvider

ACCOUNT = "000000000000"
REGION = "us-east-1"
CBOR = "application/x-amz-cbor-1.1"


class Service:
    """Calls operations by their AWS names; errors are botocore's ClientError."""

    def __init__(self) -> None:
        self._model = botocore.session.get_session().get_service_model("kinesis")
        self._encode = create_request_serializer("json", include_validation=False)
        self._decode = create_response_parser("json")
        self._spec = load_service("kinesis")
        self._skeleton = create_skeleton(self._spec, KinesisProvider())

    def call(self, operation: str, account: str = ACCOUNT, region: str = REGION, **parameters: Any) -> Any:
        """The answer as boto3 gives it."""
        model = self._model.operation_model(operation)
        sent = self._encode.serialize_to_request(parameters, model)
        response = self.send(sent["headers"], sent["body"], account, region)
        raw = {"status_code": response.status_code, "headers": dict(response.headers), "body": response.data}
        answer: Any = self._decode.parse(raw, cast(Shape, model.output_shape))
        if response.status_code >= 300:
            raise ClientError(answer, operation)
        del answer["ResponseMetadata"]
        return answer

    def call_with(self, operation: str, parameters: Mapping[str, Any]) -> Any:
        """`call` with the parameters in a mapping."""
        return self.call(operation, **parameters)

    def call_cbor(self, operation: str, **parameters: Any) -> tuple[int, Any]:
        """The status and the decoded body, as a client that speaks CBOR gets them."""
        headers = {"X-Amz-Target": f"Kinesis_20131202.{operation}", "Content-Type": CBOR}
        response = self.send(headers, cbor2.dumps(parameters))
        assert response.content_type == CBOR
        return response.status_code, decoded(response.data)

    def send(self, headers: dict[str, str], body: bytes, account: str = ACCOUNT, region: str = REGION) -> Response:
        """The answer to a request as it comes off the wire."""
        context = RequestContext(Request("POST", "/", headers=headers, body=body))
        context.account_id, context.region, context.request_id = account, region, "request"
        context.service, context.protocol = self._spec, "json"
        context.operation, context.service_request = create_parser(self._spec, "json").parse(context.request)
        answer: Response = self._skeleton.invoke(context)
        return answer

    def create(self, name: str, shards: int = 1) -> str:
        """A new stream; returns its ARN."""
        self.call("CreateStream", StreamName=name, ShardCount=shards)
        return str(self.call("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]["StreamARN"])

    def iterator(self, stream: str, shard: int = 0, kind: str = "TRIM_HORIZON", **more: Any) -> str:
        """A shard iterator."""
        position = {"StreamName": stream, "ShardId": f"shardId-{shard:012d}", "ShardIteratorType": kind}
        return str(self.call("GetShardIterator", **position, **more)["ShardIterator"])

    def read(self, stream: str, shard: int = 0) -> list[bytes]:
        """The data of the first records of a shard."""
        answer = self.call("GetRecords", ShardIterator=self.iterator(stream, shard))
        return [record["Data"] for record in answer["Records"]]

    def refusal(self, operation: str, **parameters: Any) -> tuple[str, str]:
        """The code and message of the error that a call must end in."""
        try:
            answer = self.call(operation, **parameters)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise AssertionError(f"{operation} was not refused: {answer}")


def broken(value: str, at: str, rule: str) -> str:
    """AWS's words for one constraint that a request breaks; `value` as AWS quotes it, or nothing."""
    return f"Value {value + ' ' if value else ''}at '{at}' failed to satisfy constraint: {rule}"


def broken_once(value: str, at: str, rule: str) -> str:
    """AWS's message when that is the only one."""
    return f"1 validation error detected: {broken(value, at, rule)}"
