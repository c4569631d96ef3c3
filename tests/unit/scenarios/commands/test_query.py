"""`wavetank query | head` end with an exit code and a sentence, whatever is at rest."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.unit.scenarios.client.test_fitting import UTC_MS, at_rest
from tests.unit.scenarios.client.test_warehouse import NEW, OLD, rested
from wavetank.scenarios.client.warehouse import Warehouse
from wavetank.scenarios.commands import query
from wavetank.scenarios.commands.query import FAILED

Asked = Callable[..., Result]
NANOS = pa.array([-(2**63) + 1, 1_577_836_800_123_456_789], pa.int64()).view(pa.timestamp("ns"))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A runner of the commands over a folder that stands for the bucket."""
    at_rest(tmp_path, OLD, "old", x=pa.array([2**62], pa.int64()).view(UTC_MS), nanos=NANOS[:1])
    at_rest(tmp_path, NEW, "new", x=pa.array([0], pa.int64()).view(UTC_MS), nanos=NANOS[1:])
    monkeypatch.setattr(query, "connect", lambda *_: None)
    monkeypatch.setattr(
        Warehouse, "of", classmethod(lambda _, stack, names, *, strict: rested(tmp_path, strict=strict))
    )
    commands = typer.Typer()
    query.register(commands)
    return lambda *arguments: CliRunner().invoke(commands, arguments)


def test_a_query_over_a_value_that_duckdb_has_none_for_ends_with_a_sentence(asked: Asked) -> None:
    ran = asked("query", "select * from ping")
    assert ran.exit_code == FAILED
    assert isinstance(ran.exception, SystemExit)
    assert ran.stderr.startswith(f"error: {OLD}: column x has a time that DuckDB has no value for")


@pytest.mark.parametrize("form", ["--json", "--csv", "--limit=5"])
def test_nanoseconds_and_times_at_the_ends_of_a_long_are_shown(asked: Asked, form: str) -> None:
    texts = ["-infinity", "2020-01-01T00:00:00.123456789"]
    ran = asked("query", "select nanos from ping order by 1", form)
    assert ran.exit_code == 0
    assert all(text in ran.stdout for text in texts)
    head = asked("head", "ping", "--json")
    assert head.exit_code == 0
    assert [row["nanos"] for row in json.loads(head.stdout)] == texts
