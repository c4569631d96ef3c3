"""The errors of the service, by its names.

KinesisError
├── InvalidArgument           the caller: a value that does not fit this stream
├── Validation                the caller: a value that fits no stream
├── Serialization             the caller: a request that cannot be read
├── ResourceNotFound          the caller: a name of nothing that exists
├── ResourceInUse             the caller: the name is taken, or the thing is busy
├── LimitExceeded             the caller: over a quota of the account
├── ExpiredIterator           the caller: start again from GetShardIterator
├── ExpiredNextToken          the caller: start the listing again
└── ThroughputExceeded        the service: back off and retry
"""

from typing import ClassVar


class KinesisError(Exception):
    """A refusal: `code` is the AWS exception name, the text is its message."""

    code: ClassVar[str] = "InternalFailureException"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidArgument(KinesisError):
    """A parameter exceeds its restrictions, is not supported, or can't be used."""

    code = "InvalidArgumentException"


class Validation(KinesisError):
    """The request does not meet the constraints of the operation's model."""

    code = "ValidationException"


class Serialization(KinesisError):
    """The request cannot be read as what it must be."""

    code = "SerializationException"


class ResourceNotFound(KinesisError):
    """The stream, shard or consumer does not exist."""

    code = "ResourceNotFoundException"


class ResourceInUse(KinesisError):
    """The resource is not available for this operation."""

    code = "ResourceInUseException"


class LimitExceeded(KinesisError):
    """The resource exceeds the maximum number allowed."""

    code = "LimitExceededException"


class ExpiredIterator(KinesisError):
    """The shard iterator is older than five minutes."""

    code = "ExpiredIteratorException"


class ExpiredNextToken(KinesisError):
    """The pagination token is older than five minutes."""

    code = "ExpiredNextTokenException"


class ThroughputExceeded(KinesisError):
    """The request rate is too high for the shard, or the data too large for its throughput."""

    code = "ProvisionedThroughputExceededException"
