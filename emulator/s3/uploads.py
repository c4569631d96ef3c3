"""Ids of multipart uploads that grow, so that the order of ids is the order in which uploads were begun.

ListMultipartUploads sorts the uploads of a key by the time of initiation, and goes on after an `UploadIdMarker` with
ids that are lexicographically greater (Amazon S3 API reference). Only ids that grow do both, and go on after an upload
that has been aborted meanwhile.
"""

import re
import time
from itertools import count

DIGITS = 16
LENGTH = 128
UPLOAD_ID = re.compile(rf"[0-9a-f]{{{DIGITS}}}[\w-]{{{LENGTH - DIGITS}}}", re.ASCII)

_numbers = count(time.time_ns())


def numbered(random: str) -> str:
    """An upload id greater than those before it, with the rest of a random one."""
    return f"{next(_numbers):0{DIGITS}x}{random[DIGITS:]}"


def is_upload_id(text: str) -> bool:
    """Whether a text can have come from `numbered`."""
    return UPLOAD_ID.fullmatch(text) is not None
