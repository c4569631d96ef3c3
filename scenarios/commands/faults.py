"""`wavetank faults | activity | clock | reset`: break things by hand, and see what was hit."""

import json
import time
from typing import Annotated, Any

import typer

from wavetank.emulator.stack.control import Control
from wavetank.scenarios.commands.options import AsJson, EndpointUrl
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo, one_line

LOOK_S = 0.2
"""How often `activity --follow` looks for new firings."""

Point = Annotated[str, typer.Argument(help="Where it strikes; see `wavetank faults points`.")]
Action = Annotated[str, typer.Argument(help="What it does there.")]
Match = Annotated[
    list[str] | None,
    typer.Option("--match", "-m", help="FIELD=PATTERN that must fit, with * and ?; several times for several."),
]
Parameters = Annotated[
    list[str] | None, typer.Option("--set", "-s", help="PARAMETER=VALUE of the action; several times for several.")
]
Window = Annotated[str | None, typer.Option(help="Only in emulator seconds START:END from now.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    faults = typer.Typer(
        help="Set faults on a running stack, list them, and take them away.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    faults.command(epilog="Example: wavetank faults add s3.notification drop -m 'key=chunks/*' --nth 3")(add)
    faults.command("list", epilog="Example: wavetank faults list --json")(list_faults)
    faults.command(epilog="Example: wavetank faults points")(points)
    faults.command(epilog="Example: wavetank faults clear fault-1")(clear)
    app.add_typer(faults, name="faults", epilog="Example: wavetank faults add kinesis.put throttle --probability 0.1")
    app.command(epilog="Example: wavetank activity --follow")(activity)
    app.command(epilog="Example: wavetank clock --advance 300")(clock)
    app.command(epilog="Example: wavetank reset")(reset)


def add(
    point: Point,
    action: Action,
    match: Match = None,
    parameters: Parameters = None,
    nth: Annotated[list[int] | None, typer.Option(help="Only the n-th event that matches, from 1.")] = None,
    every: Annotated[int | None, typer.Option(help="Only every n-th.", show_default=False)] = None,
    probability: Annotated[float | None, typer.Option(help="This share of them.", show_default=False)] = None,
    count: Annotated[int | None, typer.Option(help="So many at most.", show_default=False)] = None,
    window: Window = None,
    seed: Annotated[int, typer.Option(help="Which ones, where --probability chooses.")] = 0,
    name: Annotated[str | None, typer.Option("--id", help="Its name.", show_default="fault-N")] = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Set a fault and print its id. Of several that strike an event, the first that was set acts."""
    conditions: dict[str, Any] = {"nth": nth or None, "every": every, "probability": probability, "count": count}
    if window is not None:
        begin, _, end = window.partition(":")
        try:
            conditions["window"] = [float(begin), float(end)]
        except ValueError as error:
            raise typer.BadParameter(f"--window takes START:END in seconds, got {window!r}") from error
    document: dict[str, Any] = {
        "point": point,
        "action": action,
        "match": _pairs("--match", match),
        "when": {key: value for key, value in conditions.items() if value is not None},
        "seed": seed,
        "parameters": {key: _value(value) for key, value in _pairs("--set", parameters).items()},
    }
    if name is not None:
        document["id"] = name
    echo(_control(endpoint_url).add_fault(document))


def list_faults(as_json: AsJson = False, endpoint_url: EndpointUrl = None) -> None:
    """List the faults that are set, and how often each struck."""
    faults = _control(endpoint_url).faults()
    if as_json:
        echo(json.dumps(faults))
    elif not faults:
        echo("no fault is set.")
    for fault in [] if as_json else faults:
        conditions = " ".join(f"{key}={value}" for key, value in {**fault["match"], **fault["when"]}.items())
        echo(one_line(f"{fault['id']}: {fault['point']} {fault['action']} {conditions}".rstrip()))
        echo(f"    struck {fault['fired']} of {fault['matched']}")


def points(as_json: AsJson = False, endpoint_url: EndpointUrl = None) -> None:
    """List where faults can strike, what they do there, and what they can match by."""
    fault_points = _control(endpoint_url).fault_points()
    if as_json:
        echo(json.dumps(fault_points))
    for point in [] if as_json else fault_points:
        echo(f"{point['point']}: {point['explanation']}")
        echo(f"    match by {', '.join(point['match'])}")
        for action in point["actions"]:
            echo(f"    {action['action']:<18} {action['explanation']}")
            for parameter in action["parameters"]:
                default = json.dumps(parameter["default"])
                echo(f"    {'':<18}   {parameter['name']}={default}: {parameter['explanation']}")


def clear(
    ids: Annotated[list[str] | None, typer.Argument(help="Which; all without one.", metavar="ID")] = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Take faults away."""
    control = _control(endpoint_url)
    if not ids:
        control.clear_faults()
    for fault_id in ids or []:
        control.remove_fault(fault_id)


def activity(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    as_json: AsJson = False,
    endpoint_url: EndpointUrl = None,
) -> None:
    """List what faults have struck, a line each."""
    control = _control(endpoint_url)
    last = _tell(control, 0, as_json)
    while follow:
        time.sleep(LOOK_S)
        last = _tell(control, last, as_json)


def clock(
    advance: Annotated[
        float | None, typer.Option(min=0, help="Move emulator time on by so many seconds.", show_default=False)
    ] = None,
    lived: Annotated[
        bool, typer.Option("--lived", help="Let the time count as lived: silent minutes of it are gaps, for alarms.")
    ] = False,
    life_cycle: Annotated[
        bool | None,
        typer.Option(
            "--life-cycle/--no-life-cycle",
            help="Have objects of S3 expire as the rules of their buckets say, from now on; or have none expire.",
            show_default=False,
        ),
    ] = None,
    endpoint_url: EndpointUrl = None,
) -> None:
    """Print emulator time, in seconds since the epoch; buffers, retries, retention, schedules and alarms follow it."""
    control = _control(endpoint_url)
    if life_cycle is not None:
        control.switch_life_cycle(life_cycle)
    now = control.status()["clock"]["now"] if advance is None else control.advance_clock(advance, lived=lived)
    echo(f"{now:.3f}")


def reset(endpoint_url: EndpointUrl = None) -> None:
    """Let go of all data, every fault and the activity log; what is deployed stays."""
    _control(endpoint_url).reset()


def _control(endpoint_url: str | None) -> Control:
    return connect(endpoint_url).control


def _tell(control: Control, after: int, as_json: bool) -> int:
    """Print the firings past a number; the number of the last."""
    firings = control.activity(after)
    for firing in firings:
        if as_json:
            echo(json.dumps(firing))
        else:
            hit = " ".join(f"{key}={value!r}" for key, value in firing["target"].items() if value and key != "content")
            echo(one_line(f"{firing['number']:>5} {firing['fault']} {firing['point']} {firing['action']}  {hit}"))
    return int(firings[-1]["number"]) if firings else after


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option} takes NAME=VALUE, got {text!r}")
        pairs[name] = value
    return pairs


def _value(text: str) -> float | int | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
