"""The fault points `s3.listing` and `sqs.send`: calls that a service does in part, as AWS may at any time.

Amazon S3 API reference, "ListObjectsV2": an answer may contain fewer keys than were asked for; `IsTruncated` alone says
whether there are more, so that a page may hold none. Amazon SQS API reference, "SendMessageBatch": single messages may
be refused in an answer of status 200.
"""

from typing import Any

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Point
from wavetank.emulator.faults.stale import replace_answer
from wavetank.emulator.runtime.s3_keys import token

_LISTS = frozenset({"ListObjects", "ListObjectsV2", "ListObjectVersions"})
_ASKED = "wavetank_keys_asked"
_GOES_ON = "wavetank_goes_on"
_REFUSED = "wavetank_refused"
MOST_KEYS = 1_000


def before(chain: Any, context: Any, response: Any, caller: str) -> None:
    """Make a listing ask for fewer keys, and take the messages out of a call that are refused."""
    operation, request = context.operation.name, context.service_request or {}
    if operation in _LISTS:
        bucket, prefix = str(request.get("Bucket") or ""), str(request.get("Prefix") or "")
        target = {"operation": operation, "bucket": bucket, "prefix": prefix, "caller": caller}
        firing = FAULTS.fire(Point.S3_LISTING, target, steady(f"{operation}/{bucket}/{prefix}"))
        if firing is not None:
            asked, keys = request.get("MaxKeys"), int(firing.parameters["keys"])
            setattr(context, _ASKED, MOST_KEYS if asked is None else asked)
            if not keys and operation == "ListObjectsV2" and not request.get("ContinuationToken"):
                setattr(context, _GOES_ON, token(str(request.get("StartAfter") or "")))
            else:
                keys = max(1, keys)
            request["MaxKeys"] = min(MOST_KEYS if asked is None else asked, keys)
    elif operation == "SendMessageBatch" and context.service.service_name == "sqs":
        refused = [entry for entry in request.get("Entries") or () if _is_refused(entry, request, caller)]
        taken = [entry for entry in request.get("Entries") or () if entry not in refused]
        if refused and taken:
            request["Entries"] = taken
            setattr(context, _REFUSED, refused)
        elif refused:
            replace_answer(context, response, {"Successful": [], "Failed": _failures(refused)})
            chain.stop()


def after(context: Any, response: Any) -> None:
    """Say in the answer what was asked for, and which messages were refused."""
    answer, asked, refused = context.service_response, getattr(context, _ASKED, None), getattr(context, _REFUSED, ())
    if not isinstance(answer, dict):
        return
    if asked is not None:
        goes_on = getattr(context, _GOES_ON, "")
        more = {"IsTruncated": True, "NextContinuationToken": goes_on} if goes_on else {}
        replace_answer(context, response, {**answer, "MaxKeys": asked, **more})
    elif refused:
        failed = [*(answer.get("Failed") or ()), *_failures(refused)]
        replace_answer(context, response, {**answer, "Failed": failed})


def _is_refused(entry: Any, request: Any, caller: str) -> bool:
    queue, body = str(request.get("QueueUrl") or "").rpartition("/")[2], str(entry.get("MessageBody") or "")
    subject = subject_of(body)
    target = {"queue": queue, "subject": subject, "content": body, "caller": caller}
    return FAULTS.fire(Point.SQS_SEND, target, steady(f"{queue}/{subject}")) is not None


def _failures(entries: Any) -> list[dict[str, Any]]:
    message = "We encountered an internal error. Please try again."
    return [{"Id": entry["Id"], "SenderFault": False, "Code": "InternalError", "Message": message} for entry in entries]
