"""A line of a log is read into the same fields, whatever format it is in."""

import json
from typing import Any

import pytest

from wavetank.scenarios.observability.log_lines import Level, LineParser, LogChoice, LogLine, event_type_of

REQUEST = "8e9c1b7a-6f0e-4c3e-9a57-0c1d2e3f4a5b"
OTHER = "11111111-2222-3333-4444-555555555555"


def line(text: str, stream: str = "s", parser: LineParser | None = None) -> LogLine:
    return (parser or LineParser("f")).parse({"timestamp": 1, "message": text, "logStreamName": stream, "eventId": "1"})


def as_json(**fields: Any) -> str:
    return json.dumps(fields)


@pytest.mark.parametrize(
    ("text", "level", "message", "named"),
    [
        (as_json(level="WARNING", message="set-aside", requestId=REQUEST), Level.WARN, "set-aside", REQUEST),
        (as_json(level="CRITICAL", message="no", requestId=REQUEST), Level.FATAL, "no", REQUEST),
        (as_json(level="INFO", message="a", function_request_id=REQUEST), Level.INFO, "a", REQUEST),
        (as_json(errorType="KeyError", errorMessage="'a'", requestId=REQUEST), None, "KeyError: 'a'", REQUEST),
        (as_json(type="platform.start", record={"requestId": REQUEST}), None, "platform.start ", REQUEST),
        (
            as_json(type="platform.report", record={"requestId": REQUEST, "status": "timeout"}),
            Level.ERROR,
            "platform.report status timeout",
            REQUEST,
        ),
        (f"[ERROR]\t2026-11-30T17:00:00.000Z\t{REQUEST}\tlost it\n  at sea", Level.ERROR, "lost it\n  at sea", REQUEST),
        ("[ERROR] ValueError: no\nTraceback", Level.ERROR, "[ERROR] ValueError: no\nTraceback", ""),
        (f"START RequestId: {REQUEST} Version: 1", None, f"START RequestId: {REQUEST} Version: 1", REQUEST),
        (f"x RequestId: {REQUEST} Task timed out", Level.ERROR, f"x RequestId: {REQUEST} Task timed out", REQUEST),
        ("INIT_REPORT Status: timeout", Level.WARN, "INIT_REPORT Status: timeout", ""),
        ("REPORT Status: timeout", Level.ERROR, "REPORT Status: timeout", ""),
        ("plain", None, "plain", ""),
        ('{"cut": ', None, '{"cut": ', ""),
        ('{"level": 7}', None, "", ""),
    ],
)
def test_a_line_has_level_message_and_request(text: str, level: Level | None, message: str, named: str) -> None:
    read = line(text)
    assert (read.level, read.message, read.request_id) == (level, message, named)


def test_a_line_of_text_is_of_the_request_that_began_last_in_its_stream() -> None:
    parser = LineParser("f")
    texts = [
        ("before", "a", ""),
        (f"START RequestId: {REQUEST} Version: 1", "a", REQUEST),
        (as_json(type="platform.start", record={"requestId": OTHER}), "b", OTHER),
        ("of one", "a", REQUEST),
        ("of the other", "b", OTHER),
        (f"REPORT RequestId: {REQUEST}\tDuration: 1 ms", "a", REQUEST),
        ("after", "a", ""),
    ]
    assert [line(text, stream, parser).request_id for text, stream, _ in texts] == [request for _, _, request in texts]


def test_a_processors_lines_are_of_its_event_type_and_others_of_the_one_they_name() -> None:
    assert event_type_of("wavetank-ad-click-processor", "wavetank") == "ad-click"
    assert event_type_of("wavetank-partitioner", "wavetank") == ""
    assert line("text", parser=LineParser("f", "click")).event_type == "click"
    assert line(as_json(event_type="view", message="")).event_type == "view"


@pytest.mark.parametrize(
    ("choice", "taken"),
    [
        (LogChoice(), "abcd"),
        (LogChoice(event_type="click"), "ab"),
        (LogChoice(level=Level.INFO), "abd"),
        (LogChoice(level=Level.ERROR), "b"),
        (LogChoice(requests=frozenset({REQUEST})), "ac"),
        (LogChoice(requests=frozenset({REQUEST}), text="d"), "acd"),
        (LogChoice(requests=frozenset({REQUEST}), level=Level.INFO), "a"),
    ],
)
def test_a_choice_takes_lines_that_are_all_it_asks_for(choice: LogChoice, taken: str) -> None:
    lines = [
        LogLine(1, "f", "a", event_type="click", request_id=REQUEST),
        LogLine(1, "f", "b", event_type="click", level=Level.ERROR),
        LogLine(1, "f", "c", level=Level.DEBUG, request_id=REQUEST),
        LogLine(1, "f", "d", level=Level.INFO),
    ]
    assert "".join(each.text for each in lines if choice.takes(each)) == taken


def test_what_a_line_says_elsewhere_is_not_said_twice() -> None:
    read = line(as_json(level="INFO", message="invocation", requestId=REQUEST, function="f", received=3))
    assert read.extra == {"received": 3}
