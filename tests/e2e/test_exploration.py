"""Sweeps, storms and hunts on a real stack: they pass what is sound, and find what is not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from wavetank.emulator.deploy import functions
from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.exploration.mutants import hunt
from wavetank.scenarios.exploration.mutants.build import archives, built
from wavetank.scenarios.exploration.mutants.hunt import Hunt
from wavetank.scenarios.exploration.mutants.mutant import named
from wavetank.scenarios.exploration.races.cells import Cell, Moment
from wavetank.scenarios.exploration.races.races import Races, chosen
from wavetank.scenarios.exploration.storm.replay import load
from wavetank.scenarios.exploration.storm.storm import SHAPES, Storm
from wavetank.scenarios.exploration.sweep.cells import Mode
from wavetank.scenarios.exploration.sweep.paths import target_of
from wavetank.scenarios.exploration.sweep.sweep import Sweep
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.checkout import modules
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import Controlled
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Settle

pytestmark = pytest.mark.stack

SEED = 5
LOSES = Fault("loses", Point.FIREHOSE_DELIVERY, Action.ERROR_OUTPUT, {"delivery_stream": "wavetank-*"}, When(count=1))
HARMLESS = (
    Fault(
        "twice", Point.SNS_DELIVERY, Action.DUPLICATE, {"topic": "wavetank-*"}, When(count=2), parameters={"copies": 1}
    ),
    Fault(
        "slow", Point.ESM_BATCH, Action.DELAY, {"function": "wavetank-*"}, When(count=1), parameters={"delay_s": 20.0}
    ),
)


@pytest.fixture(scope="module")
def site(stack: EmbeddedStack) -> Iterator[Site]:
    """The pipeline on this worker's stack; every run empties its data bucket."""
    site = Site.deployed_on(stack, waiting=Controlled(eager=True))
    yield site
    stack.control.clear_faults()


@pytest.fixture
def runner(site: Site, tmp_path: Path) -> Runner:
    return Runner(site, tmp_path)


def test_the_announcement_of_the_replayer_may_go_wrong_in_every_way(site: Site) -> None:
    sweep = Sweep(target_of(site, "click", SEED))
    planned = sweep.plan("replayer")
    assert {cell.call_site.function for _, cell in planned} == {NAMES.replayer}
    chosen = [(path, cell) for path, cell in planned if cell.call_site.match["operation"] == "Publish"]
    assert {cell.mode for _, cell in chosen} == set(Mode)
    results = [sweep.run(path, cell) for path, cell in chosen if cell.call_site.number == 1]
    assert [(result.cell.mode, result.verdict, result.detail) for result in results] == [
        (mode, Verdict.PASS, "") for mode in Mode
    ]


def test_two_concatenators_may_meet_at_any_write_and_lose_nothing(site: Site) -> None:
    races, raced = _races(site)
    results = [races.run(cell) for cell in raced]
    assert len({cell.name for cell in raced}) == 3
    assert [(result.cell.number, result.verdict, result.detail) for result in results] == [
        (cell.number, Verdict.PASS, "") for cell in raced
    ]


def test_where_a_write_has_no_condition_two_concatenators_lose_events(site: Site) -> None:
    races, raced = _races(site)
    races.learn(("concatenator", "concatenator"))
    [mutant] = named(["state-without-condition"])
    with built(mutant) as build:
        changed = archives(site.topology, modules(build.checkout))
        functions.update_code(site.stack, {NAMES.concatenator: changed[NAMES.concatenator]})
    try:
        lost = [result.detail for result in map(races.run, raced) if result.verdict is Verdict.FAIL]
    finally:
        functions.update_code(site.stack, {NAMES.concatenator: archives(site.topology)[NAMES.concatenator]})
    assert lost
    assert all("events were at rest and went" in detail for detail in lost)


def test_a_part_that_is_put_back_and_put_aside_at_once_is_not_lost(site: Site) -> None:
    races = Races.begun(site, "click", SEED, lambda _what: None)
    both = chosen(races.plan(), "backfill", "late")
    copied = [cell for cell in both if cell.match["operation"] == "CopyObject" and cell.moment is Moment.AFTER]
    assert copied
    assert [(result.verdict, result.detail) for result in map(races.run, copied[:1])] == [(Verdict.PASS, "")]


def test_a_mutant_that_no_drill_notices_is_caught_by_the_races_that_it_names(runner: Runner) -> None:
    [mutant] = named(["state-after-listing"])
    caught = Hunt(runner, SEED, quick=True).run(mutant)
    assert caught.drill == "races concatenator concatenator"


def test_a_storm_of_what_the_pipeline_survives_passes(runner: Runner, tmp_path: Path) -> None:
    done = Storm(runner, SEED, tmp_path).weather(
        1, Drill("calm", "It passes.", HARMLESS, (Settle(),), workload=SHAPES[0])
    )
    assert (done.verdict, done.smallest, done.file) == (Verdict.PASS, None, None)


def test_a_storm_that_loses_events_is_shrunk_to_the_fault_that_does_it_and_saved(
    runner: Runner, tmp_path: Path
) -> None:
    drill = Drill("harm", "It fails.", (HARMLESS[0], LOSES, HARMLESS[1]), (Settle(),), workload=SHAPES[0])
    done = Storm(runner, SEED, tmp_path).weather(1, drill)
    assert done.verdict is Verdict.FAIL
    assert done.smallest is not None
    assert done.smallest.nemeses == (LOSES,)
    assert done.file is not None
    replayed, seed = load(done.file)
    assert [nemesis.id for nemesis in replayed.nemeses] == [LOSES.id]
    assert seed == SEED


def test_a_mutant_is_caught_and_the_pipeline_is_what_it_was_afterwards(runner: Runner) -> None:
    before = {known["FunctionName"]: known["CodeSha256"] for known in _functions(runner)}
    [mutant] = named(["random-part-key"])
    caught = Hunt(runner, SEED).run(mutant)
    assert caught.drill == "duplicates"
    assert {known["FunctionName"]: known["CodeSha256"] for known in _functions(runner)} == before


def test_a_mutant_that_names_the_control_is_hunted_with_it(runner: Runner) -> None:
    [mutant] = named(["random-part-key"])
    caught = Hunt(runner, SEED, quick=True).run(replace(mutant, drills=("control",)))
    assert caught.drill == "control"


@pytest.mark.parametrize(
    ("name", "drill"), [("back-fill-lands-nothing", "beyond-the-look-back"), ("alarm-deaf", "unmergeable-partitions")]
)
def test_a_mutant_of_the_back_fill_and_one_of_the_template_are_caught_by_the_drills_that_they_name(
    runner: Runner, name: str, drill: str
) -> None:
    [mutant] = named([name])
    assert Hunt(runner, SEED, quick=True).run(mutant).drill == drill


def test_a_mutant_that_cloudformation_refuses_is_caught_by_the_deployment(runner: Runner) -> None:
    [mutant] = named(["random-part-key"])
    old = '"RetentionPeriodHours": RAW_RETENTION_HOURS'
    refused = replace(mutant, file="template/render.py", old=old, new='"RetentionPeriodHours": 1')
    caught = Hunt(runner, SEED, quick=True).run(refused)
    assert caught.drill == hunt.DEPLOY
    assert "ClickRawStream" in caught.detail


def test_a_drill_that_comes_to_no_verdict_without_the_mutant_as_well_says_nothing(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    [mutant] = named(["random-part-key"])
    harmless = replace(mutant, old=mutant.old, new=mutant.old, drills=("odd",))
    never = Fault("never", Point.S3_NOTIFICATION, Action.DROP, {"key": "no-such-key"})
    odd = Drill("odd", "Its fault never strikes.", (never,), (Settle(),), workload=SHAPES[0])
    monkeypatch.setattr(hunt, "catalogue", lambda: {"odd": odd})
    told = Hunt(runner, SEED, quick=True).run(harmless)
    assert (told.drill, told.inconclusive) == ("", ())
    assert told.document()["caught"] is False


def _races(site: Site) -> tuple[Races, list[Cell]]:
    """The races of the concatenator with itself, stopped before it writes."""
    races = Races.begun(site, "click", SEED, lambda _what: None)
    both = chosen(races.plan(), "concatenator", "concatenator")
    return races, [cell for cell in both if cell.match["operation"] == "PutObject" and cell.moment is Moment.BEFORE]


def _functions(runner: Runner) -> list[dict[str, str]]:
    found: list[dict[str, str]] = runner.site.stack.client("lambda").list_functions()["Functions"]
    return found
