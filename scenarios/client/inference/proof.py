"""The proof of a proposal: every row of the file is mapped, and encoded with its schema, as in a feed."""

import tomllib
from collections import Counter
from dataclasses import dataclass, field

from wavetank.scenarios.client.batches import MAX_KEY_CHARACTERS, MAX_RECORD_BYTES, Message
from wavetank.scenarios.client.inference.proposal import Proposal
from wavetank.scenarios.client.inference.survey import Source
from wavetank.scenarios.client.wire import EncodingError, FrameTooLargeError, WireSchema, encode_frame
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.mapping_file import from_document
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Row


@dataclass
class Proof:
    """The rows of a file by what a feed would make of them; examples: of each reason the first row and why."""

    events: int = 0
    rejected: Counter[RejectReason] = field(default_factory=Counter)
    examples: dict[RejectReason, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows that are not blank."""
        return self.events + self.rejected.total()


def prove(proposal: Proposal, source: Source) -> Proof:
    """Map and encode every row of the source. Raises as `source_file.opened`, and MappingError."""
    schema = WireSchema.of(proposal.raw)
    document = tomllib.loads(proposal.mapping)
    mapper = Mapper(from_document(document, "the proposed mapping", {proposal.event: schema.definition}))
    proof = Proof()
    with source.opened() as (_, rows):
        for row in rows:
            rejection = _rejection(row, mapper, schema)
            if rejection is None:
                proof.events += 1
                continue
            proof.rejected[rejection.reason] += 1
            proof.examples.setdefault(rejection.reason, f"row {row.number}: {rejection.message}")
    return proof


def _rejection(row: Row, mapper: Mapper, schema: WireSchema) -> Rejection | None:
    event = mapper.event_of(row)
    if isinstance(event, Rejection):
        return event
    try:
        message = Message("", event.event_id[:MAX_KEY_CHARACTERS], encode_frame(schema, event.record))
    except FrameTooLargeError as error:
        return Rejection(RejectReason.TOO_LARGE, str(error))
    except EncodingError as error:
        return Rejection(RejectReason.BAD_RECORD, str(error))
    if message.size > MAX_RECORD_BYTES:
        return Rejection(RejectReason.TOO_LARGE, f"{message.size:,} bytes with its key")
    return None
