"""Types that event types share, `schemas/shared/*.avsc`: written in full where a schema first names one.

A file holds a named type, or a list of some. Any other schema file may use them by full name, and they one another.
What is published is self-contained, so that its fingerprint depends on no other file; a file that uses no shared type
is published byte for byte. A type that a file defines itself is its own, whatever is shared by that name.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavetank.pipeline.avro.model import PRIMITIVES, InvalidSchema
from wavetank.pipeline.avro.parse import DEEPEST, full_name
from wavetank.pipeline.layout import SHARED_FOLDER

NAMED = ("record", "error", "enum", "fixed")


@dataclass(frozen=True, slots=True)
class Definition:
    """A named type: its document, the namespace around it, and the file that it is in."""

    document: Mapping[str, Any]
    namespace: str
    where: str


@dataclass(frozen=True, slots=True)
class SharedTypes:
    """The shared types by full name, and a sentence for each file or type that is none."""

    definitions: Mapping[str, Definition]
    problems: tuple[str, ...] = ()

    @classmethod
    def of_folder(cls, folder: Path) -> "SharedTypes":
        """The types in the files of `folder`; none where there is no such folder."""
        definitions: dict[str, Definition] = {}
        problems: list[str] = []
        for path in sorted(folder.glob("*.avsc")):
            try:
                document = json.loads(path.read_bytes())
                types = document if isinstance(document, list) else [document]
                if not all(isinstance(item, dict) and item.get("type") in NAMED for item in types):
                    raise InvalidSchema("holds a record, enum or fixed, or a list of some; nothing else can be shared")
                for name, definition in _definitions(document, "", str(path), 0):
                    other = definitions.setdefault(name, definition)
                    if other is not definition:
                        raise InvalidSchema(f"{name} is defined in {other.where} too; keep one of the two")
            except InvalidSchema as error:
                problems.append(f"{path}: {error}")
            except (ValueError, RecursionError) as error:
                problems.append(f"{path}: not JSON: {error}")
        return cls(definitions, tuple(problems))

    @classmethod
    def within(cls, text: bytes) -> "SharedTypes":
        """The types that a schema defines: what it was written out with, where it is published."""
        return cls(dict(_definitions(json.loads(text), "", "", 0)))

    @classmethod
    def beside(cls, event_folder: Path) -> "SharedTypes":
        """The types that the files of an event type's folder may use."""
        return cls.of_folder(event_folder.parent / SHARED_FOLDER)

    def self_contained(self, text: bytes) -> bytes:
        """The schema in `text` with each shared type in full where it is first used; as it is where it uses none.

        Raises InvalidSchema for a name that is defined nowhere; what else is wrong is left to who parses it.
        """
        try:
            document = json.loads(text)
            own = dict(_definitions(document, "", "the schema itself", 0))
        except (ValueError, RecursionError):
            return text
        writer = _Writer(self.definitions, own)
        whole = writer.type(document, "", 0)
        return json.dumps(whole, indent=2, ensure_ascii=False).encode() if writer.written else text


def text_of(path: Path) -> bytes:
    """The schema of a version's file as it is published; raises InvalidSchema for a name that is defined nowhere."""
    return SharedTypes.beside(path.parent).self_contained(path.read_bytes())


@dataclass(slots=True)
class _Writer:
    """Writes types out. `written` are the shared ones that are in the document; `within` those around the place."""

    shared: Mapping[str, Definition]
    own: Mapping[str, Definition]
    written: set[str] = field(default_factory=set)
    within: list[str] = field(default_factory=list)

    def type(self, document: Any, namespace: str, depth: int) -> Any:
        if depth > DEEPEST:
            raise InvalidSchema(f"types are nested more than {DEEPEST} deep")
        if isinstance(document, str):
            return self._reference(document, namespace, depth)
        if isinstance(document, list):
            return [self.type(branch, namespace, depth + 1) for branch in document]
        if not isinstance(document, dict):
            return document
        kind = document.get("type")
        if kind in NAMED:
            name, inside = _named(document, namespace)
            if self.within and name in self.own:
                raise self._two(name)
            if self.within and name in self.written:
                return name
            self.written |= {name} if self.within else set()
            return self._whole(document, inside, depth)
        if kind in PRIMITIVES or kind is None:
            return document
        if kind in ("array", "map"):
            inner = "items" if kind == "array" else "values"
            return document | ({inner: self.type(document[inner], namespace, depth + 1)} if inner in document else {})
        # An object around another type adds nothing to it.
        return self.type(kind, namespace, depth + 1)

    def _whole(self, document: dict[str, Any], inside: str, depth: int) -> dict[str, Any]:
        fields = document.get("fields")
        if document["type"] not in ("record", "error") or not isinstance(fields, list):
            return document
        return document | {
            "fields": [
                entry | {"type": self.type(entry["type"], inside, depth + 1)}
                if isinstance(entry, dict) and "type" in entry
                else entry
                for entry in fields
            ]
        }

    def _reference(self, name: str, namespace: str, depth: int) -> Any:
        if name in PRIMITIVES:
            return name
        full = full_name(name, namespace)
        if self.within and full in self.own:
            raise self._two(full)
        if full in self.own or (full not in self.shared and name in self.own and not self.within):
            return name
        if full not in self.shared:
            raise self._unknown(name, namespace)
        if full in self.written:
            return full
        # With its own namespace spelt out, names within it mean what they mean in its file.
        self.written.add(full)
        space, _, short = full.rpartition(".")
        document = {"type": self.shared[full].document["type"], "name": short, "namespace": space}
        document |= {key: value for key, value in self.shared[full].document.items() if key not in document}
        self.within.append(full)
        try:
            return self._whole(document, space, depth)
        finally:
            self.within.pop()

    def _two(self, name: str) -> InvalidSchema:
        return InvalidSchema(
            f"{name} is defined in the file, and {self.within[0]}, which it uses, means another of that name in "
            f"{SHARED_FOLDER}/: rename the one in the file, or use the shared one"
        )

    def _unknown(self, name: str, namespace: str) -> InvalidSchema:
        if name in self.shared:
            return InvalidSchema(
                f"{name} in {self.shared[name].where} has no namespace and is used inside {namespace}: give it one"
            )
        there = ", ".join(sorted(self.shared if self.within else {*self.own, *self.shared})) or "none"
        return InvalidSchema(f"there is no type {name!r} in the file or in {SHARED_FOLDER}/; there are: {there}")


def _definitions(document: Any, namespace: str, where: str, depth: int) -> Iterator[tuple[str, Definition]]:
    """Every named type that a document defines, at any depth."""
    if depth > DEEPEST:
        return
    if isinstance(document, dict) and document.get("type") in NAMED:
        name, space = _named(document, namespace)
        if name:
            yield name, Definition(document, namespace, where)
        namespace = space
    for part in _parts(document):
        yield from _definitions(part, namespace, where, depth + 1)


def _parts(document: Any) -> Iterator[Any]:
    """The documents of the types that a type is made of."""
    if isinstance(document, list):
        yield from document
    elif isinstance(document, dict):
        match document.get("type"):
            case "record" | "error":
                fields = document.get("fields")
                entries = fields if isinstance(fields, list) else []
                yield from (entry.get("type") for entry in entries if isinstance(entry, dict))
            case "array":
                yield document.get("items")
            case "map":
                yield document.get("values")
            case other:
                yield other


def _named(document: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    """The full name of a named type, and the namespace inside it; empty where it has none that is text."""
    name, space = document.get("name"), document.get("namespace", namespace)
    if not isinstance(name, str) or not isinstance(space, str):
        return "", namespace
    full = full_name(name, space)
    return full, full.rpartition(".")[0]
