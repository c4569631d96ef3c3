"""Metric math as text: the ids in an expression, and the same expression among those of other charts. Pure.

One request for many charts needs ids that are unique in all of them, while each chart has ids of its own, and
`METRICS()` means the metrics of its chart. Source: CloudWatch user guide, "Using math expressions with CloudWatch
metrics".
"""

import re
from collections.abc import Iterator, Sequence

_PIECES = re.compile(
    r"""METRICS\(\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')?\s*\)   # the metrics of the chart
      | "[^"]*" | '[^']*'                                               # a text
      | (?<![A-Za-z0-9_.])(?P<id>[a-z][A-Za-z0-9_]*)""",
    re.VERBOSE,
)


def ids_in(expression: str) -> Iterator[str]:
    """The ids that an expression reads: words that begin with a lower-case letter, outside of quotes."""
    return (match["id"] for match in _PIECES.finditer(expression) if match["id"])


def renamed(expression: str, prefix: str, metrics: Sequence[str]) -> str:
    """The expression with this prefix before every id, and `METRICS()` written out.

    metrics: the ids of the chart's metrics, without the prefix. `METRICS("x")` are those with x in their id.
    """

    def piece(match: re.Match[str]) -> str:
        if match["id"]:
            return f"{prefix}{match['id']}"
        if not match[0].startswith("METRICS"):
            return match[0]
        part = match["double"] or match["single"] or ""
        return f"[{','.join(f'{prefix}{name}' for name in metrics if part in name)}]"

    return _PIECES.sub(piece, expression)
