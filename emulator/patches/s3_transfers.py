"""Large objects that services of the stack pass to one another: in one piece, read at once.

Packages of functions go from the bucket that they were deployed from to Lambda's own, and from there to disk, as parts
of eight MiB on ten threads, each copied several times, as if there were a network in between.
"""

from functools import partial
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported

LARGEST = 5 << 30
"""Bytes of an object that can be put in one piece (Amazon S3 User Guide, "Uploading objects")."""


def install() -> None:
    """Patch the transfers of boto3 and LocalStack's answers in memory when they are imported."""
    when_imported("boto3.s3.inject", in_one_piece)
    when_imported("localstack.aws.client", read_at_once)


def in_one_piece(module: ModuleType) -> None:
    """Let transfers for which nothing else is asked be one request, made by who asks for them.

    Raises TypeError where the module takes no such settings.
    """
    settings = original(module, "TransferConfig", "multipart_threshold", "use_threads")
    replace(module, "TransferConfig", partial(settings, multipart_threshold=LARGEST, use_threads=False))


def read_at_once(module: ModuleType) -> None:
    """Let a reader who wants the whole rest of an answer have it, without 8 KiB at a time being copied out of it.

    Raises TypeError where the module's answers are read otherwise.
    """

    def read_all(read: Any, self: Any, amt: int | None = None) -> bytes | None:
        if amt is not None and amt >= 0:
            some: bytes | None = read(self, amt)
            return some
        rest, self._buf = self._buf or b"", None
        return b"".join((rest, *self.iterator))

    wrap(module, "_ResponseStream.read", read_all)
