"""The database that reference data are read from goes wrong, or changes."""

from dataclasses import dataclass

from wavetank.pipeline.layout import lease_key
from wavetank.scenarios.spec.nemesis import Nemesis, Scene


@dataclass(frozen=True)
class DatabaseDown(Nemesis):
    """The database ends at once, as in a power cut; healing starts it again."""

    id: str = "database-down"

    def begin(self, scene: Scene) -> None:
        database = scene.site.database
        scene.healing.callback(database.start)
        database.stop()
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class TableLocked(Nemesis):
    """Somebody holds a lock of a table, and whoever reads it waits; until the step `Unlock`, or the healing."""

    table: str = "campaigns"
    id: str = "table-locked"

    def begin(self, scene: Scene) -> None:
        database = scene.site.database
        scene.healing.callback(database.unlock)
        database.hold(self.table)
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class DatabaseChanged(Nemesis):
    """Somebody runs statements in one transaction, and others at the healing, which put right what they did."""

    statements: tuple[str, ...]
    undone_by: tuple[str, ...] = ()
    id: str = "database-changed"

    def begin(self, scene: Scene) -> None:
        database = scene.site.database
        scene.healing.callback(database.execute, *self.undone_by)
        database.execute(*self.statements)
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class PasswordRotated(Nemesis):
    """The password of the dumper's account is another one.

    told: the secret has it, too; else it has the one before until the healing, as while a rotation is under way.
    """

    told: bool = True
    id: str = "password-rotated"

    def begin(self, scene: Scene) -> None:
        scene.site.database.rotate()
        if self.told:
            scene.site.tell_password()
        else:
            scene.healing.callback(scene.site.tell_password)
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class LeaseRemoved(Nemesis):
    """Somebody removes the lease of a run that is at work, as they take it for one that was killed."""

    id: str = "lease-removed"

    def begin(self, scene: Scene) -> None:
        [database] = scene.site.topology.databases
        scene.site.s3.delete_object(Bucket=scene.site.registry_bucket, Key=lease_key(database.name))
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class DumpersUnbounded(Nemesis):
    """Somebody has taken the bound from the dumper's concurrency, so that its lease alone keeps runs apart."""

    id: str = "dumpers-unbounded"

    def begin(self, scene: Scene) -> None:
        client, [database] = scene.site.stack.client("lambda"), scene.site.topology.databases
        function = scene.site.topology.names.dumper(database.name)
        bound = client.get_function_concurrency(FunctionName=function)["ReservedConcurrentExecutions"]
        scene.healing.callback(
            client.put_function_concurrency, FunctionName=function, ReservedConcurrentExecutions=bound
        )
        client.delete_function_concurrency(FunctionName=function)
        scene.struck[self.id] += 1
