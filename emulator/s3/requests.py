"""Requests as S3 reads them: which key an address names, and what is wrong with those that cannot be read.

LocalStack drops slashes at the end of an address before it looks for the operation, and so takes the key "/" for none.
It answers a request that it cannot read as if it had failed itself, which clients try again.
"""

import re
from types import ModuleType
from typing import Any
from xml.etree.ElementTree import ParseError

from rolo.request import get_raw_path

SLASHES_ONLY = re.compile("/[^/]+//+")
"""A path-style address whose key is slashes."""


class NotAnInteger(ValueError):
    """A parameter of a request is no integer."""

    def __init__(self, parameter: str, value: str) -> None:
        super().__init__(f"{parameter}: {value}")
        self.parameter, self.value = parameter, value


def read_as_s3(module: ModuleType) -> None:
    """Change the S3 parser of `localstack.aws.protocol.parser`."""
    from localstack.utils.patch import Patch

    parser = module.S3RequestParser
    if not hasattr(module.RestServiceOperationRouter, "match") or not hasattr(parser, "_parse_integer"):
        raise TypeError("LocalStack's parser of S3 requests is not the one this was written for")
    Patch.function(parser.__init__, _keep_slashes).apply()
    parser._parse_integer = _naming_the_parameter(parser._parse_integer)


def _keep_slashes(initialise: Any, self: Any, service: Any) -> None:
    initialise(self, service)
    match = self._operation_router.match

    def match_slashes(request: Any) -> Any:
        path = get_raw_path(request)
        if SLASHES_ONLY.fullmatch(path) is None:
            return match(request)
        uri = request.environ.get("RAW_URI", "")
        request.environ["RAW_URI"] = path.removesuffix("/") + "%2F"
        try:
            return match(request)
        finally:
            request.environ["RAW_URI"] = uri

    self._operation_router.match = match_slashes


def _naming_the_parameter(parse: Any) -> Any:
    def parse_integer(self: Any, request: Any, shape: Any, node: Any, uri_params: Any = None) -> Any:
        try:
            return parse(self, request, shape, node, uri_params)
        except ValueError as error:
            raise NotAnInteger(shape.serialization.get("name", shape.name), str(node)) from error

    return parse_integer


def blame_the_caller(module: ModuleType) -> None:
    """Let `localstack.aws.handlers.service` say what is wrong with a request to S3 that cannot be read."""
    from localstack.utils.patch import Patch

    Patch.function(module.ServiceRequestParser.parse_and_enrich, _parse_or_blame).apply()


def _parse_or_blame(parse: Any, self: Any, context: Any) -> Any:
    from localstack.aws.protocol.parser import ProtocolParserError

    try:
        return parse(self, context)
    except ProtocolParserError as error:
        refusal = _refusal(error.__cause__)
        if context.service.service_name != "s3" or refusal is None:
            raise
        context.operation = _operation(context)
        raise refusal from error


def _refusal(cause: BaseException | None) -> Any:
    """S3's own error for the cause of a failed parse; None for a cause that may be LocalStack's."""
    from localstack.aws.api.s3 import InvalidArgument
    from localstack.services.s3.exceptions import MalformedXML

    if isinstance(cause, ParseError):
        return MalformedXML()
    if isinstance(cause, NotAnInteger):
        rule = f"Provided {cause.parameter} not an integer or within integer range"
        return InvalidArgument(rule, ArgumentName=cause.parameter, ArgumentValue=cause.value)
    return None


def _operation(context: Any) -> Any:
    from localstack.aws.protocol.parser import create_parser

    parser = create_parser(context.service, context.protocol)
    with parser.VirtualHostRewriter(context.request):
        return parser._operation_router.match(context.request)[0]
