"""Builds what is deployed: the function package and its layers, the same zip bytes for the same content.

An event type with code or rules of its own has a package of its own for its processor: the function package, and with
it `wavetank_components/<event>/`. An edit of it changes the package of one function. So has each database for its
dumper, with `wavetank_references/<database>.json`; the layer with drivers is built only where there is a database.

The layers are made from the distributions that the lock installed, so building needs no network and what runs
locally is what AWS gets. Wheels are for the machine that builds: build on Linux x86-64 or arm64 to deploy to AWS
on the same architecture.

`python -m wavetank.pipeline.package FOLDER` builds into a folder.
"""

import fnmatch
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import metadata
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import wavetank
from wavetank.pipeline.components.requirements import REQUIREMENTS, digest_of, locked, members
from wavetank.pipeline.enrichment import CODE_DOCUMENT, CODE_PACKAGE
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference.source import PACKAGE, to_json

if TYPE_CHECKING:
    from wavetank.pipeline.components.references import Database
    from wavetank.pipeline.topology import EventType, Topology

CODE = Path(__file__).parent
"""The folder that becomes the package `wavetank.pipeline` of the functions."""
LAYERS = {"codec": ("fastavro",), "columns": ("numpy", "pyarrow")}
"""Layer → the distributions in it. boto3 is not among them: the Lambda runtime brings it."""
DRIVERS = ("sqlalchemy", "typing_extensions", "pymysql", "psycopg", "psycopg-binary")
"""The distributions of the layer `databases`, which only dumpers have."""
EXTRAS = {"databases": "database"}
"""Layer → the extra that brings its distributions, where it is not `stack`."""

NOT_NEEDED = (
    "*/RECORD", "*/INSTALLER", "*/REQUESTED", "*/direct_url.json", "*/uv_cache.json",
    "*.pyi", "*.pyx", "*.pxd", "*.pxi", "*.h", "*.cc", "*/__pycache__/*", "../*",
    "*/tests/*", "numpy/*/include/*", "*.a", "numpy/f2py/*", "../../bin/*",
    "pyarrow/tests/*", "pyarrow/include/*", "pyarrow/src/*", "pyarrow/includes/*",
    "pyarrow/*flight*", "pyarrow/_substrait*", "pyarrow/*gandiva*", "pyarrow/*_s3*", "pyarrow/*_orc*",
    "pyarrow/*_azurefs*", "pyarrow/*_gcsfs*", "pyarrow/*_hdfs*", "pyarrow/*_cuda*",
    "pyarrow/*_tests.*", "pyarrow/libarrow_python*.so", "pyarrow/libarrow_python*.so.*.*.*",
)  # fmt: skip
"""Left out of layers: sources, tests, and the parts of pyarrow that no handler uses (Lambda takes 250 MB)."""

MAX_UNZIPPED = 250 * 1024 * 1024
"""Bytes of a function with its layers, unzipped (Lambda developer guide, "Lambda quotas")."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
READABLE = 0o644 << 16
COMPRESS_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A file to pack: its name in the zip, and where it is; or its bytes."""

    name: str
    content: Path | bytes
    digest: str
    """The digest of its content; for installed files it is in the record of their distribution."""

    def read(self) -> bytes:
        """Its bytes."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip that was built: `key` names it by its content."""

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class Artifacts:
    """Everything a deployment uploads."""

    code: Artifact
    codec_layer: Artifact
    columns_layer: Artifact
    components: Mapping[str, Artifact] = field(default_factory=dict)
    """The packages of processors whose event types have code or rules of their own, by event type."""
    component_layers: Mapping[str, Artifact] = field(default_factory=dict)
    """The layers of those that need packages, by event type."""
    dumpers: Mapping[str, Artifact] = field(default_factory=dict)
    """The packages of dumpers, by database."""
    databases_layer: Artifact | None = None
    """None where there is no database."""

    @property
    def all(self) -> list[Artifact]:
        """Every one of them."""
        shared = [self.code, self.codec_layer, self.columns_layer, *filter(None, [self.databases_layer])]
        return [*shared, *self.components.values(), *self.component_layers.values(), *self.dumpers.values()]

    def of_functions(self, planned: "Topology") -> dict[str, Artifact]:
        """The package of each function, by the name of the function."""
        own = {event.processor: self.components[event.name] for event in planned.events if event.has_own_code}
        own |= {planned.names.dumper(name): artifact for name, artifact in self.dumpers.items()}
        return dict.fromkeys(planned.functions, self.code) | own


def build(
    folder: Path, events: "Sequence[EventType]" = (), root: Path = CODE, databases: "Sequence[Database]" = ()
) -> Artifacts:
    """Build what is missing in `folder`; a zip whose content has not changed is not built again.

    events and databases: those whose own packages are wanted, where they have one. root: see `build_code`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = Artifacts(
        dumpers={database.name: build_dumper(folder, database, root) for database in databases},
        databases_layer=build_layer(folder, "databases", DRIVERS) if databases else None,
        code=build_code(folder, root),
        components=build_own(folder, events, root),
        codec_layer=build_layer(folder, "codec", LAYERS["codec"]),
        columns_layer=build_layer(folder, "columns", LAYERS["columns"]),
        component_layers={event.name: build_own_layer(folder, event) for event in events if event.has_packages},
    )
    for name, layer in artifacts.component_layers.items():
        size = sum(map(unzipped, (artifacts.components[name], artifacts.codec_layer, layer)))
        if size > MAX_UNZIPPED:
            taken = f"{name}: its packages make a function of {size >> 20} MiB unzipped"
            raise ConfigurationError(
                f"{taken}; Lambda takes {MAX_UNZIPPED >> 20} MiB: leave some out of {REQUIREMENTS}"
            )
    return artifacts


def packages(folder: Path, planned: "Topology", root: Path = CODE) -> dict[str, Artifact]:
    """The package of each function, by the name of the function, without any layer; root: see `build_code`."""
    own = {planned.event(name).processor: each for name, each in build_own(folder, planned.events, root).items()}
    dumping = {planned.names.dumper(each.name): build_dumper(folder, each, root) for each in planned.databases}
    return dict.fromkeys(planned.functions, build_code(folder, root)) | own | dumping


def build_own(folder: Path, events: "Sequence[EventType]", root: Path = CODE) -> dict[str, Artifact]:
    """The packages of event types that have code or rules of their own, by event type."""
    return {event.name: build_code(folder, root, event) for event in events if event.has_own_code}


def build_code(folder: Path, root: Path = CODE, event: "EventType | None" = None) -> Artifact:
    """The function package alone, with the own code of an event type where one is given.

    root: the folder that becomes the package `wavetank.pipeline`.
    """
    name = "code" if event is None else f"code-{event.name}"
    return _zip(folder, name, [*_modules(root), *([] if event is None else own_code(event))])


def own_sources(planned: "Topology", function: str) -> list[Source]:
    """What the package of a function has that no other has; nothing for most."""
    events = (event for event in planned.events if event.processor == function and event.has_own_code)
    databases = (each for each in planned.databases if planned.names.dumper(each.name) == function)
    return [*(source for event in events for source in own_code(event)), *map(own_references, databases)]


def build_dumper(folder: Path, database: "Database", root: Path = CODE) -> Artifact:
    """The function package with what the dumper of a database reads."""
    return _zip(folder, f"dumper-{database.name}", [*_modules(root), own_references(database)])


def own_references(database: "Database") -> Source:
    """What of a database its dumper alone has: the document that says what it reads."""
    text = to_json(database.sources)
    return Source(f"{PACKAGE}/{database.name}.json", text, sha256(text).hexdigest())


def _modules(root: Path) -> Iterator[Source]:
    yield _own("wavetank/__init__.py", Path(wavetank.__file__))
    for path in sorted(root.rglob("*.py")):
        yield _own(str(PurePosixPath("wavetank/pipeline", *path.relative_to(root).parts)), path)


def own_code(event: "EventType") -> Iterator[Source]:
    """What of an event type its processor alone has: the modules of its own code, and what says which rules it has."""
    place = f"{CODE_PACKAGE}/{event.name}"
    document = {
        "enrich": event.code is not None,
        "references": event.code.references if event.code else (),
        "rules": [rule.model_dump(exclude_none=True, exclude_defaults=True) for rule in event.component.rules],
    }
    text = json.dumps(document, sort_keys=True).encode()
    yield Source(f"{place}/{CODE_DOCUMENT}", text, sha256(text).hexdigest())
    for path in event.code.modules if event.code else ():
        yield _own(f"{place}/{path.name}", path)


def build_layer(folder: Path, name: str, distributions: Sequence[str], modules: Sequence[Path] = ()) -> Artifact:
    """A layer with installed distributions, and further modules.

    Raises ConfigurationError where a distribution is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources: list[Source] = []
    for distribution_name in distributions:
        try:
            distribution = metadata.distribution(distribution_name)
        except metadata.PackageNotFoundError as error:
            raise ConfigurationError(
                f"{distribution_name} is not installed, the {name} layer needs it: pip install "
                f"'wavetank[{EXTRAS.get(name, 'stack')}]'"
            ) from error
        for file in sorted(distribution.files or [], key=str):
            if not any(fnmatch.fnmatch(str(file), pattern) for pattern in NOT_NEEDED):
                recorded = file.hash.value if file.hash else ""
                sources.append(Source(f"python/{file}", Path(str(distribution.locate_file(file))), recorded))
    return _zip(folder, name, [*sources, *(_own(f"python/{path.name}", path) for path in modules)])


def build_own_layer(folder: Path, event: "EventType") -> Artifact:
    """The layer with the packages that an event type's own code needs, from the wheels of the cache: no network.

    Raises ConfigurationError naming the package that is not locked, or whose wheel is not there.
    """
    sources: list[Source] = []
    for wheel in locked(event.folder):
        path = wheel.path(wheels_beside(folder))
        if not path.is_file() or digest_of(path) != wheel.digest:
            remedy = f"run `wavetank components lock {event.name}` where a package index can be reached"
            raise ConfigurationError(f"{event.name}: {wheel.name} {wheel.version} is not in {path.parent}; {remedy}")
        with zipfile.ZipFile(path) as archive:
            for name, member in members(path).items():
                data = archive.read(member)
                sources.append(Source(f"python/{name}", data, sha256(data).hexdigest()))
    return _zip(folder, f"layer-{event.name}", sources)


def wheels_beside(folder: Path) -> Path:
    """The folder of wheels that belongs to a folder of packages."""
    return folder.with_name("wheels")


def unpacked(layer: Artifact) -> Path:
    """The folder of Python modules in a layer, unpacked beside it once."""
    folder = layer.path.with_suffix("")
    if not folder.is_dir():
        with TemporaryDirectory(dir=folder.parent) as private:
            with zipfile.ZipFile(layer.path) as archive:
                archive.extractall(Path(private) / "layer")
            with suppress(OSError):
                (Path(private) / "layer").rename(folder)
    return folder / "python"


def unzipped(artifact: Artifact) -> int:
    """The bytes of an artifact, unzipped."""
    with zipfile.ZipFile(artifact.path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _own(name: str, path: Path) -> Source:
    """A file of ours, known by its content."""
    return Source(name, path, sha256(path.read_bytes()).hexdigest())


def _zip(folder: Path, name: str, sources: list[Source]) -> Artifact:
    """The zip of `sources`, found by the digest of their names and content or built anew."""
    digest = sha256(str(COMPRESS_LEVEL).encode())
    for source in sources:
        digest.update(f"\0{source.name}\0{source.digest}".encode())
    path = folder / f"{name}-{digest.hexdigest()[:32]}.zip"
    if not zipfile.is_zipfile(path):
        with TemporaryDirectory(dir=folder) as private:
            built, size = Path(private) / path.name, 0
            with zipfile.ZipFile(built, "w") as archive:
                for source in sources:
                    info = zipfile.ZipInfo(source.name, EARLIEST)
                    info.external_attr = READABLE
                    info.compress_type = zipfile.ZIP_DEFLATED
                    data = source.read()
                    size += len(data)
                    archive.writestr(info, data, compresslevel=COMPRESS_LEVEL)
            if size > MAX_UNZIPPED:
                limit = f"Lambda takes {MAX_UNZIPPED >> 20} MiB"
                raise ConfigurationError(f"{path.name} is {size >> 20} MiB unzipped, {limit}")
            built.replace(path)
    return Artifact(path.name, path)


def main() -> None:
    """Build into the folder given, and say what is there."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m wavetank.pipeline.package FOLDER")
    artifacts = build(Path(sys.argv[1]))
    for artifact in (artifacts.code, artifacts.codec_layer, artifacts.columns_layer):
        sys.stdout.write(f"{artifact.path} ({artifact.path.stat().st_size / 1e6:.1f} MB)\n")


if __name__ == "__main__":
    main()
