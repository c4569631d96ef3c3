"""Entries of an index as people name them: by number, by digest, by a time. Pure."""

import re
from datetime import datetime

from wavetank.emulator.errors import CallerError
from wavetank.pipeline.reference.index import BEGINNING_US, SECOND_US, Entry, Index, NoSnapshot
from wavetank.scenarios.client.reference.words import time_of

NUMBER = re.compile(r"\d{1,5}")
DIGEST = re.compile(r"[0-9a-f]{6,64}")


def by_word(index: Index, word: str) -> Entry | None:
    """The entry of that number (the oldest that is kept is 1), or whose digest begins so; None for any other word.

    Of several entries with one digest it is the newest. Raises CallerError for a number that is none, and for the
    beginning of several digests.
    """
    entries = index.entries
    if NUMBER.fullmatch(word):
        if not 1 <= int(word) <= len(entries):
            raise CallerError(f"there is no entry {word}.", f"There are the entries 1 to {len(entries)}.")
        return entries[int(word) - 1]
    if not DIGEST.fullmatch(word):
        return None
    digests = {entry.digest for entry in entries if entry.digest.startswith(word)}
    if len(digests) > 1:
        raise CallerError(f"{len(digests)} digests begin with {word}.", "Give more of the one that is meant.")
    return next((entry for entry in reversed(entries) if entry.digest in digests), None)


def at_time(index: Index, time: datetime) -> Entry:
    """The entry in effect at a time. Raises CallerError where none is."""
    try:
        return index.as_of(round(time.timestamp() * SECOND_US), "")
    except NoSnapshot as error:
        first = time_of(index.entries[0].from_us)
        raise CallerError(
            f"nothing is kept of {time:%Y-%m-%dT%H:%M:%SZ}.", f"The oldest entry is of {first}."
        ) from error


def effect(entry: Entry, now_us: int) -> str:
    """Since or from when an entry is in effect, in words; to the second, rounded up."""
    whole_us = -(-entry.from_us // SECOND_US) * SECOND_US
    if entry.from_us == BEGINNING_US:
        return "in effect from the beginning"
    if entry.from_us <= now_us:
        return f"in effect since {time_of(whole_us)}"
    return f"in effect from {time_of(whole_us)}, in {-(-(entry.from_us - now_us) // SECOND_US):,} s"
