"""`wavetank drill` and `wavetank drills`: break things on purpose, and see that nothing is lost."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.options import AsJson, Jobs, Schemas, file_option, seed_option, specification
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.scenarios.report.files import Outputs
    from wavetank.scenarios.run.event_types import Share
    from wavetank.scenarios.run.report import Report
    from wavetank.scenarios.site.site import Site
    from wavetank.scenarios.spec.drill import Drill
    from wavetank.scenarios.workload.workload import Workload

Names = Annotated[list[str] | None, typer.Argument(help="Drills to run; see `wavetank drills`.", metavar="NAME")]
Everything = Annotated[bool, typer.Option("--all", help="Run every drill.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Those with this tag; several times for several.")]
Seed = Annotated[int, seed_option("Seed of the workload and of the faults.")]
JsonFile = Annotated[Path | None, file_option("--json", "Write the verdicts and ledgers to this file.")]
JunitFile = Annotated[Path | None, file_option("--junit", "Write JUnit XML to this file.")]
HtmlFile = Annotated[Path | None, file_option("--html", "Write one page with timelines and ledgers to this file.")]
Input = Annotated[
    Path | None,
    typer.Option(
        "--input",
        exists=True,
        dir_okay=False,
        help="Newline JSON (or .gz) to use as events; needs --mapping.",
    ),
]
Mapping = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="FILE",
        help="TOML that says how to read --input, or the name of one that comes with wavetank.",
        show_default=False,
    ),
]
Events = Annotated[
    int | None,
    typer.Option(
        "--events",
        min=1,
        help="How many usual events, beside those of shapes; by default the drill's, or all of --input.",
        show_default=False,
    ),
]
InDocker = Annotated[bool, typer.Option("--docker", help="Run on private stacks in containers.")]
Quiet = Annotated[
    float | None,
    typer.Option(
        "--quiet",
        min=0.1,
        metavar="SECONDS",
        help="Where the stack of --endpoint-url has no control API: what stays so long as it is counts as settled.",
        show_default="longer than Firehose buffers",
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Run on this stack, and EMPTY its data bucket and dead queue; by default on private ones.",
        show_default=False,
    ),
]


Replay = Annotated[
    Path | None,
    typer.Option("--replay", exists=True, dir_okay=False, help="Run the drill that a storm saved in this file."),
]


ELSEWHERE = "held on event types that wavetank brings, which this stack has not"


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Example: wavetank drill duplicates --seed 7 --html report.html")(drill)
    app.command(epilog="Example: wavetank drills --tag schemas")(drills)


def drills(tags: Tags = None, as_json: AsJson = False) -> None:
    """List the drills: name, tags, what each shows, and what goes wrong in it."""
    from wavetank.scenarios.drills.catalogue import catalogue, document, lines

    listed = _tagged(tags) if tags else list(catalogue().values())
    echo(json.dumps(document(listed), indent=2) if as_json else "\n".join(lines(listed)))


def drill(
    names: Names = None,
    everything: Everything = False,
    tags: Tags = None,
    seed: Seed = 1,
    json_file: JsonFile = None,
    junit_file: JunitFile = None,
    html_file: HtmlFile = None,
    source: Input = None,
    mapping: Mapping = None,
    events: Events = None,
    schemas: Schemas = None,
    jobs: Jobs = None,
    endpoint_url: Endpoint = None,
    docker: InDocker = False,
    quiet: Quiet = None,
    replay: Replay = None,
) -> None:
    """Run drills, each with its control, on private stacks.

    In a project with event types of its own the basics are held on these, as far as they show something there, and all
    other drills on event types that wavetank brings. Drills that the stack cannot hold are skipped, saying why. Exit
    code 0 all pass, 1 any fail, 3 inconclusive or all skipped.
    """
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import Outputs, summarise
    from wavetank.scenarios.report.terminal import table
    from wavetank.scenarios.run.report import exit_code

    if (jobs not in (None, 1) or docker) and endpoint_url is not None:
        raise typer.BadParameter("--jobs and --docker are for private stacks, not for the one of --endpoint-url")
    if replay is not None:
        if names or everything or tags or source or mapping or events or schemas:
            raise typer.BadParameter("--replay brings its drill and its workload with it")
        chosen, seed = _saved(replay)
    else:
        if schemas is not None and source is not None:
            raise typer.BadParameter("--schemas draws its events itself, and --input brings some")
        specified = specification(schemas, seed)
        chosen = [
            replace(one, workload=replace(one.workload, schemas=specified))
            for one in (
                _on_events(one, source, mapping, events) for one in _chosen(names or [], everything, tags or [])
            )
        ]
    with _shared_out(chosen, endpoint_url) as shares:
        for share in shares:
            _check_workload(share.drills[0].workload, seed, share.schemas)
            if len(shares) > 1 or share.of_project:
                echo(share.told)
        held = {drill.name for share in shares for drill in share.drills}
        elsewhere = [drill.name for drill in chosen if drill.name not in held]
        places = _Places(endpoint_url, jobs=jobs, docker=docker, quiet=quiet, eager=replay is not None)
        reports = _hold(shares, places, seed, Outputs(json_file, junit_file, html_file), elsewhere)
    console().print(table(reports))
    summarise(reports)
    raise typer.Exit(exit_code(report.verdict for report in reports))


def _hold(
    shares: "list[Share]", places: "_Places", seed: int, outputs: "Outputs", elsewhere: list[str]
) -> "list[Report]":
    """Hold the drills, share by share, and show and write their reports as they come; `elsewhere` are skipped."""
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.terminal import RunDisplay
    from wavetank.scenarios.run.parallel import hold
    from wavetank.scenarios.run.report import Report
    from wavetank.scenarios.run.runner import Runner
    from wavetank.scenarios.run.skips import Skip, sort_out

    reports, skips = list[Report](), [Skip(name, ELSEWHERE) for name in elsewhere]
    with RunDisplay(console()) as display:
        for skip in skips:
            display.skipped(skip)
        for share in shares:
            with places.sites(share, display.now) as sites:
                runnable, unfit = sort_out(share.drills, sites[0].stack)
                for skip in unfit:
                    display.skipped(skip)
                skips += unfit
                outputs.write(reports, skips)
                runners = [Runner(site, Home.from_environment().path / "runs", display.now) for site in sites]
                try:
                    for report in hold(runners, runnable, seed, stays=places.endpoint_url is not None):
                        reports.append(report)
                        display.ended(report)
                        outputs.keep(reports, skips)
                finally:
                    outputs.write(reports, skips)
    return reports


@contextmanager
def _shared_out(drills: "list[Drill]", endpoint_url: str | None) -> "Iterator[list[Share]]":
    """The drills with the schema folders that they are held on, which are there as long as the block lasts.

    The stack of --endpoint-url keeps the event types of the project. Raises NoProject where there is none for it.
    """
    from wavetank.emulator.stack.home import project_if_any, schemas_folder
    from wavetank.scenarios.run.event_types import Share, ad_stream_schemas, shares
    from wavetank.scenarios.workload.generated.folder import schema_folder

    workload = drills[0].workload
    if workload.schemas:
        with schema_folder(workload.schemas, ad_stream_schemas()) as folder:
            yield [Share(folder, tuple(drills))]
    elif workload.source is not None:
        is_project = endpoint_url is not None or project_if_any() is not None
        yield [Share(schemas_folder() if is_project else ad_stream_schemas(), tuple(drills))]
    elif endpoint_url is None:
        yield shares(drills)
    else:
        usable = [share for share in shares(drills) if share.schemas == schemas_folder()]
        if not usable:
            raise typer.BadParameter(f"{ELSEWHERE}; without --endpoint-url they are held on stacks of their own")
        yield usable


def _saved(path: Path) -> "tuple[list[Drill], int]":
    """The drill that a storm saved in a file, and the seed that it failed with."""
    from wavetank.scenarios.exploration.storm.replay import UnusableReplayError, load

    try:
        drill, seed = load(path)
    except UnusableReplayError as error:
        raise typer.BadParameter(str(error)) from error
    return [drill], seed


def _chosen(names: list[str], everything: bool, tags: list[str]) -> "list[Drill]":
    from wavetank.scenarios.drills.catalogue import UnknownDrillError, catalogue, named

    if sum((bool(names), everything, bool(tags))) != 1:
        raise typer.BadParameter(f"name drills, or say --tag or --all; there are: {', '.join(catalogue())}")
    if tags:
        return _tagged(tags)
    try:
        return list(catalogue().values()) if everything else named(names)
    except UnknownDrillError as error:
        raise typer.BadParameter(str(error)) from error


def _tagged(tags: list[str]) -> "list[Drill]":
    from wavetank.scenarios.drills.catalogue import UnknownDrillError, tagged

    try:
        return tagged(tags)
    except UnknownDrillError as error:
        raise typer.BadParameter(str(error)) from error


def _on_events(drill: "Drill", source: Path | None, mapping: str | None, events: int | None) -> "Drill":
    """The drill on the events that were asked for, or on its own."""
    from wavetank.emulator.stack.home import project_root
    from wavetank.scenarios.run.report import EVERY_EVENT
    from wavetank.scenarios.workload.mapping_file import MAPPINGS, find
    from wavetank.scenarios.workload.workload import Workload

    if (source is None) != (mapping is None):
        raise typer.BadParameter("--input and --mapping go together")
    own = drill.workload
    if source is None or mapping is None:
        return replace(drill, workload=replace(own, events=events or own.events))
    given = Workload(
        events or EVERY_EVENT, portions=own.portions, source=source, mapping=find(mapping, project_root() / MAPPINGS)
    )
    return replace(drill, workload=given)


def _check_workload(workload: "Workload", seed: int, schemas: Path) -> None:
    """Refuse a workload that cannot be had, and say which lines of it are not used, before anything is started."""
    from wavetank.pipeline import topology
    from wavetank.scenarios.client.producer import routes
    from wavetank.scenarios.run.event_types import bounds_of
    from wavetank.scenarios.workload.generated.events import UNBOUNDED
    from wavetank.scenarios.workload.mapping_file import MappingError
    from wavetank.scenarios.workload.rows import UnusableSourceError
    from wavetank.scenarios.workload.source import draw

    planned = topology.load(schemas)
    definitions = {name: route.schema.definition for name, route in routes(planned).items()}
    try:
        bounds = bounds_of(planned) if workload.schemas else UNBOUNDED
        drawn = draw(workload, seed, definitions, bounds=bounds)
    except (MappingError, UnusableSourceError, OSError) as error:
        raise typer.BadParameter(one_line(str(error))) from error
    if drawn.unused:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in drawn.unused.items())
        used = f"{len(drawn.events):,} events are used"
        echo(f"{workload.source}: {sum(drawn.unused.values()):,} rows are not used ({reasons}); {used}")


@dataclass(frozen=True)
class _Places:
    """Where drills are held: on the stack at `endpoint_url`, which is left running, or on private ones.

    `jobs`: None for as many as the cores have room for. `quiet`: see the option. `eager`: they wait as those of a storm
    do.
    """

    endpoint_url: str | None
    jobs: int | None
    docker: bool
    quiet: float | None
    eager: bool

    @contextmanager
    def sites(self, share: "Share", now: Callable[[str, str], None]) -> "Iterator[list[Site]]":
        """The pipeline on the stack named, or on stacks that end with the block."""
        from wavetank.emulator.stack.uncontrolled import detect
        from wavetank.scenarios.commands.target import connect
        from wavetank.scenarios.run.parallel import default_jobs, own_stacks
        from wavetank.scenarios.run.report import STACK
        from wavetank.scenarios.site.site import Site
        from wavetank.scenarios.site.waiting import waiting_on

        if self.endpoint_url is None:
            jobs = self.jobs or default_jobs(len(share.drills))
            with own_stacks(jobs, now, docker=self.docker, eager=self.eager, schemas=share.schemas) as sites:
                yield sites
            return
        stack = detect(connect(self.endpoint_url))
        waiting = waiting_on(stack, eager=self.eager, quiet_s=self.quiet)
        yield [Site.deployed_on(stack, lambda step: now(STACK, f"deploying {step}"), waiting, schemas=share.schemas)]
