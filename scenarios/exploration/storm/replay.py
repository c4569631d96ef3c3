"""A drill as a file, so that what failed once can be run again: `wavetank drill --replay FILE`."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from wavetank.emulator.faults.model import document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.runtime.json_text import parsed
from wavetank.scenarios.report.files import write_json
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.spec.nemesis import Nemesis
from wavetank.scenarios.spec.steps import Settle, Step, Tick
from wavetank.scenarios.workload.generated.folder import seed_of
from wavetank.scenarios.workload.shapes.catalogue import NAMES
from wavetank.scenarios.workload.workload import Workload

FORMAT = 1
"""Of a file, whose keys are `troubles` and `witness` for a drill's nemeses and steps during them."""
_REPEATS = "producer-repeats"
_DEFAULTS = {field.name: field.default for field in fields(Workload)}
"""A field of a workload has the type that it has by default, and a number is at least 1."""


class UnusableReplayError(ValueError):
    """A file that is no saved drill; the message says why."""


def save(drill: Drill, seed: int, path: Path) -> None:
    """Write a drill whose nemeses are faults and repeats, and whose steps during them are settles and ticks."""
    contents = {
        "format": FORMAT,
        "name": drill.name,
        "hypothesis": drill.hypothesis,
        "seed": seed,
        "workload": {name: value for name, value in asdict(drill.workload).items() if value is not None},
        "troubles": [_saved(nemesis) for nemesis in drill.nemeses],
        "witness": [_step(step) for step in drill.during],
    }
    write_json(path, contents)


def load(path: Path) -> tuple[Drill, int]:
    """The drill and the seed it failed with. Raises UnusableReplayError, OSError."""
    try:
        contents = parsed(path.read_text("utf-8"))
        if contents["format"] != FORMAT:
            raise UnusableReplayError(f"{path}: format {contents['format']}, this reads {FORMAT}")
        nemeses = tuple(
            ProducerRepeats(float(saved["repeats"]), str(saved.get("id", _REPEATS)))
            if "repeats" in saved
            else Fault(**vars(parse(saved, f"fault-{number}")))
            for number, saved in enumerate(contents["troubles"], 1)
        )
        during = tuple(Settle() if step == "settle" else Tick(Scheduled(step)) for step in contents["witness"])
        given = contents["workload"] | {"shapes": tuple(map(_text, contents["workload"].get("shapes", ())))}
        for field, value in given.items():
            default = _DEFAULTS[field]
            if type(value) is not type(default) or (type(value) is int and value < 1):
                raise TypeError(f"{field} is {value!r:.80}, where by default it is {default!r}")
        workload = Workload(**given)
        if workload.schemas:
            seed_of(workload.schemas)
        if strange := set(workload.shapes) - set(NAMES):
            raise UnusableReplayError(f"{path}: no shapes {', '.join(sorted(strange))}; there are: {', '.join(NAMES)}")
        name, hypothesis = _text(contents["name"]), _text(contents["hypothesis"])
        drill = Drill(name, hypothesis, nemeses, during, workload=workload, sets_aside=None, alarms=None)
        return drill, int(contents["seed"])
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, UnusableReplayError):
            raise
        raise UnusableReplayError(f"{path} is no saved drill: {type(error).__name__}: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is no text")
    return value


def _saved(nemesis: Nemesis) -> dict[str, Any]:
    match nemesis:
        case Fault():
            return dict(document(nemesis))
        case ProducerRepeats(share):
            return {"repeats": share, "id": nemesis.id}
    raise TypeError(f"a {type(nemesis).__name__} cannot be saved")


def _step(step: Step) -> str:
    match step:
        case Settle():
            return "settle"
        case Tick(function):
            return str(function)
    raise TypeError(f"a {type(step).__name__} cannot be saved")
