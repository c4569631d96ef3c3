"""`wavetank logs` and `wavetank query "… from logs"`: the logs of all functions, together."""

import json
import uuid
from itertools import islice

import pytest

from tests.e2e.commands import Ran, wavetank
from tests.e2e.log_lines import invocation, put_lines
from wavetank.emulator.stack.stack import EmbeddedStack, Stack
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.observability.log_lines import LogChoice
from wavetank.scenarios.observability.log_reader import LogReader
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

CLICK, IMPRESSION = NAMES.processor("click"), NAMES.processor("impression")


@pytest.fixture(scope="module")
def mark() -> str:
    """A word that only the lines of this module have."""
    return f"mark-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def requests() -> tuple[str, str]:
    """The ids of two requests."""
    return str(uuid.uuid4()), str(uuid.uuid4())


@pytest.fixture(scope="module")
def logged(deployed: EmbeddedStack, mark: str, requests: tuple[str, str]) -> EmbeddedStack:
    """A stack on which functions have logged, in JSON and in text, now and half an hour ago."""
    first, second = requests
    put_lines(deployed, CLICK, invocation(CLICK, "click", first, received=3, note=mark))
    put_lines(
        deployed,
        NAMES.concatenator,
        f"START RequestId: {second} Version: $LATEST",
        f"[ERROR]\t2026-11-30T17:00:00.000Z\t{second}\t{mark} could not be merged\nTraceback",
        f"{mark} printed",
        f"REPORT RequestId: {second}\tDuration: 1.00 ms",
    )
    put_lines(deployed, NAMES.concatenator, json.dumps({"level": "DEBUG", "message": mark, "event_type": "click"}))
    put_lines(deployed, IMPRESSION, f"{mark} of old", age_s=1800)
    deployed.settle()
    return deployed


def run(stack: Stack, *arguments: str) -> Ran:
    return wavetank(stack.endpoint_url, *arguments)


def marked(stack: EmbeddedStack, mark: str, *arguments: str) -> list[str]:
    """The functions of the marked lines that `wavetank logs` prints, in their order."""
    lines = [json.loads(line) for line in run(stack, "logs", "--json", *arguments).stdout.splitlines()]
    return [line["function"] for line in lines if mark in json.dumps(line)]


def test_the_logs_of_all_functions_come_together_by_time(logged: EmbeddedStack, mark: str) -> None:
    assert marked(logged, mark, "-n", "100000") == [IMPRESSION, CLICK, *[NAMES.concatenator] * 3]
    times = [json.loads(line)["time"] for line in run(logged, "logs", "--json", "--since", "1h").stdout.splitlines()]
    assert times == sorted(times)


def test_lines_are_chosen_by_what_they_are(logged: EmbeddedStack, mark: str, requests: tuple[str, str]) -> None:
    of_click = ("--event-type", "click", "--since", "1h")
    assert marked(logged, mark, *of_click) == [CLICK, NAMES.concatenator]
    assert marked(logged, mark, *of_click, "--level", "info") == [CLICK]
    assert marked(logged, mark, "--level", "error", "--since", "1h") == [NAMES.concatenator]
    assert marked(logged, mark, "--request", requests[0]) == [CLICK]
    assert marked(logged, mark, "--since", "10m", "--function", "impression-processor") == []
    assert marked(logged, mark, "--since", "1h", "--function", "impression-processor") == [IMPRESSION]


def test_what_was_printed_during_a_request_is_of_it(
    logged: EmbeddedStack, mark: str, requests: tuple[str, str]
) -> None:
    lines = run(logged, "logs", "--request", requests[1], "--json").stdout.splitlines()
    assert [json.loads(line)["message"].split()[0] for line in lines] == ["START", mark, mark, "REPORT"]


def test_lines_are_told_in_words(logged: EmbeddedStack, mark: str) -> None:
    ran = run(logged, "logs", "--since", "1h", "--level", "info")
    assert f"  INFO   {CLICK}  invocation  received=3 note={mark}\n" in ran.stdout
    assert f"  ERROR  {NAMES.concatenator}  {mark} could not be merged\n    Traceback\n" in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("--level", "loud"), "trace, debug, info, warn, error, fatal"),
        (("--since", "yesterday"), "neither a time"),
        (("--request", 'a"b'), "no request id"),
        (("--stack", "--level", "info"), "it is no log of functions"),
    ],
)
def test_a_choice_that_makes_no_sense_is_wrong_usage(
    deployed: EmbeddedStack, arguments: tuple[str, ...], rule: str
) -> None:
    ran = run(deployed, "logs", *arguments)
    assert ran.exit_code == 2
    assert rule in ran.stderr


def test_lines_that_come_are_followed_each_once(deployed: EmbeddedStack, mark: str) -> None:
    function = f"wavetank-{mark}"
    put_lines(deployed, function, "one", "two")
    reader, choice = LogReader(deployed.client("logs"), [function, "wavetank-never-ran"], "wavetank"), LogChoice()
    [last] = reader.last(1, choice, 2**42)
    assert last.text == "two"
    coming = reader.follow(choice, last.time_ms, last.time_ms, 0.0)
    put_lines(deployed, function, "three", "four")
    assert [line.text for line in islice(coming, 2)] == ["three", "four"]
    put_lines(deployed, function, "five")
    assert next(coming).text == "five"


def test_more_lines_than_a_page_holds_are_all_read(deployed: EmbeddedStack, mark: str) -> None:
    function = f"wavetank-many-{mark}"
    for batch in range(3):
        put_lines(deployed, function, *(f"{batch} {number}" for number in range(4_000)), age_s=600 - batch * 100)
    lines = list(LogReader(deployed.client("logs"), [function], "wavetank").lines(LogChoice()))
    assert [line.text for line in lines] == [f"{batch} {number}" for batch in range(3) for number in range(4_000)]


def test_sql_is_asked_over_the_lines_of_a_time_span(logged: EmbeddedStack, mark: str) -> None:
    sql = (
        f"select function, event_type, level, (line->>'received')::int as n from logs where line::text like '%{mark}%'"
    )
    rows = run(logged, "query", f"{sql} and level = 'INFO'", "--since", "1h", "--json").document
    assert rows == [{"function": CLICK, "event_type": "click", "level": "INFO", "n": 3}]
    counted = f"select function, count(*) as n from logs where message like '%{mark}%' group by all order by 1"
    assert run(logged, "query", counted, "--since", "10m", "--json").document == [
        {"function": NAMES.concatenator, "n": 3}
    ]
    assert len(run(logged, "query", counted, "--since", "1h", "--json").document) == 2


def test_logs_are_joined_with_themselves_and_with_events(logged: EmbeddedStack, mark: str) -> None:
    both = f"select count(*) as n from logs a join logs b using (time, function, line) where a.message like '%{mark}%'"
    ran = run(logged, "query", both, "--json")
    assert ran.document == [{"n": 4}], ran.stderr
    ran = run(logged, "query", "select * from logs, no_such_view", "--json")
    assert ran.exit_code == 1
    assert "no_such_view" in ran.stderr


def test_logs_are_read_only_for_a_query_that_names_them(deployed: EmbeddedStack) -> None:
    ran = run(deployed, "query", "select 1 as logs", "--since", "1h")
    assert ran.exit_code == 2
    assert "about logs, which the query does not name" in ran.stderr


def test_an_event_type_that_is_called_logs_keeps_its_view(site: Site) -> None:
    key = "parquet/event=logs/date=2025-01-01/hour=00/bucket=00/events.parquet"
    site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=b"junk")
    ran = run(site.stack, "query", "select * from logs")
    assert ran.exit_code == 1
    assert f"{key} is left out" in ran.stderr
