"""Reads `component.toml` and `wavetank.toml`; an error names the file, the key, the rule and the way out."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from wavetank.pipeline.components.guards import contradictions
from wavetank.pipeline.components.model import Component, ProjectFile, Settings
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import PROJECT_FILE

COMPONENT_FILE = "component.toml"


@dataclass(frozen=True, slots=True)
class ReadComponent:
    """What is set for an event type, and where: key, as `stream.shards`, → file or table; all others are defaults."""

    component: Component
    origins: Mapping[str, str]


def read_project(folder: Path) -> ProjectFile:
    """The project file in a folder, all by default where there is none. Raises ConfigurationError."""
    path = folder / PROJECT_FILE
    project = checked(ProjectFile, _document(path), str(path))
    overrides = [("defaults", project.defaults)]
    for name, stage in project.stages.items():
        overrides.append((f"stages.{name}.overrides", stage.overrides))
        overrides += [(f"stages.{name}.components.{event}", keys) for event, keys in stage.components.items()]
    for table, keys in overrides:
        checked(Component, keys, f"{path}, [{table}]")
    return project


def read_component(folder: Path, project: ProjectFile, stage: str | None = None) -> ReadComponent:
    """What is set for the event type of a folder in a stage. Raises ConfigurationError."""
    path, at = folder / COMPONENT_FILE, project.stage(stage)
    own = _document(path)
    checked(Component, own, str(path))
    layers = [(f"{PROJECT_FILE} [defaults]", project.defaults), (f"{folder.name}/{COMPONENT_FILE}", own)]
    if stage is not None:
        layers.append((f"{PROJECT_FILE} [stages.{stage}.overrides]", at.overrides))
        layers.append((f"{PROJECT_FILE} [stages.{stage}.components.{folder.name}]", at.components.get(folder.name, {})))
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, keys in layers:
        _lay_over(merged, keys)
        origins |= dict.fromkeys(_paths(keys), origin)
    component = checked(Component, merged, str(path))
    if sentences := list(contradictions(component)):
        raise ConfigurationError("\n".join(f"{path}: {sentence}" for sentence in sentences))
    return ReadComponent(component, origins)


def default_component(project: ProjectFile, stage: str | None = None) -> Component:
    """What is set for an event type that sets nothing itself. Raises ConfigurationError."""
    merged: dict[str, Any] = {}
    _lay_over(merged, project.defaults)
    _lay_over(merged, project.stage(stage).overrides)
    return checked(Component, merged, PROJECT_FILE)


def _document(path: Path) -> dict[str, Any]:
    """The tables of a file; none where there is no file."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error


def checked[T: Settings](model: type[T], document: Mapping[str, Any], where: str) -> T:
    """A document as a model. Raises ConfigurationError with a sentence for each key that breaks a rule."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        lines = [_sentence(model, each["loc"], each["type"], each["msg"], each["input"]) for each in error.errors()]
        raise ConfigurationError("\n".join(f"{where}: {line}" for line in lines)) from error


def _sentence(model: type[BaseModel], place: Sequence[str | int], kind: str, rule: str, value: object) -> str:
    """What is wrong at a key: the rule, or for an unknown one the nearest there is."""
    key = ".".join(map(str, place))
    if kind != "extra_forbidden":
        return f"{key}: {rule[:1].lower()}{rule[1:]}, got {value!r}" if key else rule
    there = list(_table(model, place[:-1]).model_fields)
    nearest = get_close_matches(str(place[-1]), there, 1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are: {', '.join(there)}"
    return f"{key} is no key; {hint}"


def _table(model: type[BaseModel], place: Sequence[str | int]) -> type[BaseModel]:
    """The model of the table at a place."""
    for key in place:
        if isinstance(key, str) and key in model.model_fields:
            annotation = model.model_fields[key].annotation
            models = [each for each in (annotation, *get_args(annotation)) if isinstance(each, type)]
            model = next((each for each in models if issubclass(each, BaseModel)), model)
    return model


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Set the keys of `above` in `below`, tables key by key."""
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, Mapping) else value


def _paths(keys: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in keys.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"
