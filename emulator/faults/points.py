"""The catalogue of fault points: the name of each, its actions, and the target fields that `match` may select by.

Validation, `GET /_wavetank/faults/points` and the tests read it. The code at a point calls
`FAULTS.fire(point, target, identity)` for each event; the target has exactly the fields listed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wavetank.emulator.runtime.clock import MARGIN_S


class Point(StrEnum):
    """A place where a fault can fire."""

    S3_NOTIFICATION = "s3.notification"
    SNS_DELIVERY = "sns.delivery"
    SQS_DELIVERY = "sqs.delivery"
    LAMBDA_ASYNC = "lambda.async"
    KINESIS_PUT = "kinesis.put"
    KINESIS_GET = "kinesis.get"
    ESM_BATCH = "esm.batch"
    LAMBDA_INVOKE = "lambda.invoke"
    FIREHOSE_BUFFER = "firehose.buffer"
    FIREHOSE_DELIVERY = "firehose.delivery"
    FIREHOSE_ENDPOINT = "firehose.endpoint"
    S3_READ = "s3.read"
    S3_LISTING = "s3.listing"
    SQS_SEND = "sqs.send"
    SCHEDULE_TICK = "schedule.tick"
    AWS_CALL = "aws.call"


class Action(StrEnum):
    """The effect of a fault on the event that it fires at."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    DELAY = "delay"
    FAIL = "fail"
    ERROR_BEFORE = "error-before"
    ERROR_AFTER = "error-after"
    REORDER = "reorder"
    THROTTLE = "throttle"
    THROTTLE_ALL = "throttle-all"
    EXPIRED_ITERATOR = "expired-iterator"
    RESHARD = "reshard"
    SPLIT = "split"
    SHORT = "short"
    ERROR_OUTPUT = "error-output"
    STALE = "stale"
    OVERLAP = "overlap"
    INIT_ERROR = "init-error"
    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    HOLD_BEFORE = "hold-before"
    HOLD_AFTER = "hold-after"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out-of-memory"
    COLD_START = "cold-start"
    SLOW = "slow"


@dataclass(frozen=True)
class Parameter:
    """A setting of an action: of the type of `default`; a number is from `least` to `most`, or `default`."""

    name: str
    default: float | int | str
    explanation: str
    least: float = 0
    most: float = 1_000_000


@dataclass(frozen=True)
class PointAction:
    """The effect of an action at one point, and the parameters it takes."""

    explanation: str
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class FaultPoint:
    """An entry of the catalogue: one point, its actions, and an explanation of each field of its targets."""

    name: Point
    explanation: str
    fields: Mapping[str, str]
    actions: Mapping[Action, PointAction] = field(default_factory=dict)


_COPIES = Parameter("copies", 1, "how many times more it is delivered", least=1, most=1000)
_DELAY_S = Parameter("delay_s", 1.0, "how long it is held back, in seconds of emulator time", most=MARGIN_S)
_ERROR = (
    Parameter("status", 0, "HTTP status of the answer; 0 for the one that belongs to the code", least=400, most=599),
    Parameter("code", "", "AWS error code of the answer; empty for what the service says when it is overloaded"),
    Parameter("message", "", "message of the answer; empty for the one that belongs to the code"),
)
_EXCEPTION = (
    Parameter("type", "ConnectionError", "name of the exception's class"),
    Parameter("message", "Connection reset by peer", "text of the exception"),
)
_CALL = Parameter("call", 1, "which of the AWS calls that the invocation makes, from 1", least=1)

_DELIVERY = {
    Action.DROP: PointAction("it never arrives; the sender does not know"),
    Action.DUPLICATE: PointAction("it arrives more than once", (_COPIES,)),
    Action.DELAY: PointAction("it arrives later", (_DELAY_S,)),
}
_REORDER = PointAction(
    "it arrives after those that were sent after it",
    (Parameter("behind", 1, "how many later ones overtake it, if so many come before everything is quiet", least=1),),
)

_STREAM = {"stream": "name of the stream", "shard": "shard id"}
_FUNCTION = {"function": "name of the function", "qualifier": "version that runs"}

_ALL = (
    FaultPoint(
        Point.S3_NOTIFICATION,
        "An S3 event notification on its way from a bucket to one configured target.",
        {
            "bucket": "name of the bucket",
            "key": "key of the object, not URL-encoded",
            "event": "event name, as in s3:ObjectCreated:Put",
            "destination": "ARN of the topic, queue, function or event bus",
        },
        {**_DELIVERY, Action.REORDER: _REORDER},
    ),
    FaultPoint(
        Point.SNS_DELIVERY,
        "An SNS message on its way from a topic to one subscriber.",
        {
            "topic": "name of the topic",
            "protocol": "protocol of the subscription: lambda, sqs, …",
            "endpoint": "endpoint of the subscription, for a function its ARN",
            "subject": "what it is about: bucket/key for an S3 event, else a digest of the message",
        },
        {**_DELIVERY, Action.REORDER: _REORDER},
    ),
    FaultPoint(
        Point.SQS_DELIVERY,
        "A message on its way from an SQS queue to the function that an event source mapping feeds.",
        {
            "queue": "name of the queue",
            "function": "name of the function",
            "subject": "what it is about: bucket/key for an S3 event, else a digest of the message",
            "content": "the message's body",
        },
        {
            Action.DUPLICATE: PointAction("a message handled with success is delivered again", (_COPIES,)),
            Action.DELAY: PointAction("it reaches the function later", (_DELAY_S,)),
        },
    ),
    FaultPoint(
        Point.LAMBDA_ASYNC,
        "An accepted asynchronous invocation (InvocationType Event) on its way to its function.",
        {
            "function": "name of the function",
            "qualifier": "version that was invoked",
            "subject": "what it is about: bucket/key for an S3 event, else a digest of the payload",
        },
        _DELIVERY,
    ),
    FaultPoint(
        Point.SQS_SEND,
        "One message of a SendMessageBatch call.",
        {
            "queue": "name of the queue",
            "subject": "what it is about: bucket/key for an S3 event, else a digest of the message",
            "content": "the message's body",
            "caller": "name of the function that sends; empty for everybody else",
        },
        {Action.FAIL: PointAction("this message is refused, and the others of its call are taken")},
    ),
    FaultPoint(
        Point.KINESIS_PUT,
        "One record of a PutRecord or PutRecords call.",
        {**_STREAM, "key": "partition key of the record", "content": "the record's bytes as UTF-8 text"},
        {
            Action.THROTTLE: PointAction("this record is refused with ProvisionedThroughputExceededException"),
            Action.THROTTLE_ALL: PointAction("every record of its call is refused so"),
            Action.FAIL: PointAction("this record fails with InternalFailure"),
        },
    ),
    FaultPoint(
        Point.KINESIS_GET,
        "A GetRecords call, before anything is read.",
        {
            **_STREAM,
            "reader": "`event-source`, `firehose`, or `client` for everybody else",
            "caller": "name of the function that reads by itself; empty for everybody else",
        },
        {
            Action.EXPIRED_ITERATOR: PointAction("it is answered with ExpiredIteratorException"),
            Action.THROTTLE: PointAction("it is answered with ProvisionedThroughputExceededException"),
            Action.DELAY: PointAction("it takes longer", (_DELAY_S,)),
            Action.RESHARD: PointAction("the shard is split in two under the reader, where it is still open"),
            Action.SHORT: PointAction(
                "it gives few records, or none, though there are more behind them",
                (Parameter("records", 0, "how many at most", most=10_000),),
            ),
        },
    ),
    FaultPoint(
        Point.ESM_BATCH,
        "A batch of stream records that an event source mapping hands to its function.",
        {
            "function": "name of the function",
            **_STREAM,
            "content": "the records' bytes as UTF-8 text, a line each",
        },
        {
            Action.DUPLICATE: PointAction("a batch handled with success is delivered again", (_COPIES,)),
            Action.DELAY: PointAction("it reaches the function later", (_DELAY_S,)),
        },
    ),
    FaultPoint(
        Point.LAMBDA_INVOKE,
        "An invocation that has reached an environment of its function.",
        {**_FUNCTION, "subject": "what it is about, see lambda.async", "content": "the event as text"},
        {
            Action.INIT_ERROR: PointAction("the environment cannot be initialized; the handler does not run"),
            Action.ERROR_BEFORE: PointAction("an exception is answered and the handler does not run", _EXCEPTION),
            Action.ERROR_AFTER: PointAction("the handler runs to its end and an exception is answered", _EXCEPTION),
            Action.CRASH_BEFORE: PointAction(
                "the process dies when it makes its n-th AWS call, which has no effect", (_CALL,)
            ),
            Action.CRASH_AFTER: PointAction("the process dies when its n-th AWS call has taken effect", (_CALL,)),
            Action.TIMEOUT: PointAction("the handler runs to its end, and its time is over before it can answer"),
            Action.OUT_OF_MEMORY: PointAction(
                "the handler runs to its end, and is killed for its memory before it can answer"
            ),
            Action.THROTTLE: PointAction("it is refused with TooManyRequestsException"),
            Action.COLD_START: PointAction("it runs in a new process"),
            Action.SLOW: PointAction("it takes longer; longer than the function's time-out is a time-out", (_DELAY_S,)),
        },
    ),
    FaultPoint(
        Point.FIREHOSE_BUFFER,
        "A record that enters the buffer of a delivery stream.",
        {
            "delivery_stream": "name of the delivery stream",
            "key": "partition key in the source stream; empty for a direct put",
            "content": "the record's bytes as UTF-8 text",
        },
        {Action.SPLIT: PointAction("the buffer is cut right behind this record, however little is in it")},
    ),
    FaultPoint(
        Point.FIREHOSE_DELIVERY,
        "A buffer that a delivery stream writes to S3.",
        {
            "delivery_stream": "name of the delivery stream",
            "bucket": "name of the destination bucket",
            "key": "key of the object to be written",
        },
        {
            Action.DUPLICATE: PointAction("the same bytes are written under two keys"),
            Action.FAIL: PointAction("S3 answers the write with an error; Firehose tries again"),
            Action.ERROR_OUTPUT: PointAction(
                "the records go to the error prefix, as records do that cannot be processed"
            ),
        },
    ),
    FaultPoint(
        Point.FIREHOSE_ENDPOINT,
        "A request with records that a delivery stream makes to its HTTP endpoint.",
        {"delivery_stream": "name of the delivery stream", "url": "URL of the endpoint"},
        {
            Action.FAIL: PointAction("the endpoint does not get it and answers 503; Firehose tries again"),
            Action.DUPLICATE: PointAction("the endpoint gets it twice, with the same request id"),
        },
    ),
    FaultPoint(
        Point.S3_READ,
        "A read of S3 shortly after a write.",
        {
            "operation": "GetObject, HeadObject, GetObjectTagging, ListObjects or ListObjectsV2",
            "bucket": "name of the bucket",
            "key": "key of the object, for a listing of each object listed",
            "caller": "name of the function that reads; empty for everybody else",
        },
        {
            Action.STALE: PointAction(
                "what is written while this fault is set, an object or its tags, is not seen yet but as it was before",
                (
                    Parameter(
                        "lag_s", 60.0, "how old a write must be to be seen, in seconds of emulator time", most=MARGIN_S
                    ),
                ),
            )
        },
    ),
    FaultPoint(
        Point.S3_LISTING,
        "A listing of a bucket.",
        {
            "operation": "ListObjects, ListObjectsV2 or ListObjectVersions",
            "bucket": "name of the bucket",
            "prefix": "prefix of the listing; empty where there is none",
            "caller": "name of the function that lists; empty for everybody else",
        },
        {
            Action.SHORT: PointAction(
                "the page is short, and says where the next one begins",
                (
                    Parameter(
                        "keys",
                        2,
                        "keys and common prefixes of a page at most; 0 has the first page of ListObjectsV2 hold none",
                        most=1_000,
                    ),
                ),
            )
        },
    ),
    FaultPoint(
        Point.SCHEDULE_TICK,
        "A tick of a scheduled EventBridge rule, or of a schedule of EventBridge Scheduler.",
        {"rule": "name of the rule or of the schedule"},
        {
            Action.DROP: PointAction("the rule's targets are not called"),
            Action.DUPLICATE: PointAction(
                "its targets are called again once the first call was handed over", (_COPIES,)
            ),
            Action.OVERLAP: PointAction("its targets are called twice at the same time"),
        },
    ),
    FaultPoint(
        Point.AWS_CALL,
        "An AWS API call that reaches the stack, from a client, a function or another emulated service.",
        {
            "service": "service name as in boto3.client(…): s3, kinesis, lambda, …",
            "operation": "operation name as in the AWS API: PutObject, PutRecords, …",
            "resource": "name of the bucket, stream, function, topic or queue; empty where there is none",
            "key": "key of the S3 object; empty where there is none",
            "prefix": "prefix of a listing; empty where there is none",
            "origin": "`client` for a call over HTTP, `service` for one between emulated services",
            "caller": "name of the function that calls; of another client the application id it gives itself, or empty",
            "region": "region that the call is made to",
        },
        {
            Action.ERROR_BEFORE: PointAction("the call fails and nothing has happened", _ERROR),
            Action.ERROR_AFTER: PointAction("the call takes effect and its caller is told that it failed", _ERROR),
            Action.DELAY: PointAction(
                "the call takes longer; a function whose time is over meanwhile is ended", (_DELAY_S,)
            ),
            Action.CRASH_BEFORE: PointAction("the function that calls dies, and the call has no effect"),
            Action.CRASH_AFTER: PointAction("the function that calls dies when the call has taken effect"),
            Action.HOLD_BEFORE: PointAction("the call waits until this fault is taken away, and takes effect then"),
            Action.HOLD_AFTER: PointAction(
                "the call takes effect, and its answer waits until this fault is taken away"
            ),
        },
    ),
)

POINTS: Mapping[str, FaultPoint] = {point.name: point for point in _ALL}


def catalogue() -> list[dict[str, object]]:
    """Every point as plain data, for the control API."""
    return [
        {
            "point": str(point.name),
            "explanation": point.explanation,
            "match": dict(point.fields),
            "actions": [
                {
                    "action": str(action),
                    "explanation": effect.explanation,
                    "parameters": [
                        {"name": parameter.name, "default": parameter.default, "explanation": parameter.explanation}
                        for parameter in effect.parameters
                    ],
                }
                for action, effect in point.actions.items()
            ],
        }
        for point in POINTS.values()
    ]
