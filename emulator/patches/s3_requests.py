"""S3 reads requests as AWS's does: the key that an address names, and what is wrong with those that cannot be read.

LocalStack drops slashes at the end of an address before it looks for the operation, and so takes the key "/" for none.
It answers a request that it cannot read as if it had failed itself, which clients try again.
"""

import re
from types import ModuleType
from typing import Any
from xml.etree.ElementTree import ParseError

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported

SLASHES_ONLY = re.compile("/[^/]+//+")
"""A path-style address whose key is slashes."""


class NotAnInteger(ValueError):
    """A parameter of a request is no integer."""

    def __init__(self, parameter: str, value: str) -> None:
        super().__init__(f"{parameter}: {value}")
        self.parameter, self.value = parameter, value


def install() -> None:
    """Change the parser, and the handler that calls it, when they are imported."""
    when_imported("localstack.aws.protocol.parser", read_as_s3)
    when_imported("localstack.aws.handlers.service", blame_the_caller)


def read_as_s3(module: ModuleType) -> None:
    """Change the S3 parser of `localstack.aws.protocol.parser`. Raises TypeError where it is another."""
    original(module, "RestServiceOperationRouter.match", "request")

    def parse_integer(parse: Any, parser: Any, request: Any, shape: Any, node: Any, uri_params: Any = None) -> Any:
        try:
            return parse(parser, request, shape, node, uri_params)
        except ValueError as error:
            raise NotAnInteger(shape.serialization.get("name", shape.name), str(node)) from error

    wrap(module, "S3RequestParser._parse_integer", parse_integer, "request", "shape", "uri_params")
    wrap(module, "S3RequestParser.__init__", _keep_slashes, "service_model")


def _keep_slashes(initialise: Any, parser: Any, service: Any) -> None:
    from rolo.request import get_raw_path

    initialise(parser, service)
    match = parser._operation_router.match

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

    parser._operation_router.match = match_slashes


def blame_the_caller(module: ModuleType) -> None:
    """Let `localstack.aws.handlers.service` say what is wrong with a request to S3 that cannot be read.

    Raises TypeError where it parses requests otherwise.
    """

    def parse_or_blame(parse: Any, handler: Any, context: Any) -> Any:
        from localstack.aws.protocol.parser import ProtocolParserError, create_parser

        try:
            return parse(handler, context)
        except ProtocolParserError as error:
            refusal = _refusal(error.__cause__)
            if context.service.service_name != "s3" or refusal is None:
                raise
            parser = create_parser(context.service, context.protocol)
            with parser.VirtualHostRewriter(context.request):
                context.operation = parser._operation_router.match(context.request)[0]
            raise refusal from error

    wrap(module, "ServiceRequestParser.parse_and_enrich", parse_or_blame, "context")


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
