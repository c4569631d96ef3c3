"""What the files of a project set for its event types and decides what is right, read apart from the pipeline.

Of several files the nearest to the event type goes first, and a stage before all (docs/components.md). Files that do
not hold are the pipeline's to refuse: here they are taken as they are.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wavetank.scenarios.oracle.at_rest import Declared

NAMES = {"hash_buckets": "buckets", "look_back_hours": "reach_hours", "partition_key": "partition_key"}
"""Keys of the files, and their names in the oracle's words."""


def declared(schemas: Path, event_types: Iterable[str], stage: str | None = None) -> dict[str, Declared]:
    """The settings of each event type of a schema folder."""
    project = _tables(schemas.parent / "wavetank.toml")
    at = project.get("stages", {}).get(stage, {})
    usual, overridden = project.get("defaults", {}), at.get("overrides", {})
    settings = {}
    for name in event_types:
        own, here = _tables(schemas / name / "component.toml"), at.get("components", {}).get(name, {})
        merged = {**usual, **own, **overridden, **here}
        settings[name] = Declared(**{word: merged[key] for key, word in NAMES.items() if key in merged})
    return settings


def shortest_reach(settings: Mapping[str, Declared]) -> int:
    """The look-back that reaches no further than that of any event type, in hours."""
    return min((each.reach_hours for each in settings.values()), default=Declared().reach_hours)


def _tables(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
