"""Every patch changes what it was written for and nothing else, and only patches change other libraries' code."""

import pkgutil
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

from tests.changes_of_libraries import changes
from wavetank.emulator import patches
from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import Patch

NAMES = sorted(module.name for module in pkgutil.iter_modules(patches.__path__))


@pytest.fixture
def modules_as_they_were(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Patches may let other modules stand in for those that nobody needs yet."""
    before = dict(sys.modules)
    yield
    for name, module in before.items():
        sys.modules[name] = module
    for name in sys.modules.keys() - before.keys():
        if sys.modules[name].__spec__ is None:
            del sys.modules[name]


@pytest.mark.parametrize("name", NAMES)
def test_another_version_of_a_library_is_not_patched(
    name: str, monkeypatch: pytest.MonkeyPatch, modules_as_they_were: None
) -> None:
    module = import_module(f"{patches.__name__}.{name}")
    changed: list[tuple[str, Patch]] = []
    monkeypatch.setattr(module, "when_imported", lambda *change: changed.append(change))
    module.install()
    assert module.__doc__
    assert changed
    for target, patch in changed:
        with pytest.raises(TypeError, match="was written for"):
            patch(ModuleType(target))


@pytest.fixture
def library() -> ModuleType:
    """A module with a class and a method."""

    class Client:
        def call(self, name: str) -> str:
            return name

    module = ModuleType("library")
    vars(module)["Client"] = Client
    return module


def test_a_method_is_wrapped_and_replaced(library: ModuleType) -> None:
    wrap(library, "Client.call", lambda call, client, name: call(client, name) + "!", "name")
    assert library.Client().call("a") == "a!"
    replace(library, "Client.call", lambda _client, _name: "b")
    assert library.Client().call("a") == "b"


@pytest.mark.parametrize(
    ("path", "parameters"), [("Client.send", ()), ("Server", ()), ("Server.call", ()), ("Client.call", ("number",))]
)
def test_a_part_that_is_another_is_not_touched(library: ModuleType, path: str, parameters: tuple[str, ...]) -> None:
    with pytest.raises(TypeError, match=f"{path} of library is not the one this was written for"):
        original(library, path, *parameters)


@pytest.mark.parametrize(
    "source",
    [
        "from localstack.utils.patch import Patch",
        "from localstack.utils import patch",
        "from wavetank.emulator.runtime.on_import import when_imported",
        "import boto3\nboto3.client = print",
        "import localstack.services as services\nservices.plugins.SERVICES = {}",
        "from botocore import loaders\nloaders.Loader.load, x = 1, 2",
        "from rolo import gateway\nsetattr(gateway.Gateway, 'accept', print)",
        "from werkzeug.routing import Rule\ndel Rule.build",
        "from localstack import config\nconfig.DEBUG += 1",
        "from localstack import config\nvars(config)['DEBUG'] = 1",
        "from localstack import config\nvars(config).update(DEBUG=1)",
        "from localstack import config\nconfig.HOSTS[:] = []",
        "def patch(module: ModuleType):\n    provider = module.Provider\n    provider.call = print",
        "def patch():\n    from moto import core\n    for part in (core.A, core.B):\n        part.call = print",
        "import sys\nNAME = 'localstack.config'\nsys.modules[NAME].DEBUG = 1",
        "import sys\nconfig = sys.modules.get('localstack.config')\nconfig.DEBUG = 1",
        "from importlib import import_module\nimport_module('boto3').client = print",
    ],
)
def test_a_change_of_a_library_is_found(source: str) -> None:
    assert len(changes(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from localstack.aws.api import RequestContext\ncontext = RequestContext()\ncontext.account = '0'",
        "from localstack.services.s3 import models\nbucket = models.find('b')\nbucket.objects = {}",
        "import boto3\nclient = boto3.client('s3')\nclient.retries = 2",
        "def f(context):\n    context.operation = 'Put'\n    setattr(context, 'x', 1)",
        "def f(module: ModuleType):\n    pass\ndef g(module):\n    module.x = 1",
        "from localstack.runtime import Executor\nclass Own(Executor):\n    def start(self):\n        self.x = 1",
        "import sys\nsys.modules['wavetank.x'].y = 1",
        "from localstack import config\nconfig = {}\nconfig['x'] = 1",
        "from localstack.aws import handlers\nhandlers.chain.append(print)",
    ],
)
def test_a_change_of_a_value_or_an_object_of_ones_own_is_none(source: str) -> None:
    assert changes(source) == []
