"""The drills hold on a real stack, and a drill whose faults did nothing is not called a pass."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.commands import drill as drill_command
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.oracle.history import from_lines
from wavetank.scenarios.oracle.ledger import draw_up
from wavetank.scenarios.run.parallel import Controls, hold
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.observer import model_of, observe
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.spec.nemeses.schemas import SchemaOverwritten
from wavetank.scenarios.spec.steps import ALL_LANDED, Age, Expect, Look, Scope, Settle
from wavetank.scenarios.workload.source import draw
from wavetank.scenarios.workload.workload import Workload

pytestmark = pytest.mark.stack

SEED = 11
CONTROLS = Controls()
"""The control of a workload is run once for all tests."""
SMALL = Workload(events=60, hours=1, portions=1)
NEVER = Fault("never", Point.S3_NOTIFICATION, Action.DROP, {"key": "no-such-key"})


TRIED = ("control", "dropped-notifications", "duplicates", "schema-overwrite")
"""Some of those that `make drill` runs; `make drills` runs the whole catalogue."""


@pytest.fixture(scope="module")
def site(stack: EmbeddedStack) -> Site:
    """The pipeline on this worker's stack; every run empties its data bucket."""
    return Site.deployed_on(stack)


@pytest.fixture(scope="module")
def runner(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """One runner for all tests."""
    return Runner(site, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def reports(runner: Runner) -> Mapping[str, Report]:
    """Some drills of the catalogue, each run once."""
    drills = [catalogue()[name] for name in TRIED]
    return {report.name: report for report in hold([runner], drills, SEED, CONTROLS)}


def last(reports: Iterable[Report]) -> Report:
    """The report of a drill, whose control may come before it."""
    return list(reports)[-1]


@pytest.mark.parametrize("name", TRIED)
def test_a_drill_of_the_catalogue_passes_and_all_its_nemeses_struck(reports: Mapping[str, Report], name: str) -> None:
    report = reports[name]
    assert [f"{finding.checker}: {finding.detail}" for finding in report.not_passed] == []
    assert report.verdict is Verdict.PASS
    assert set(report.fired) == {nemesis.id for nemesis in catalogue()[name].nemeses}
    assert all(times > 0 for times in report.fired.values())


def test_the_control_is_run_once_for_all_drills_of_one_workload(reports: Mapping[str, Report]) -> None:
    assert next(iter(reports)) == "control"
    workloads = {catalogue()[name].workload for name in TRIED}
    assert len(reports) == len(set(TRIED) - {"control"}) + len(workloads)


def test_every_event_of_every_type_landed_in_every_drill(reports: Mapping[str, Report], site: Site) -> None:
    definitions = {name: route.schema.definition for name, route in site.routes.items()}
    for report in reports.values():
        assert set(report.judgement.ledger) == {"impression", "click", "conversion"}
        totals, workload = report.totals, catalogue()[report.name.removeprefix("control of ")].workload
        ids = {(event.event_type, event.event_id) for event in draw(workload, SEED, definitions).events}
        assert totals.attempted == totals.acknowledged == totals.landed == len(ids)


def test_the_quarantine_keeps_what_landed_after_a_redrive_but_the_ledger_does_not_count_it(
    reports: Mapping[str, Report],
) -> None:
    report = reports["schema-overwrite"]
    clicks = report.judgement.ledger["click"].ledger
    assert report.fired["schema-overwritten"] == clicks.landed > 0
    assert clicks.quarantined == 0


def test_a_kept_history_tells_the_same_ledger_again(runner: Runner, site: Site) -> None:
    report = last(
        hold([runner], [Drill("kept", "It is written down.", (ProducerRepeats(0.1),), workload=SMALL)], SEED, CONTROLS)
    )
    with (report.folder / "history.jsonl").open() as lines:
        history = from_lines(lines)
    entries = draw_up(history, observe(site), model_of(site))
    kept = json.loads((report.folder / "report.json").read_text())
    assert kept["ledger"] == {name: entry.ledger.counts() for name, entry in entries.items()}


def test_a_fault_that_never_fires_makes_a_drill_inconclusive(runner: Runner) -> None:
    report = last(hold([runner], [Drill("silent", "Nothing happens.", (NEVER,), workload=SMALL)], SEED, CONTROLS))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [finding.checker for finding in report.not_passed] == ["faults-fired"]


def test_harm_that_was_expected_and_did_not_happen_makes_a_drill_inconclusive(runner: Runner) -> None:
    look = Look("midway", (Expect("duplicated", at_least=1),), precondition=True)
    drill = Drill("harmless", "Nothing happens.", (ProducerRepeats(0.1),), (look,), workload=SMALL)
    report = last(hold([runner], [drill], SEED, CONTROLS))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert [finding.checker for finding in report.not_passed] == ["looks"]


def test_events_left_in_quarantine_make_a_drill_fail(runner: Runner) -> None:
    """The schema-overwrite drill without its re-drive."""
    everything = (Settle(), Look("midway", (Expect("quarantined", Scope.VICTIM, at_least=1),)))
    drill = Drill("forgotten", "Nobody re-drives.", (SchemaOverwritten(),), everything, workload=SMALL)
    report = last(hold([runner], [drill], SEED, CONTROLS))
    assert report.verdict is Verdict.FAIL
    assert "nothing-set-aside" in [finding.checker for finding in report.not_passed]
    assert report.totals.quarantined == report.fired["schema-overwritten"] > 0


def test_a_step_that_cannot_be_done_breaks_the_run_off_and_heals_it(runner: Runner, site: Site) -> None:
    impossible = Look("midway", (Expect("no-such-count", at_least=1),))
    drill = Drill("broken", "A step raises.", (NEVER, SchemaOverwritten()), (impossible,), workload=SMALL)
    report = last(hold([runner], [drill], SEED, CONTROLS))
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "broke off: KeyError" in report.not_passed[0].detail
    assert site.stack.control.faults() == []
    assert site.restore_registry() == []


def test_schemas_that_were_changed_taken_away_or_added_are_as_they_were_once_the_registry_is_restored(
    site: Site,
) -> None:
    s3, bucket = site.s3, site.registry_bucket
    changed, gone, added = "schemas/click/raw/v1.avsc", "schemas/impression/raw/v1.avsc", "schemas/click/raw/v99.avsc"
    right = at_rest.md5s(s3, bucket)
    for key in (changed, added):
        s3.put_object(Bucket=bucket, Key=key, Body=b"{}")
    s3.delete_object(Bucket=bucket, Key=gone)
    assert sorted(site.restore_registry()) == [changed, added, gone]
    assert at_rest.md5s(s3, bucket) == right
    assert site.restore_registry() == []


@contextmanager
def set_otherwise(site: Site, function: str, **variables: str) -> Iterator[None]:
    """For the block, the function has these variables in its environment instead of its own of the same names."""
    client = site.stack.client("lambda")
    right = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]

    def use(environment: Mapping[str, str]) -> None:
        client.update_function_configuration(FunctionName=function, Environment={"Variables": dict(environment)})
        client.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 0.05})

    use({**right, **variables})
    try:
        yield
    finally:
        use(right)


def test_a_replayer_that_finds_nothing_makes_even_the_control_fail(site: Site, tmp_path: Path) -> None:
    runner = Runner(site, tmp_path)
    with set_otherwise(site, NAMES.replayer, CHUNK_GRACE_MINUTES="1000000"):
        report = last(hold([runner], [Drill("control", "No faults.", workload=SMALL)], SEED))
    assert [finding.checker for finding in report.not_passed] == ["redelivery"]
    assert report.verdict is Verdict.FAIL
    assert "were not done again" in report.not_passed[0].detail


def test_a_planner_that_always_raises_makes_a_drill_fail_and_its_ledger_is_kept(site: Site, tmp_path: Path) -> None:
    drill = Drill("unmerged", "Nothing is merged.", (ProducerRepeats(0.1),), workload=SMALL)
    with set_otherwise(site, NAMES.planner, LOOK_BACK_HOURS="none"):
        control, report = hold([Runner(site, tmp_path)], [drill], SEED)
    for each in (control, report):
        assert each.verdict is Verdict.FAIL
        assert "LOOK_BACK_HOURS" in each.not_passed[0].detail
        assert (each.totals.acknowledged, each.totals.landed, each.totals.late) == (SMALL.events, 0, SMALL.events)
    assert report.fired == {"producer-repeats": 6}


def test_a_planner_that_runs_once_a_day_is_noticed_by_a_drill_that_ages(site: Site, tmp_path: Path) -> None:
    steps = (Age(hours=2), Look("two hours later", (ALL_LANDED,)))
    drill = Drill("aging", "Time passes.", (ProducerRepeats(0.1),), steps, workload=SMALL, ages=True)
    events, name = site.stack.client("events"), f"{NAMES.planner}-schedule"
    right = events.describe_rule(Name=name)
    events.put_rule(Name=name, ScheduleExpression="rate(1 day)", State="DISABLED")
    try:
        [report] = hold([Runner(site, tmp_path)], [drill], SEED)
    finally:
        events.put_rule(Name=name, ScheduleExpression=right["ScheduleExpression"], State=right["State"])
    assert report.verdict is Verdict.FAIL
    assert report.not_passed[0].checker == "looks"
    assert events.describe_rule(Name=name)["State"] == "DISABLED"


def test_a_drill_on_a_file_says_which_lines_it_did_not_use(site: Site, tmp_path: Path) -> None:
    source, mapping, out = tmp_path / "some.ndjson", tmp_path / "mine.toml", tmp_path / "verdicts.json"
    source.write_text('no\n{"id": "c1", "at": 1574596800}\n{"id": "c2", "at": -1}\nnor\n')
    mapping.write_text('event = "click"\n[id]\nfield = "id"\n[time]\nfield = "at"\nformat = "epoch_s"\n')
    app = typer.Typer()
    drill_command.register(app)
    arguments = ["drill", "control", "--input", str(source), "--mapping", str(mapping), "--json", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--endpoint-url", site.stack.endpoint_url])
    assert result.exit_code == 0, result.output
    assert "2 rows are not used (not-json 2); 2 events are used" in " ".join(result.output.split())
    (control,) = json.loads(out.read_text())["drills"]
    assert control["workload"]["unused_lines"] == 2
    assert control["ledger"]["click"]["landed"] == 2


def test_the_command_writes_the_verdicts_and_ledgers_to_a_file(site: Site, tmp_path: Path) -> None:
    app = typer.Typer()
    drill_command.register(app)
    out = tmp_path / "verdicts.json"
    arguments = ["drill", "duplicates", "--events", "60", "--seed", "5", "--json", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--endpoint-url", site.stack.endpoint_url])
    assert result.exit_code == 0, result.output
    control, duplicates = json.loads(out.read_text())["drills"]
    assert (control["name"], control["verdict"], control["fired"]) == ("control", "pass", 0)
    assert (duplicates["name"], duplicates["verdict"], duplicates["seed"]) == ("duplicates", "pass", 5)
    assert duplicates["fired"] == sum(duplicates["faults"].values()) > 0
    assert duplicates["ledger"] == control["ledger"]
    landed, attempted = (sum(one[name] for one in duplicates["ledger"].values()) for name in ("landed", "attempted"))
    assert landed == attempted > 60
