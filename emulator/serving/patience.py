"""How long a client may keep a connection waiting.

These are seconds of the wall clock, not of the emulator's: they are between the stack and a program that is there, or
is not. A request that is complete may be worked on for as long as that takes, and its answer may be read for as long as
a function may run.
"""

import struct
from dataclasses import dataclass

from wavetank.emulator.serving.requests import Stage


@dataclass(frozen=True)
class Patience:
    """Seconds that a server waits, and what a body has to bring in them.

    idle_s: for the next request; as AWS's load balancers do.
    head_s: for a head, from its first byte to its last.
    silence_s: for the next bytes of a body. Amazon S3 waits less and answers with RequestTimeout.
    body_bytes_per_s: what a body has to bring once `silence_s` have passed, so that dripping is not silence.
    unread_s: for a client that does not read its answer; the longest that a Lambda function may take to do so.
    linger_s, linger_silence_s, linger_bytes: for what a client still sends that was refused and has yet to read it.
    """

    idle_s: float = 60.0
    head_s: float = 60.0
    silence_s: float = 60.0
    body_bytes_per_s: float = 500.0
    unread_s: float = 900.0
    linger_s: float = 30.0
    linger_silence_s: float = 5.0
    linger_bytes: int = 1 << 30

    def left_s(self, stage: Stage, elapsed_s: float, body_bytes: int) -> float:
        """How long the next bytes may take, of a request that is at `stage` since `elapsed_s`; 0 or less: too long."""
        match stage:
            case Stage.BETWEEN:
                return self.idle_s
            case Stage.HEAD:
                return self.head_s - elapsed_s
            case Stage.BODY:
                return min(self.silence_s, self.silence_s + body_bytes / self.body_bytes_per_s - elapsed_s)


USUAL = Patience()


def timeval(seconds: float) -> bytes:
    """A duration as SO_RCVTIMEO and SO_SNDTIMEO take it (socket(7)); a duration of 0 would be for ever."""
    micros = max(int(seconds * 1_000_000), 1000)
    return struct.pack("ll", *divmod(micros, 1_000_000))
