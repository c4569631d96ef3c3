"""The errors that faults bring about, as AWS services word them: status, code and message. Pure.

Sources: the "Common Errors" page of each service's API reference, and the list of error codes of the Amazon S3 API
reference (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
"""

from typing import NamedTuple


class Answer(NamedTuple):
    """An error as the caller gets it."""

    status: int
    code: str
    message: str


_UNAVAILABLE = Answer(503, "ServiceUnavailable", "Service is unavailable. Please try again.")
_INTERNAL = "The request processing has failed because of an unknown error, exception or failure."

OVERLOADED = {
    "s3": Answer(503, "SlowDown", "Please reduce your request rate."),
    "kinesis": Answer(500, "InternalFailure", _INTERNAL),
    "firehose": Answer(503, "ServiceUnavailableException", "Slow down."),
    "lambda": Answer(500, "ServiceException", "An error occurred and the request cannot be processed."),
    "sns": Answer(500, "InternalError", _INTERNAL),
    "sqs": Answer(503, "ServiceUnavailable", "Service is unavailable. Please try again."),
    "events": Answer(500, "InternalException", "This exception occurs due to unexpected causes."),
    "logs": Answer(503, "ServiceUnavailableException", "The service cannot complete the request."),
    "secretsmanager": Answer(500, "InternalServiceError", "An error occurred on the server side."),
    "ssm": Answer(500, "InternalServerError", "An error occurred on the server side."),
}
"""The answer of an overloaded service, by its name; every AWS SDK tries again after these."""

_BY_CODE = {
    answer.code: answer
    for answer in (
        _UNAVAILABLE,
        *OVERLOADED.values(),
        Answer(400, "ProvisionedThroughputExceededException", "Rate exceeded for the shard."),
        Answer(400, "ThrottlingException", "Rate exceeded"),
        Answer(400, "Throttling", "Rate exceeded"),
        Answer(429, "TooManyRequestsException", "Rate Exceeded."),
        Answer(403, "AccessDenied", "Access Denied"),
        Answer(400, "AccessDeniedException", "You do not have sufficient access to perform this action."),
        Answer(400, "ExpiredIteratorException", "Iterator expired."),
        Answer(400, "RequestTimeout", "Your socket connection to the server was not read from or written to in time."),
        Answer(404, "NoSuchKey", "The specified key does not exist."),
        Answer(404, "NoSuchBucket", "The specified bucket does not exist"),
        Answer(400, "ResourceNotFoundException", "The requested resource was not found."),
        Answer(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"),
    )
}


def answer_of(service: str, status: int = 0, code: str = "", message: str = "") -> Answer:
    """The error of a service; 0 and empty texts stand for what belongs to the code, or to the service."""
    usual = _BY_CODE.get(code, _UNAVAILABLE) if code else OVERLOADED.get(service, _UNAVAILABLE)
    if code == OVERLOADED.get(service, _UNAVAILABLE).code:
        usual = OVERLOADED.get(service, _UNAVAILABLE)
    return Answer(status or usual.status, code or usual.code, message or usual.message)
