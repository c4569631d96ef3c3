"""Every LocalStack registration of wavetank, in one place; each import is deferred until the plugin is loaded.

The names are those in `pyproject.toml` under `[project.entry-points]`; LocalStack finds them through plux.
"""

from localstack.runtime import hooks
from localstack.runtime.server.core import RuntimeServer, RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from localstack.services.plugins import Service, aws_provider

NAME = "wavetank"


@aws_provider(api="kinesis", name=NAME)
def kinesis() -> Service:
    """Kinesis Data Streams, in process."""
    from wavetank.emulator.kinesis.provider import KinesisProvider

    return Service.for_provider(KinesisProvider())


@aws_provider(api="firehose", name=NAME)
def firehose() -> Service:
    """Firehose with buffering and a Kinesis source, in process."""
    from wavetank.emulator.firehose.provider import FirehoseProvider

    return Service.for_provider(FirehoseProvider())


@aws_provider(api="resourcegroupstaggingapi", name=NAME)
def tagging() -> Service:
    """The tags of what the stack holds, whichever service keeps them."""
    from wavetank.emulator.tagging.provider import TaggingProvider

    return Service.for_provider(TaggingProvider())


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Lambda environments as child processes."""

    name = NAME

    def load(self, *_args: object, **_kwargs: object) -> type[RuntimeExecutor]:
        """The executor class."""
        from wavetank.emulator.lambda_.executor import ProcessExecutor

        return ProcessExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """The gateway's HTTP server, listening on the given address only."""

    name = NAME

    def load(self, *_args: object, **_kwargs: object) -> RuntimeServer:
        """The server."""
        from wavetank.emulator.serving.server import LoopbackServer

        return LoopbackServer()


FIRST = 100
"""Priority of our start hook: LocalStack's own, which may load every service, come later."""


@hooks.on_infra_start(priority=FIRST)
def on_start() -> None:
    """Install the event source poller, the tracked deliveries and the control API before any service is loaded."""
    from wavetank.emulator import install

    install.start()


@hooks.on_infra_shutdown()
def on_shutdown() -> None:
    """Stop what `on_start` and the services started."""
    from wavetank.emulator import install

    install.stop()
