"""Builds what is deployed: the function package and its layers, the same zip bytes for the same content.

The layers are made from the distributions that the lock installed, so building needs no network and what runs
locally is what AWS gets. Wheels are for the machine that builds: build on Linux x86-64 or arm64 to deploy to AWS
on the same architecture.

`python -m wavetank.pipeline.package [FOLDER]` builds into a folder, by default `.wavetank/cache/packages`.
"""

import fnmatch
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import wavetank
from wavetank.pipeline.errors import ConfigurationError

LAYERS = {"codec": ("fastavro",), "columns": ("numpy", "pyarrow")}
"""Layer → the distributions in it. boto3 is not among them: the Lambda runtime brings it."""

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
    """A file to pack: its name in the zip and where it is."""

    name: str
    path: Path
    digest: str
    """The digest of its content; for installed files it is in the record of their distribution."""


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


def build(folder: Path) -> Artifacts:
    """Build what is missing in `folder`; a zip whose content has not changed is not built again."""
    folder.mkdir(parents=True, exist_ok=True)
    return Artifacts(
        code=build_code(folder),
        codec_layer=build_layer(folder, "codec", LAYERS["codec"]),
        columns_layer=build_layer(folder, "columns", LAYERS["columns"]),
    )


def build_code(folder: Path, root: Path = Path(__file__).parent) -> Artifact:
    """The function package alone; `root` is the folder that becomes the package `wavetank.pipeline`."""
    modules = [
        _own(str(PurePosixPath("wavetank/pipeline", *path.relative_to(root).parts)), path)
        for path in sorted(root.rglob("*.py"))
    ]
    return _zip(folder, "code", [_own("wavetank/__init__.py", Path(wavetank.__file__)), *modules])


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
                f"{distribution_name} is not installed, the {name} layer needs it: run `make setup`"
            ) from error
        for file in sorted(distribution.files or [], key=str):
            if not any(fnmatch.fnmatch(str(file), pattern) for pattern in NOT_NEEDED):
                recorded = file.hash.value if file.hash else ""
                sources.append(Source(f"python/{file}", Path(str(distribution.locate_file(file))), recorded))
    return _zip(folder, name, [*sources, *(_own(f"python/{path.name}", path) for path in modules)])


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
                    data = source.path.read_bytes()
                    size += len(data)
                    archive.writestr(info, data, compresslevel=COMPRESS_LEVEL)
            if size > MAX_UNZIPPED:
                limit = f"Lambda takes {MAX_UNZIPPED >> 20} MiB"
                raise ConfigurationError(f"{path.name} is {size >> 20} MiB unzipped, {limit}")
            built.replace(path)
    return Artifact(path.name, path)


def main() -> None:
    """Build into the folder given, and say what is there."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".wavetank/cache/packages")
    artifacts = build(folder)
    for artifact in (artifacts.code, artifacts.codec_layer, artifacts.columns_layer):
        sys.stdout.write(f"{artifact.path} ({artifact.path.stat().st_size / 1e6:.1f} MB)\n")


if __name__ == "__main__":
    main()
