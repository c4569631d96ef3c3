"""Queries for datapoints, as GetMetricData and alarms have them: statistics of metrics, and expressions over those.

Source: Amazon CloudWatch API Reference, GetMetricData and MetricDataQuery.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wavetank.emulator.cloudwatch.core.calculation import Scope, TimeSeries, Value, calculate
from wavetank.emulator.cloudwatch.core.metrics import MetricId, Metrics
from wavetank.emulator.cloudwatch.core.parsing import ExpressionError, Node, parse
from wavetank.emulator.cloudwatch.core.statistics import statistic

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
SHORT_PERIODS_S = (1, 5, 10, 20, 30)
MINUTE_S = 60

type Stretches = Sequence[tuple[float, float]]
"""Stretches of time in order, each from its beginning to before its end, in seconds since the epoch."""


class QueryError(ValueError):
    """A query that cannot be answered; the message names it."""


@dataclass(frozen=True)
class Stat:
    """A statistic of a metric, over periods of so many seconds; in all units where none is given."""

    metric: MetricId
    period_s: int
    statistic: str
    unit: str | None = None

    def over(self, metrics: Metrics, stretches: Stretches) -> TimeSeries:
        """The datapoints of the stretches that have one, each at its beginning."""
        compute = statistic(self.statistic)
        buckets = metrics.read(self.metric, self.unit, stretches)
        points = {
            start: value
            for (start, _end), bucket in zip(stretches, buckets, strict=True)
            if bucket is not None and (value := compute(bucket)) is not None
        }
        return TimeSeries(points, self.period_s, self.metric.name)


@dataclass(frozen=True)
class Query:
    """A statistic or an expression, with the id that other expressions know it by."""

    id: str
    source: Stat | Node
    label: str | None = None
    returns_data: bool = True


class Queries:
    """Queries that are asked together."""

    def __init__(self, queries: Sequence[Query]) -> None:
        """Raises QueryError where two have one id, or one cannot be worked out."""
        self.queries = tuple(queries)
        self._by_id = {query.id: query for query in queries}
        if len(self._by_id) < len(queries):
            raise QueryError("The values for parameter id in MetricDataQueries are not unique.")
        self.stats = tuple(query.source for query in queries if isinstance(query.source, Stat))

    @staticmethod
    def read(account: str, region: str, given: Sequence[Mapping[str, Any]]) -> "Queries":
        """Queries as the API has them. Raises QueryError, and ExpressionError for an expression that makes no sense."""
        return Queries([_query(account, region, each) for each in given])

    def answer(self, metrics: Metrics, stretches: Callable[[int], Stretches]) -> dict[str, Value]:
        """The value of each query by id; `stretches` are those of a period. Raises QueryError."""
        period_s = min((stat.period_s for stat in self.stats), default=MINUTE_S)
        return _Answer(self, metrics, stretches, [start for start, _end in stretches(period_s)]).all()

    def check(self) -> dict[str, Value]:
        """The value of each query without data, to see of which kind it is. Raises QueryError."""
        return self.answer(Metrics(), lambda _period_s: [(0.0, 1.0)])

    def query(self, id_: str) -> Query | None:
        """The query with an id."""
        return self._by_id.get(id_)


class _Answer:
    """The values of queries, each worked out when the first asks for it."""

    def __init__(
        self, queries: Queries, metrics: Metrics, stretches: Callable[[int], Stretches], times: Sequence[float]
    ) -> None:
        self._queries = queries
        self._metrics = metrics
        self._stretches = stretches
        self._values: dict[str, Value] = {}
        self._open: list[str] = []
        ids = tuple(query.id for query in queries.queries if isinstance(query.source, Stat))
        self._scope = Scope(_Values(self), ids, times)

    def all(self) -> dict[str, Value]:
        return {query.id: self.value(query.id) for query in self._queries.queries}

    def value(self, id_: str) -> Value:
        if id_ not in self._values:
            self._values[id_] = self._compute(id_)
        return self._values[id_]

    def _compute(self, id_: str) -> Value:
        query = self._queries.query(id_)
        assert query is not None
        if isinstance(query.source, Stat):
            return query.source.over(self._metrics, self._stretches(query.source.period_s))
        if id_ in self._open:
            raise QueryError(f"Error in expression '{id_}': it needs its own value, by {' and '.join(self._open)}.")
        self._open.append(id_)
        try:
            value = calculate(query.source, self._scope)
        except ExpressionError as error:
            raise QueryError(f"Error in expression '{id_}': {error}.") from error
        finally:
            self._open.pop()
        return replace(value, label=value.label or id_) if isinstance(value, TimeSeries) else value


class _Values(Mapping[str, Value]):
    """The values of an answer, worked out when they are asked for."""

    def __init__(self, answer: _Answer) -> None:
        self._answer = answer

    def __getitem__(self, id_: str) -> Value:
        return self._answer.value(id_)

    def __contains__(self, id_: object) -> bool:
        return isinstance(id_, str) and self._answer._queries.query(id_) is not None

    def __iter__(self) -> Any:
        return (query.id for query in self._answer._queries.queries)

    def __len__(self) -> int:
        return len(self._answer._queries.queries)


def metric_id(account: str, region: str, given: Mapping[str, Any]) -> MetricId:
    """The identity of a metric as the API has it: Namespace, MetricName, Dimensions."""
    dimensions = sorted((each["Name"], each["Value"]) for each in given.get("Dimensions") or ())
    return MetricId(account, region, given.get("Namespace", ""), given["MetricName"], tuple(dimensions))


def check_period(period_s: int) -> None:
    """Raises QueryError for a period that CloudWatch does not have."""
    if period_s not in SHORT_PERIODS_S and (period_s < MINUTE_S or period_s % MINUTE_S):
        raise QueryError(f"The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, not {period_s}.")


def _query(account: str, region: str, given: Mapping[str, Any]) -> Query:
    id_ = given.get("Id", "")
    if not _ID.fullmatch(id_):
        raise QueryError(f"The id {id_!r} must begin with a lower-case letter; letters, numbers and _ may follow.")
    stat, expression = given.get("MetricStat"), given.get("Expression")
    if (stat is None) == (expression is None):
        raise QueryError(f"The query '{id_}' must have either a MetricStat or an Expression.")
    source: Stat | Node
    if expression is not None:
        try:
            source = parse(expression)
        except ExpressionError as error:
            raise QueryError(f"Error in expression '{id_}': {error}.") from error
    else:
        assert stat is not None
        owner = given.get("AccountId") or account
        source = read_stat(metric_id(owner, region, stat["Metric"]), stat["Period"], stat["Stat"], stat.get("Unit"))
    return Query(id_, source, given.get("Label"), returns_data=given.get("ReturnData", True) is not False)


def read_stat(metric: MetricId, period_s: Any, name: str, unit: str | None) -> Stat:
    """A statistic of a metric. Raises QueryError for a period or a statistic that CloudWatch does not have."""
    check_period(int(period_s))
    try:
        statistic(name)
    except ValueError as error:
        raise QueryError(f"The statistic {error}.") from error
    return Stat(metric, int(period_s), name, unit)
