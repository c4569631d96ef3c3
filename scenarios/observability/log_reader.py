"""The logs of functions, read together from CloudWatch Logs, in the order of time.

FilterLogEvents gives pages of at most 10,000 lines or 1 MB, some of them empty (Amazon CloudWatch Logs API reference):
of every log group one page is read ahead, so that several groups are asked at once and memory is bounded.
"""

import heapq
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wavetank.pipeline.names import log_group
from wavetank.scenarios.observability.log_lines import LineParser, LogChoice, LogLine, event_type_of

GROUPS_AT_ONCE = 8
HOUR_MS = 3_600_000
WIDER = 8
"""The last lines are looked for in one hour, then in so many times as much, and so on."""
WIDEST_MS = HOUR_MS * WIDER**6
"""Some thirty years: then from the beginning."""
OVERLAP_MS = 5_000
"""How far behind the newest line others may still arrive: logs are delivered in batches."""
LOCAL_PAUSE_S = 0.3
CALLS_PER_S = 5
"""While lines are followed; an account has 5 FilterLogEvents a second in small regions (CloudWatch Logs quotas)."""

Page = Sequence[Mapping[str, Any]]


class LogReader:
    """A reader of the log groups of some functions; `prefix` is that of their stage's names.

    A function that has not run yet has no log group, and no lines.
    """

    def __init__(self, logs: Any, functions: Iterable[str], prefix: str) -> None:
        self._logs = logs
        self._functions = tuple(functions)
        self._prefix = prefix

    def lines(self, choice: LogChoice, since_ms: int = 0, until_ms: int | None = None) -> Iterator[LogLine]:
        """The lines of a choice from `since_ms` to `until_ms` (since the epoch, both included), by time."""
        functions = [name for name in self._functions if self._may_have(name, choice)]
        with ThreadPoolExecutor(GROUPS_AT_ONCE, thread_name_prefix="logs") as pool:
            try:
                span = {"startTime": max(since_ms, 0)} | ({} if until_ms is None else {"endTime": until_ms})
                logs = [self._ahead(pool, name, choice, span) for name in functions]
                yield from heapq.merge(*logs, key=lambda line: line.time_ms)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def last(self, count: int, choice: LogChoice, now_ms: int, since_ms: int = 0) -> list[LogLine]:
        """The last lines of a choice, by time; it is looked back no further than these need, or to `since_ms`."""
        reach = HOUR_MS
        while count:
            start_ms = max(since_ms, now_ms - reach if reach < WIDEST_MS else 0)
            lines = deque(self.lines(choice, start_ms), maxlen=count)
            if len(lines) >= count or start_ms <= since_ms:
                return list(lines)
            reach *= WIDER
        return []

    def follow(self, choice: LogChoice, newest_ms: int | None, now_ms: int, pause_s: float) -> Iterator[LogLine]:
        """The lines that come, without end, each once.

        newest_ms: the time of the newest line that was read, up to which all is known; None for all that there is.
        """
        newest = now_ms if newest_ms is None else newest_ms
        known = self.lines(choice, newest - OVERLAP_MS, newest_ms)
        seen = {(line.function, line.number): line.time_ms for line in known}
        while True:
            for line in self.lines(choice, newest - OVERLAP_MS):
                if (line.function, line.number) not in seen:
                    seen[line.function, line.number] = line.time_ms
                    newest = max(newest, line.time_ms)
                    yield line
            seen = {name: at for name, at in seen.items() if at >= newest - OVERLAP_MS}
            time.sleep(pause_s)

    def pause_s(self, *, local: bool) -> float:
        """How long to wait between two looks for new lines: on AWS an account has few calls a second."""
        return LOCAL_PAUSE_S if local else max(1.0, len(self._functions) / CALLS_PER_S)

    def _may_have(self, function: str, choice: LogChoice) -> bool:
        return choice.event_type is None or event_type_of(function, self._prefix) in ("", choice.event_type)

    def _ahead(
        self, pool: ThreadPoolExecutor, function: str, choice: LogChoice, span: Mapping[str, Any]
    ) -> Iterator[LogLine]:
        """The lines of one function, of which a page is read while the one before is taken."""
        parser = LineParser(function, event_type_of(function, self._prefix))
        if choice.requests is not None:
            pages: Iterator[Page] = self._of_requests(function, choice, span)
        else:
            pages = self._pages(function, span, choice.text)
        coming = pool.submit(next, pages, None)

        def taken() -> Iterator[LogLine]:
            ahead = coming
            while (page := ahead.result()) is not None:
                ahead = pool.submit(next, pages, None)
                yield from (line for entry in page if choice.takes(line := parser.parse(entry)))

        return taken()

    def _pages(self, function: str, span: Mapping[str, Any], text: str | None = None) -> Iterator[Page]:
        where: dict[str, Any] = {"logGroupName": log_group(function), "interleaved": True, **span}
        if text and '"' not in text:
            where["filterPattern"] = f'"{text}"'
        try:
            for page in self._logs.get_paginator("filter_log_events").paginate(**where):
                yield page["events"]
        except self._logs.exceptions.ResourceNotFoundException:
            return

    def _of_requests(self, function: str, choice: LogChoice, span: Mapping[str, Any]) -> Iterator[Page]:
        """The lines of the streams that name a request, while it was served: its lines of text need not name it."""
        spans: dict[str, tuple[int, int]] = {}
        named: list[Mapping[str, Any]] = []
        for text in sorted(choice.requests or ()) + ([choice.text] if choice.text else []):
            for page in self._pages(function, span, text):
                named += page
        for entry in named:
            first, last = spans.get(entry["logStreamName"], (entry["timestamp"], entry["timestamp"]))
            spans[entry["logStreamName"]] = min(first, entry["timestamp"]), max(last, entry["timestamp"])
        lines: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for stream, (first, last) in spans.items():
            during = {"logStreamNames": [stream], "startTime": first, "endTime": last}
            for page in self._pages(function, during):
                lines[stream] += page
        yield list(heapq.merge(*lines.values(), key=lambda entry: int(entry["timestamp"])))
