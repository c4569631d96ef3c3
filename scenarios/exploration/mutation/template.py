"""The changes that a mistake could make to the rendered template: values, actions, resources, references, and removals.

A change of the template is a change of the file that renders it: lines at its end put another value in the place of
one of what was rendered. So unit tests, packages and deployments see it as they see any other change.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from wavetank.scenarios.exploration.mutation.change import Change

FILE = "template/render.py"
GONE = "(gone)"
"""The new text of what is removed."""

Path = tuple[str | int, ...]

OTHERS: dict[str, tuple[str, ...]] = {
    "TRIM_HORIZON": ("LATEST",),
    "Allow": ("Deny",),
    "Deny": ("Allow",),
    "Maximum": ("Average", "Minimum"),
    "Sum": ("Average", "Maximum"),
    "GreaterThanThreshold": ("LessThanThreshold", "GreaterThanOrEqualToThreshold"),
    "LessThanThreshold": ("GreaterThanThreshold", "LessThanOrEqualToThreshold"),
    "notBreaching": ("breaching",),
    "breaching": ("notBreaching",),
    "KMS": ("NONE",),
    "UNCOMPRESSED": ("GZIP",),
    "s3:ObjectCreated:*": ("s3:ObjectCreated:Put",),
    "RetainExceptOnCreate": ("Delete",),
    "Retain": ("Delete",),
    "cron(5 * * * ? *)": ("cron(5 0 * * ? *)", "cron(5 */13 * * ? *)"),
    "rate(15 minutes)": ("rate(15 hours)", "rate(1 day)"),
    "ReportBatchItemFailures": (),
    "*": (),
}
"""Text that is one of a few → what it could be by mistake."""

WIDER = {"s3:": "s3:*", "kinesis:": "kinesis:*", "sqs:": "sqs:*", "sns:": "sns:*", "logs:": "logs:*"}
"""Prefix of an action → all of its service."""

DIMENSIONS = (
    ("-raw", "-processed"),
    ("-processed", "-raw"),
    ("-processor", ""),
    ("-partitioner", "-planner"),
    ("-merges", "-merges-dead"),
    ("-merges-dead", "-merges"),
    ("click", "clicks"),
)
"""The end of what an alarm watches → that of something else, or of nothing."""

PARTS = (
    (" OR ", " AND "),
    (" && ", " || "),
    ("> 0", "> 1"),
    ("== 0", "> 0"),
    ("100 * ", ""),
    (" / ", " * "),
    (", 0)", ", 1)"),
)
"""A part of an expression or a rule → what it could be by mistake."""

LEFT_OUT = {
    "*.AlarmDescription": "words for people",
    "*.PolicyName": "a name that nothing refers to",
    "*.Version": "the version of the policy language, of which the other one is a subset",
    "*.Targets.*.Id": "a name that nothing refers to",
    "*.Rules.*.Id": "a name that nothing refers to",
    "*.MemorySize": "a function that has less is slower or runs out of memory by the size of its data, not here",
    "*.CompatibleRuntimes*": "a note beside a layer, which Lambda does not enforce",
}
"""Paths of the template that are not changed, and why."""


@dataclass(frozen=True)
class Edit:
    """Another value at a path below the template's resources, or none; the path begins with the resource."""

    operator: str
    path: Path
    old: Any
    new: Any
    is_removal: bool = False

    @property
    def where(self) -> str:
        """The path, with points."""
        return ".".join(map(str, self.path))

    def change(self, renderer: str) -> Change:
        """The change; `renderer` is the text of the file that renders the template."""
        return Change(
            file=FILE,
            operator=self.operator,
            line=0,
            place=self.where,
            old=f"{self.where} = {json.dumps(self.old)}",
            new=GONE if self.is_removal else json.dumps(self.new),
            text=renderer + EPILOGUE.format(path=self.path, old=self.old, new=self.new, is_removal=self.is_removal),
        )


EPILOGUE = """

_as_it_was = whole


def whole(*arguments, **options):
    template = _as_it_was(*arguments, **options)
    (*way, last), holder = {path!r}, template["Resources"]
    try:
        for step in way:
            holder = holder[step]
        if holder[last] != {old!r}:
            return template
    except (KeyError, IndexError, TypeError):
        return template
    if {is_removal!r}:
        del holder[last]
    else:
        holder[last] = {new!r}
    return template
"""
"""What is put at the end of the renderer. A template without the value, as of another schema folder, stays as it is."""


def edits(template: dict[str, Any]) -> Iterator[Edit]:
    """Every edit of a rendered template, in the order of the template."""
    resources = template["Resources"]
    kinds = {name: resource["Type"] for name, resource in resources.items()}
    for name, resource in resources.items():
        yield Edit("removed resource", (name,), resource, None, is_removal=True)
        for entry in ("DeletionPolicy", "UpdateReplacePolicy", "DependsOn"):
            if entry in resource:
                yield from _of_value((name, entry), resource[entry], kinds, resource)
        for key, value in resource.get("Properties", {}).items():
            yield from _of_value((name, "Properties", key), value, kinds, resource["Properties"])


def _of_value(path: Path, value: Any, kinds: dict[str, str], holder: Any) -> Iterator[Edit]:
    """The edits of a value and of all that is in it."""
    if any(fnmatchcase(".".join(map(str, path)), pattern) for pattern in LEFT_OUT):
        return
    if _is_optional(path, holder):
        yield Edit("removed entry", path, value, None, is_removal=True)
    for operator, other in _others(path, value, kinds):
        yield Edit(operator, path, value, other)
    if _is_reference(value):
        return
    entries: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, entry in entries:
        yield from _of_value((*path, key), entry, kinds, value)


def _is_optional(path: Path, holder: Any) -> bool:
    """Whether an entry can be forgotten: not the only one of its list, whose own removal is the same mistake."""
    return isinstance(path[-1], str) or len(holder) > 1


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in {"Ref", "Fn::GetAtt", "Fn::Sub"}


def _others(path: Path, value: Any, kinds: dict[str, str]) -> Iterator[tuple[str, Any]]:
    """What a value could be by mistake, each with the name of the operator."""
    match value:
        case bool():
            yield "switched", not value
        case int() | float():
            for other in (value * 2, value // 2, value + 1, value - 1):
                if other != value and other >= -1:
                    yield "number", other
        case str() if value.isdecimal():
            for other in (int(value) * 2, int(value) // 2, int(value) + 1):
                yield "number", str(other)
        case str():
            yield from _texts(path, value)
        case {"Ref": str(name)} if name in kinds:
            yield from (("other reference", {"Ref": other}) for other in _alike(name, kinds))
        case {"Fn::GetAtt": [str(name), attribute]} if name in kinds:
            if "Resource" in path:
                yield "wider", "*"
            yield from (("other reference", {"Fn::GetAtt": [other, attribute]}) for other in _alike(name, kinds))
        case {"Fn::Sub": str(text)}:
            if "Resource" in path:
                yield "wider", "*"
            yield from (("prefix", {"Fn::Sub": other}) for other in _prefixes(text))


def _texts(path: Path, value: str) -> Iterator[tuple[str, str]]:
    if value in OTHERS:
        yield from (("other value", other) for other in OTHERS[value])
    elif "Dimensions" in path and path[-1] == "Value":
        yield from (("other dimension", value.replace(end, other)) for end, other in DIMENSIONS if value.endswith(end))
    elif path[-1] in {"AlarmRule", "Expression"}:
        yield from (("expression", value.replace(part, other, 1)) for part, other in PARTS if part in value)
    elif "Action" in path:
        yield from (("wider", whole) for prefix, whole in WIDER.items() if value.startswith(prefix))
    elif path[-1] in {"Prefix", "Value", "ErrorOutputPrefix"}:
        yield from (("prefix", other) for other in _prefixes(value))


def _prefixes(text: str) -> Iterator[str]:
    """A prefix that is another folder's, and one of less."""
    for folder, other in (("chunks", "parts"), ("parts", "chunks"), ("quarantine", "late"), ("late", "parts")):
        if f"{folder}/" in text:
            yield text.replace(f"{folder}/", f"{other}/")
    head, separator, last = text.rpartition("/")
    if separator and last == "*":
        yield head.rpartition("/")[0] + "/*" if "/" in head else f"{head}x/*"


def _alike(name: str, kinds: dict[str, str]) -> list[str]:
    """Other resources of the same type: the two that follow."""
    alike = [other for other, kind in kinds.items() if kind == kinds[name]]
    after = alike.index(name) + 1
    return [other for other in (alike * 2)[after : after + 2] if other != name]
