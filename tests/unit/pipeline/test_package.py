"""The package that is deployed is built from content alone, and holds what the handlers import."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from tests.unit.pipeline.template.test_dumpers import add_reference
from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.package import Artifacts, build, build_code
from wavetank.pipeline.reference.source import PACKAGE, from_json
from wavetank.pipeline.topology import load


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    return build(tmp_path_factory.mktemp("packages"))


def test_building_twice_gives_the_same_names_and_bytes(artifacts: Artifacts, tmp_path: Path) -> None:
    again = build(tmp_path)
    assert again.code.key == artifacts.code.key
    assert again.code.path.read_bytes() == artifacts.code.path.read_bytes()
    assert again.codec_layer.path.read_bytes() == artifacts.codec_layer.path.read_bytes()


def test_a_package_that_is_cut_short_is_built_anew(tmp_path: Path) -> None:
    path = build_code(tmp_path).path
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", bytes(len(whole))):
        path.write_bytes(damaged)
        assert build_code(tmp_path).path.read_bytes() == whole


def test_the_function_package_holds_the_pipeline_and_nothing_else(artifacts: Artifacts) -> None:
    names = zipfile.ZipFile(artifacts.code.path).namelist()
    assert all(name.endswith(".py") for name in names)
    assert {name.split("/")[1] for name in names} == {"__init__.py", "pipeline"}


def test_own_code_is_in_the_package_of_its_processor_alone(tmp_path: Path, root: Path) -> None:
    schemas = shutil.copytree(root / "schemas", tmp_path / "schemas")
    (schemas / "click" / "enrich.py").write_text("def enrich(event, reference): return event\n")
    (schemas / "conversion" / "component.toml").write_text('[[rules]]\nfield = "campaign"\nrequired = true\n')

    def packages() -> dict[str, str]:
        planned = load(schemas)
        built = build(tmp_path / "packages", planned.events)
        return {name: artifact.key for name, artifact in built.of_functions(planned).items()}

    before = packages()
    processors = {name for name in before if name.endswith("-processor")}
    assert {before[name] for name in before.keys() - processors} == {before["wavetank-impression-processor"]}
    archive = zipfile.ZipFile(tmp_path / "packages" / before["wavetank-click-processor"])
    own = {name for name in archive.namelist() if name.startswith("wavetank_components/")}
    assert own == {"wavetank_components/click/component.json", "wavetank_components/click/enrich.py"}
    rules = zipfile.ZipFile(tmp_path / "packages" / before["wavetank-conversion-processor"])
    document = json.loads(rules.read("wavetank_components/conversion/component.json"))
    assert document == {"enrich": False, "references": [], "rules": [{"field": "campaign", "required": True}]}
    (schemas / "click" / "enrich.py").write_text("def enrich(event, reference): return None\n")
    after = packages()
    assert {name for name in before if before[name] != after[name]} == {"wavetank-click-processor"}


def test_layers_lie_where_the_runtime_looks_for_them(artifacts: Artifacts) -> None:
    for layer in (artifacts.codec_layer, artifacts.columns_layer):
        assert all(name.startswith("python/") for name in zipfile.ZipFile(layer.path).namelist())


def test_the_concatenator_writes_parquet_with_only_its_package_and_layers(artifacts: Artifacts, tmp_path: Path) -> None:
    for artifact in (artifacts.code, artifacts.codec_layer, artifacts.columns_layer):
        zipfile.ZipFile(artifact.path).extractall(tmp_path)
    program = (
        "import sys, json; sys.path[:0] = json.loads(sys.argv[1]);"
        "from io import BytesIO;"
        "from wavetank.pipeline.core.files import parquet;"
        "from wavetank.pipeline.core.schema import parse, Role;"
        "schema = parse(open(sys.argv[2]).read(), 'click', Role.PROCESSED, 1);"
        "out = BytesIO();"
        "parquet.Writer(out, schema).close();"
        "assert out.getvalue()[:4] == b'PAR1'"
    )
    schema = Path(__file__).parents[3] / "schemas/click/processed.v1.avsc"
    paths = json.dumps([str(tmp_path), str(tmp_path / "python")])
    subprocess.run([sys.executable, "-I", "-S", "-c", program, paths, str(schema)], check=True)


def test_a_dumper_has_what_it_reads_and_its_drivers_and_a_project_without_a_database_has_neither(
    tmp_path: Path,
) -> None:
    add_event(tmp_path / "schemas", "click")
    for name, database in (("accounts", "ads"), ("rates", "ads"), ("shops", "retail")):
        add_reference(tmp_path / "schemas", name, database=database)
    planned = load(tmp_path / "schemas")
    built = build(tmp_path / "packages", planned.events, databases=planned.databases)
    assert set(built.dumpers) == {"ads", "retail"}
    with zipfile.ZipFile(built.dumpers["ads"].path) as archive:
        assert [each for each in archive.namelist() if each.startswith(PACKAGE)] == [f"{PACKAGE}/ads.json"]
        sources = from_json(archive.read(f"{PACKAGE}/ads.json"))
    assert sources == planned.databases[0].sources
    assert built.of_functions(planned)[planned.names.dumper("ads")] == built.dumpers["ads"]
    assert built.databases_layer is not None
    for artifact in (built.dumpers["ads"], built.codec_layer, built.databases_layer):
        zipfile.ZipFile(artifact.path).extractall(tmp_path / "function")
    program = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[1] + '/python', *sys.argv[2:]];"
        "from wavetank.pipeline.aws.database import DIALECTS, Secret;"
        "secret = Secret('1', 'x', '/nowhere', 'localhost', 1, 'u', 'p');"
        "[dialect.connect(secret).dialect.import_dbapi() for dialect in DIALECTS.values()]"
    )
    runtime = str(Path(boto3.__file__).parents[1])
    names = "typing_extensions", "sqlalchemy", "pymysql", "psycopg", "psycopg_binary"
    assert {name for name in names if list((tmp_path / "function" / "python").glob(f"{name}*"))} == set(names)
    subprocess.run([sys.executable, "-I", "-S", "-c", program, str(tmp_path / "function"), runtime], check=True)
    without = build(tmp_path / "packages", planned.events)
    assert (without.databases_layer, without.dumpers) == (None, {})
