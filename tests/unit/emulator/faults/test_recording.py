"""Calls are told by what is the same in every run, and only functions' calls, and only while that is asked for."""

from fnmatch import fnmatchcase

import pytest

from wavetank.emulator.faults.identity import pattern_of
from wavetank.emulator.faults.recording import FIELDS, RECORDING, Recording

UUID = "0b2c8f0e-5d5a-4a53-9c8e-3a1f0a2b4c6d"
CHUNK = f"chunks/click/2019/11/24/12/wavetank-click-1-2019-11-24-12-00-07-{UUID}"
PART = f"parts/event=click/date=2019-11-24/hour=22/bucket=01/{'ab' * 16}.avro"


def target(**fields: str) -> dict[str, str]:
    return {**dict.fromkeys(FIELDS, ""), "caller": "f", "service": "s3", "operation": "PutObject", **fields}


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        (CHUNK, "chunks/click/*/wavetank-click-*"),
        (PART, "parts/event=click/date=*/hour=*/bucket=*.avro"),
        ("schemas/click/raw/v12.avsc", "schemas/click/raw/v*.avsc"),
        ("schemas/click/index.json", "schemas/click/index.json"),
        ("", ""),
    ],
)
def test_the_pattern_of_a_key_fits_it_and_has_no_part_that_varies(key: str, pattern: str) -> None:
    assert pattern_of(key) == pattern
    assert fnmatchcase(key, pattern)


def test_nothing_is_noted_before_the_start_and_after_the_stop() -> None:
    recording = Recording()
    recording.note(target(key="a"))
    assert recording.seen() == []
    recording.start()
    recording.note(target(key="b"))
    recording.stop()
    recording.note(target(key="c"))
    assert [(site.match["key"], site.times) for site in recording.seen()] == [("b", 1)]


def test_the_calls_of_one_site_are_counted_and_a_new_start_forgets_them() -> None:
    recording = Recording()
    recording.start()
    for key in (PART, PART.replace("22", "23"), CHUNK):
        recording.note(target(key=key))
    assert [site.times for site in recording.seen()] == [2, 1]
    recording.start()
    assert recording.seen() == []


def test_calls_of_nobody_in_particular_are_not_noted() -> None:
    recording = Recording()
    recording.start()
    recording.note(target(caller=""))
    assert recording.seen() == []


def test_nobody_records_unless_asked_to() -> None:
    assert not RECORDING.on
