"""The code keeps to its architecture: imports point one way, and what is registered can be loaded."""

import ast
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module, metadata
from pathlib import Path

import pytest

from tests.changes_of_libraries import changes
from wavetank.emulator.develop.reload import INFRASTRUCTURE
from wavetank.pipeline import topology
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.cli import COMMANDS, ROOMS

WALL_CLOCK = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
}  # fmt: skip
READ_THE_WALL_CLOCK = {
    "emulator/runtime/clock.py": "the time at which emulator time begins",
    "emulator/stack/uncontrolled.py": "the time of a stack that is none of ours",
    "emulator/stack/stack.py": "how long a process has run, told to people",
    "emulator/container/stack.py": "how long a container has run, told to people",
    "emulator/lambda_/execution/environment.py": "stamps of logs, and deadlines that functions compare with theirs",
    "emulator/s3/contents.py": "where the numbers of uploads begin; from there on they are counted",
    "emulator/cloudformation/drift.py": "stamps of answers, beside those that LocalStack gives stacks",
    "emulator/lambda_/packages/folders.py": "the age of a file, whose time is the wall clock's",
}
"""The files of the emulator that may, and why: the machine's clock can be set, and then what waits by it stalls."""

PACKAGES = ("pipeline", "emulator", "scenarios")
MOST_MODULES = 20
LONGEST_FILE = 450
"""Lines. Most files have fewer than 250; past this one a file holds more than one noun."""

ENTRY_POINTS = sorted(metadata.distribution("wavetank").entry_points, key=lambda point: (point.group, point.name))


def test_nothing_is_imported_past_the_one_name_of_the_distribution(root: Path) -> None:
    """`pipeline.x` and `wavetank.pipeline.x` would be two modules, with two sets of classes."""
    imports = {
        (str(path.relative_to(root)), name)
        for folder in (*PACKAGES, "tests")
        for path in (root / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert {entry for entry in imports if entry[1].split(".")[0] in PACKAGES} == set()
    assert any(name.startswith("wavetank.pipeline") for _, name in imports)


def test_a_checkout_without_links_says_what_to_do(root: Path, tmp_path: Path) -> None:
    package = tmp_path / "wavetank"
    package.mkdir()
    (package / "__init__.py").write_text((root / "wavetank" / "__init__.py").read_text())
    (package / "pipeline").write_text("../pipeline")
    command = [sys.executable, "-c", "import wavetank.pipeline"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "git config core.symlinks true" in done.stderr


def test_imports_keep_to_the_contracts(root: Path) -> None:
    """In a process of its own, as the linter configures the logging of the one it runs in."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("point", ENTRY_POINTS, ids=lambda point: f"{point.group}:{point.name}")
def test_every_registered_entry_point_can_be_loaded(point: metadata.EntryPoint) -> None:
    assert point.load() is not None


@pytest.mark.parametrize("name", [*(f"commands.{name}" for name in COMMANDS), *(f"{room}.command" for room in ROOMS)])
def test_every_command_module_registers_itself(name: str) -> None:
    assert callable(import_module(f"wavetank.scenarios.{name}").register)


def test_the_topology_lists_every_function_of_the_template(root: Path) -> None:
    planned = topology.load(root / "schemas")
    functions = [
        resource["Properties"]["FunctionName"]
        for resource in whole(planned)["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert sorted(functions) == sorted(planned.functions)


def test_an_edit_of_whatever_the_template_is_made_of_is_deployed(root: Path) -> None:
    """What the template renders from, by its imports: an edit of it is no new code for functions alone."""
    program = "import sys; import wavetank.pipeline.template.render; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[2] for name in loaded if name.startswith("wavetank.pipeline.")} - {"errors"}
    assert rooms == {entry.removesuffix(".py") for entry in INFRASTRUCTURE} - {"package"}


def test_every_folder_can_be_taken_in_at_a_glance(root: Path) -> None:
    sizes = {
        str(folder.relative_to(root)): len(modules)
        for package in PACKAGES
        for folder in [root / package, *(root / package).rglob("*")]
        if (modules := [path for path in folder.glob("*.py") if path.name != "__init__.py"])
    }
    crowded = {name for name, modules in sizes.items() if modules > MOST_MODULES}
    assert crowded <= {"scenarios/drills", "emulator/patches"}


def test_every_package_says_what_it_is(root: Path) -> None:
    doors = [path for package in PACKAGES for path in (root / package).rglob("__init__.py")]
    assert doors
    assert [str(path) for path in doors if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_every_place_that_the_docs_name_is_there(root: Path) -> None:
    """Links, and what stands between backquotes and looks like a path or a module of ours; in all but the changelog."""
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), root / "tests" / "README.md"]
    missing = {}
    for page in pages:
        if page.name == "CHANGELOG.md":
            continue
        text = page.read_text()
        links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text)]
        paths = re.findall(r"`((?:schemas|pipeline|emulator|scenarios|tests|docs)/[\w./-]*)`", text)
        modules = re.findall(r"`wavetank((?:\.\w+)+)`", text)
        places = [page.parent / link for link in links] + [root / path for path in paths]
        places = [place for place in places if not place.exists()]
        named = [module for module in modules if not _is_named(root, module.removeprefix(".").split("."))]
        if places or named:
            missing[page.name] = (places, named)
    assert missing == {}
    assert len(re.findall(r"\]\(", (root / "docs" / "architecture.md").read_text())) > 50


def _is_named(root: Path, parts: list[str]) -> bool:
    """Whether a dotted name is a module, a package, or something in one."""
    for path in (root.joinpath(*parts), root.joinpath(*parts[:-1])):
        if path.is_dir() or path.with_suffix(".py").is_file():
            return True
    return False


def test_no_file_holds_more_than_one_can_read_at_once(root: Path) -> None:
    lengths = {
        str(path.relative_to(root)): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_what_waits_expires_or_is_put_in_order_does_not_read_the_wall_clock(root: Path) -> None:
    readers = set()
    for path in (root / "emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            named = {ast.unparse(node)} if isinstance(node, ast.Attribute) else set()
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                named = {f"time.{alias.name}" for alias in node.names}
            if named & WALL_CLOCK:
                readers.add(str(path.relative_to(root)))
    assert readers == READ_THE_WALL_CLOCK.keys()


CHANGES_LIBRARIES = {
    "emulator/lambda_/runtime/fork_server.py": "the SDK of functions, in the process from which they are forked",
}
"""The files that may do so beside the patches, and why."""


def test_only_patches_change_the_code_of_libraries(root: Path) -> None:
    changed = {
        str(path.relative_to(root)): places
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if path.parent != root / "emulator" / "patches" and (places := changes(path.read_text()))
    }
    assert changed.keys() == CHANGES_LIBRARIES.keys()


def test_every_patch_is_installed(root: Path) -> None:
    """Before LocalStack is imported, or when it starts; `install` is called for all that are named in these files."""
    installed = {
        alias.name
        for name in ("main.py", "install.py")
        for node in ast.walk(ast.parse((root / "emulator" / name).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "wavetank.emulator.patches"
        for alias in node.names
    }
    assert installed == {path.stem for path in (root / "emulator" / "patches").glob("*.py")} - {"__init__"}


def test_the_image_is_given_all_that_the_stage_which_fills_its_cache_imports(root: Path, tmp_path: Path) -> None:
    """Without a Docker engine: the files that the stage copies are put in a folder, and imported there."""
    text = (root / "emulator" / "Dockerfile").read_text().replace("\\\n", " ")
    stage = text.split("FROM packages AS libraries")[1].split("\nRUN ")[0]
    for line in re.findall(r"^COPY (.*)$", stage, re.MULTILINE):
        *sources, target = line.split()
        for source in sources:
            if (root / source).is_dir():
                shutil.copytree(root / source, tmp_path / target, symlinks=True)
            else:
                (tmp_path / target).mkdir(parents=True, exist_ok=True)
                shutil.copy(root / source, tmp_path / target)
    files = [path.relative_to(tmp_path) for top in ("emulator", "pipeline") for path in (tmp_path / top).rglob("*.py")]
    modules = [".".join(("wavetank", *path.with_suffix("").parts)) for path in files]
    imports = "; ".join(f"import {module}" for module in modules if ".lambda_.runtime." not in module)
    environment = {"PYTHONPATH": str(tmp_path), "PATH": os.environ["PATH"]}
    command = [sys.executable, "-P", "-c", f"{imports}; import wavetank; print(wavetank.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "wavetank" / "__init__.py")), done.stderr


def test_every_make_target_explains_itself(root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    targets = set(re.findall(r"^\.PHONY: (\S+)", makefile, re.MULTILINE))
    explained = set(re.findall(r"^([a-z0-9-]+):.*## \S", makefile, re.MULTILINE))
    assert targets == explained
    assert {"help", "setup", "lint", "test", "drill", "bench", "lock", "clean"} <= targets


def test_each_action_of_each_fault_point_is_shown_by_a_test(root: Path) -> None:
    from wavetank.emulator.faults.points import POINTS

    shown: set[tuple[str, str]] = set()
    for file in (root / "tests" / "parity").glob("test_*.py"):
        module = ast.parse(file.read_text())
        constants = {
            target.id: node.value.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                point, *actions = (
                    constants[given.id] if isinstance(given, ast.Name) else ast.literal_eval(given)
                    for given in node.args
                )
                shown |= {(str(point), str(action)) for action in actions}
    assert shown == {(point.name, str(action)) for point in POINTS.values() for action in point.actions}
