"""The vocabulary of a drill, as plain values: a drill takes all its words from here.

`drill` is the whole, `steps` what it does on the way, `nemesis` and `nemeses` what goes wrong. A nemesis
knows its site as `nemesis.Place` says, no AWS library and no LocalStack; `scenarios.run` carries a drill out. Begin
with `drill`.
"""

from wavetank.emulator.faults.model import When, Window
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.limits.register import Limit
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.dumps import DumpResult
from wavetank.scenarios.spec.hours import MINUTE, Chunks, Scheduled
from wavetank.scenarios.spec.nemeses.chunks import ChunksDamaged
from wavetank.scenarios.spec.nemeses.components import ComponentChanged
from wavetank.scenarios.spec.nemeses.container import ContainerCut, ContainerKilled, ContainerPaused, MemoryReached
from wavetank.scenarios.spec.nemeses.database import (
    DatabaseChanged,
    DatabaseDown,
    DumpersUnbounded,
    LeaseRemoved,
    PasswordRotated,
    TableLocked,
)
from wavetank.scenarios.spec.nemeses.fault import Fault, functions_die
from wavetank.scenarios.spec.nemeses.functions import (
    BadDeploy,
    ColdStart,
    NotificationsForbidden,
    OwnCodeMistaken,
    Reconfigured,
)
from wavetank.scenarios.spec.nemeses.limits import LimitEnforced, StreamsDescribed
from wavetank.scenarios.spec.nemeses.neighbour import StageHaywire
from wavetank.scenarios.spec.nemeses.parts import PartsDamaged, RecordsUnmergeable, SchemaUnmergeable
from wavetank.scenarios.spec.nemeses.producer import (
    Aggregated,
    ClockAhead,
    CorruptCopies,
    HotShard,
    PortionsWithheld,
    ProducerAhead,
    ProducerInMillis,
    ProducerRepeats,
    ProducerRevises,
)
from wavetank.scenarios.spec.nemeses.references import ReferenceBroken, ReferenceRenewed
from wavetank.scenarios.spec.nemeses.schemas import (
    IncompatiblePublished,
    SchemaDamaged,
    SchemaOverwritten,
    VersionsHeldBack,
)
from wavetank.scenarios.spec.nemeses.streams import ConsumersStopped, Resharded
from wavetank.scenarios.spec.nemeses.ticks import TicksDoubled, TicksMissed
from wavetank.scenarios.spec.nemeses.upgrade import Upgraded
from wavetank.scenarios.spec.nemesis import EVERY_DAMAGE, Damage
from wavetank.scenarios.spec.steps import (
    ALL_LANDED,
    Advance,
    AdvanceTo,
    Age,
    BackFill,
    BeginOutage,
    CountObjects,
    CountVersions,
    Dump,
    EndOutage,
    Expect,
    LetGo,
    Look,
    PublishAhead,
    PublishVersions,
    Redeliver,
    Redrive,
    ReplayAll,
    Scope,
    SendAgain,
    SendPortion,
    Settle,
    Stall,
    Strike,
    SumReferences,
    Tick,
    Unlock,
    look_when_merged,
)
from wavetank.scenarios.spec.unfinished import HELD_BACK, HIDDEN_MESSAGES, PROCESSORS, STOPPED, Unfinished
from wavetank.scenarios.workload.workload import EVERY_SHAPE, EVERY_TYPE, Workload

__all__ = [
    "ALL_LANDED",
    "EVERY_DAMAGE",
    "EVERY_SHAPE",
    "EVERY_TYPE",
    "HELD_BACK",
    "HIDDEN_MESSAGES",
    "MINUTE",
    "PROCESSORS",
    "STOPPED",
    "Action",
    "Advance",
    "AdvanceTo",
    "Age",
    "Aggregated",
    "BackFill",
    "BadDeploy",
    "BeginOutage",
    "Chunks",
    "ChunksDamaged",
    "ClockAhead",
    "ColdStart",
    "ComponentChanged",
    "ConsumersStopped",
    "ContainerCut",
    "ContainerKilled",
    "ContainerPaused",
    "CorruptCopies",
    "CountObjects",
    "CountVersions",
    "Damage",
    "DatabaseChanged",
    "DatabaseDown",
    "Drill",
    "Dump",
    "DumpResult",
    "DumpersUnbounded",
    "EndOutage",
    "Expect",
    "Fault",
    "HotShard",
    "IncompatiblePublished",
    "LeaseRemoved",
    "LetGo",
    "Limit",
    "LimitEnforced",
    "Look",
    "MemoryReached",
    "NotificationsForbidden",
    "OwnCodeMistaken",
    "PartsDamaged",
    "PasswordRotated",
    "Point",
    "PortionsWithheld",
    "ProducerAhead",
    "ProducerInMillis",
    "ProducerRepeats",
    "ProducerRevises",
    "PublishAhead",
    "PublishVersions",
    "Reconfigured",
    "RecordsUnmergeable",
    "Redeliver",
    "Redrive",
    "ReferenceBroken",
    "ReferenceRenewed",
    "ReplayAll",
    "Resharded",
    "Scheduled",
    "SchemaDamaged",
    "SchemaOverwritten",
    "SchemaUnmergeable",
    "Scope",
    "SendAgain",
    "SendPortion",
    "Settle",
    "StageHaywire",
    "Stall",
    "StreamsDescribed",
    "Strike",
    "SumReferences",
    "TableLocked",
    "Tag",
    "Tick",
    "TicksDoubled",
    "TicksMissed",
    "Unfinished",
    "Unlock",
    "Upgraded",
    "VersionsHeldBack",
    "When",
    "Window",
    "Workload",
    "functions_die",
    "look_when_merged",
]
