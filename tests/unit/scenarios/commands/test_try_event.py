"""`wavetank try`: each line's fate, as the processor would have it, without a stack."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from wavetank.emulator.stack.home import PROJECT_VARIABLE
from wavetank.pipeline import topology
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.trial import Outcome, TrialResult, trial
from wavetank.scenarios.cli import app
from wavetank.scenarios.client.wire import encode_event, newest_schema
from wavetank.scenarios.starter.project import write

CLICK = {"event_id": "a", "event_time": "2026-01-01T00:00:00Z", "campaign": "men", "position": 2}
ENRICH = """
from wavetank.pipeline.enrichment import Drop

def enrich(event, reference):
    if event["position"] == 3:
        return Drop("third")
    if event["position"] == 4:
        raise ValueError("four")
    return event | {"attributes": {"seen": "yes"}}
"""


def tried(tmp_path: Path, *lines: Any, options: tuple[str, ...] = ()) -> tuple[int, list[dict[str, Any]]]:
    file = tmp_path / "lines.ndjson"
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    result = CliRunner().invoke(app, ["try", "click", str(file), "--json", *options])
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_is_told_what_would_become_of_it(tmp_path: Path) -> None:
    far = CLICK | {"event_id": "b", "event_time": "2999-01-01T00:00:00Z"}
    code, documents = tried(tmp_path, CLICK, "", "nonsense", far, CLICK | {"position": "x"})
    assert code == 1
    assert [(each["line"], each["outcome"], each.get("reason")) for each in documents] == [
        (1, "processed", None),
        (3, "rejected", "not-json"),
        (4, "quarantined", "future-time"),
        (5, "rejected", "bad-type"),
    ]
    assert documents[0]["fields"]["advertiser"] == "ZOZOTOWN"


def test_events_that_all_go_on_are_a_success_and_arrive_when_it_is_said(tmp_path: Path) -> None:
    assert tried(tmp_path, CLICK)[0] == 0
    assert tried(tmp_path, CLICK, options=("--arrived", "2025-01-01T00:00:00Z"))[0] == 1


def test_rows_of_a_source_are_pointed_to_the_mapping_of_their_event_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROJECT_VARIABLE, str(write(tmp_path / "mine").folder))
    sample = tmp_path / "mine" / "samples" / "visit.ndjson"
    refused = CliRunner().invoke(app, ["try", "visit", str(sample)])
    assert refused.stderr.splitlines()[-1].endswith("of a source's: --mapping visit")
    assert "--mapping" not in CliRunner().invoke(app, ["try", "visit", str(sample), "--mapping", "visit"]).stderr


def test_standard_input_and_gzip_are_read(tmp_path: Path) -> None:
    data = json.dumps(CLICK).encode()
    (tmp_path / "lines.gz").write_bytes(gzip.compress(data))
    assert CliRunner().invoke(app, ["try", "click", str(tmp_path / "lines.gz")]).exit_code == 0
    given = CliRunner().invoke(app, ["try", "click", "-"], input=data)
    assert given.stdout.startswith('line 1: processed {"event_id": "a"')


def test_neither_aws_nor_localstack_is_imported() -> None:
    """Loading either takes longer than an answer may."""
    program = "import sys, wavetank.pipeline.trial; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) & {"boto3", "botocore", "localstack", "numpy", "pyarrow"} == set()


@pytest.fixture
def result(tmp_path: Path, root: Path) -> Callable[..., TrialResult]:
    """What would become of a click with a position, in a schema folder that is like the checkout's."""
    schemas = tmp_path / "schemas"
    for path in (root / "schemas").rglob("*.*"):
        target = schemas / path.relative_to(root / "schemas")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (schemas / "click" / "enrich.py").write_text(ENRICH)
    (schemas / "click" / "component.toml").write_text('[[rules]]\nfield = "position"\nmaximum = 5\n')
    numbers = count()

    def of(position: int) -> TrialResult:
        record = {"event_id": f"c{next(numbers)}", "event_time": 5, "position": position}
        with trial(topology.load(schemas), "click", tmp_path / "packages") as one:
            return one.result(encode_event(newest_schema(schemas / "click"), record), 5)

    return of


def test_own_code_and_rules_are_run(result: Callable[..., TrialResult], tmp_path: Path) -> None:
    fields = result(1).fields
    assert fields is not None
    assert fields["attributes"] == {"seen": "yes"}
    assert result(3) == TrialResult(Outcome.DROPPED, reason="third")
    raised = result(4)
    assert (raised.reason, raised.message.splitlines()[0]) == ("enrichment-raised", "ValueError: four")
    assert result(6).message == "field position: is at most 5, got 6"
    assert [name for name in sys.modules if name.startswith("wavetank_components")] == []
    assert not any("wavetank-trial-" in path for path in sys.path)


def test_code_that_cannot_be_deployed_is_told_and_nothing_is_tried(
    result: Callable[..., TrialResult], tmp_path: Path
) -> None:
    (tmp_path / "schemas" / "click" / "enrich.py").write_text("def enrich(event): ...\n")
    with pytest.raises(ConfigurationError, match=r"enrich.py, line 1: enrich is called with two arguments"):
        result(1)
