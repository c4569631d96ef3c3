"""The producer's own log: what it was given and is not acknowledged, so that nothing is lost when it or the stack ends.

A file of JSON lines, written before what it tells happens:

    {"source": …, "retain": true|false}                 what is fed; a journal belongs to one source
    {"read": n}                                         so many lines of it were taken, and none of them waits
    {"kept": n, "stream": …, "key": …, "data": …, "original": …}   the n-th waits for its acknowledgement
    {"done": [n, …]}                                    these are acknowledged
    {"rewound": true}                                   nothing is: the stack has lost what it had taken

Closed in order it is written anew with what still waits, and where it retains what is acknowledged with that too.
Killed, it is read as far as it was written; what was acknowledged after that is sent a second time, as every hop
delivers at least once.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from wavetank.scenarios.client.batches import Message


class JournalError(Exception):
    """A journal that cannot be used; the message says why and what to do."""


@dataclass
class Contents:
    """What a journal says: the source, how far it was read, and by number what is kept and what of that is done.

    retain: whether what is done is kept, too.
    """

    source: str
    retain: bool = False
    read: int = 0
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)

    @classmethod
    def of_file(cls, path: Path, *, retain: bool = False) -> "Contents":
        """The contents of the file, as far as it was wholly written. Raises JournalError, OSError.

        retain: what is done is kept, also where the journal was begun without.
        """
        entries = _entries(path)
        first = next(entries, {})
        if "source" not in first:
            raise JournalError(f"{path} is not a journal; name another file.")
        contents = cls(first["source"], retain or first.get("retain") is True)
        for entry in entries:
            match entry:
                case {"read": int(number)}:
                    contents.read = max(contents.read, number)
                case {"kept": int(number)}:
                    contents.read = max(contents.read, number)
                    contents.kept[number] = entry
                case {"done": list(numbers)}:
                    contents.forget(numbers)
                case {"rewound": True}:
                    contents.done.clear()
                case _:
                    raise JournalError(f"{path} is damaged: {json.dumps(entry)[:80]}")
        return contents

    def forget(self, numbers: Iterable[int]) -> None:
        """They do not wait any more."""
        if self.retain:
            self.done.update(numbers)
            return
        for number in numbers:
            self.kept.pop(number, None)

    def message(self, number: int) -> Message:
        """The message with that number, which is kept."""
        entry = self.kept[number]
        return Message(entry["stream"], entry["key"], base64.b64decode(entry["data"]))


class Journal:
    """The journal of `source` in the file `path`, which need not exist. Raises JournalError for another source's.

    retain: what is acknowledged stays in it, so that `rewind` can have it sent again; it grows with all that is fed.
    A journal that was begun so goes on so.
    """

    def __init__(self, path: Path, source: str, *, retain: bool = False) -> None:
        self.path = path
        self._contents = Contents.of_file(path, retain=retain) if path.exists() else Contents(source, retain)
        if self._contents.source != source:
            raise JournalError(f"{path} is the journal of {self._contents.source}, not of {source}.")
        self._out = self._rewritten()

    @property
    def read(self) -> int:
        """So many lines of the source were taken."""
        return self._contents.read

    @property
    def retain(self) -> bool:
        """Whether what is acknowledged stays in it."""
        return self._contents.retain

    def waiting(self) -> list[tuple[int, Message, bytes]]:
        """The messages that are not acknowledged, with their number and with what each was made of."""
        contents = self._contents
        return [
            (number, contents.message(number), base64.b64decode(entry["original"]))
            for number, entry in sorted(contents.kept.items())
            if number not in contents.done
        ]

    def passed(self, number: int) -> None:
        """The `number`-th line was read, and there is nothing to send."""
        self._contents.read = max(self.read, number)
        self._write({"read": number})

    def keep(self, number: int, message: Message, original: bytes) -> None:
        """The `number`-th line is about to be sent. Raises OSError where that cannot be written down."""
        entry = {
            "kept": number,
            "stream": message.stream,
            "key": message.key,
            "data": base64.b64encode(message.data).decode("ascii"),
            "original": base64.b64encode(original).decode("ascii"),
        }
        self._contents.read = max(self.read, number)
        self._contents.kept[number] = entry
        self._write(entry)

    def acknowledge(self, numbers: Iterable[int]) -> None:
        """These need not be sent again."""
        done = [number for number in numbers if number in self._contents.kept]
        if done:
            self._contents.forget(done)
            self._write({"done": done})

    def rewind(self) -> None:
        """Let all that was ever kept wait again. Raises JournalError where it was not retained."""
        if not self.retain:
            raise JournalError(f"{self.path} has not retained what is acknowledged.")
        self._contents.done.clear()
        self._write({"rewound": True})

    def close(self) -> None:
        """Leave only what waits in the file."""
        self._out.close()
        self._rewritten().close()

    def _write(self, entry: dict[str, Any]) -> None:
        self._out.write(json.dumps(entry) + "\n")
        self._out.flush()

    def _rewritten(self) -> IO[str]:
        """The file, opened to go on, with what waits now; it takes the place of the old one in one step."""
        draft = self.path.with_name(self.path.name + ".draft")
        out = draft.open("w", encoding="utf-8")
        head, contents = {"source": self._contents.source, "retain": self.retain}, self._contents
        for entry in (head, {"read": self.read}, *contents.kept.values(), {"done": sorted(contents.done)}):
            out.write(json.dumps(entry) + "\n")
        out.flush()
        draft.replace(self.path)
        return out


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of the file as far as they were wholly written."""
    with path.open("rb") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                return
            if not isinstance(entry, dict) or not line.endswith(b"\n"):
                return
            yield entry
