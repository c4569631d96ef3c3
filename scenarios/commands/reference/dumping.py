"""`wavetank reference dump`: a reference is read from its database now, whether it is due or not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

from wavetank.emulator.errors import CallerError, StackError
from wavetank.scenarios.commands.options import AsJson, EndpointUrl, Stage
from wavetank.scenarios.commands.reference.description import Name
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.pipeline.components.references import ReferenceData
    from wavetank.scenarios.site.site import Site

FAILED = 1
REFUSED = "ReferenceRefused"
"""The type of the error with which a dumper tells of what it refused (`wavetank.pipeline.errors`)."""


class DumpFailed(StackError):
    """The dumper could not be run, or did not come to its end; the message says why."""


class Outcome(StrEnum):
    """The outcomes of a dump."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump of a reference: its outcome, rows and new entry, as far as there are any, and why it was refused."""

    name: str
    outcome: Outcome
    rows: int | None = None
    digest: str | None = None
    from_us: int | None = None
    why: str | None = None

    @classmethod
    def of_answer(cls, name: str, answer: Mapping[str, Any], *, failed: bool) -> "Dump":
        """The dump that a dumper's answer tells of. Raises DumpFailed where it broke off for another reason."""
        if failed:
            message = str(answer.get("errorMessage") or "it gave no reason")
            if answer.get("errorType") != REFUSED:
                remedy = "What is published stays. `wavetank logs` has what the dumper says."
                raise DumpFailed(f"{name} was not dumped: {message}", remedy)
            return cls(name, Outcome.REFUSED, why=message)
        fields = answer.get(name, {})
        outcome = Outcome.PUBLISHED if fields.get("published") else Outcome.UNCHANGED
        return cls(name, outcome, fields.get("rows"), fields.get("digest"), fields.get("from_us"))

    def in_words(self, now: datetime) -> Iterator[str]:
        """The dump for people; `now` is the time of the stack."""
        from wavetank.pipeline.reference.index import SECOND_US, Entry
        from wavetank.scenarios.client.reference.choice import effect

        rows = "" if self.rows is None else f", {self.rows:,} rows"
        match self.outcome:
            case Outcome.PUBLISHED:
                entry = Entry(self.from_us or 0, self.digest or "")
                when = effect(entry, int(now.timestamp() * SECOND_US))
                yield f"{self.name}: published {entry.digest[:12]}{rows}, {when}"
            case Outcome.UNCHANGED:
                yield f"{self.name}: unchanged{rows}"
            case Outcome.REFUSED:
                yield f"{self.name}: refused: {self.why}"
                yield "what is published stays in effect"

    def to_document(self) -> dict[str, Any]:
        """The dump as JSON has it."""
        return {
            "name": self.name,
            "outcome": str(self.outcome),
            "rows": self.rows,
            "digest": self.digest,
            "from_us": self.from_us,
            "why": self.why,
        }


def dump(name: Name, as_json: AsJson = False, endpoint_url: EndpointUrl = None, stage: Stage = None) -> None:
    """Read a reference from its database now, and say what came of it: published, unchanged or refused.

    The dumper of the database does it, as on its schedule, and leaves its other references alone. Exit code 1 where it
    is refused, or the dumper failed.
    """
    from wavetank.scenarios.commands.observability.places import now_of
    from wavetank.scenarios.commands.target import pipeline_at

    site = pipeline_at(endpoint_url, stage)
    now = now_of(site.stack)
    done = dumped(site, site.topology.reference(name), now)
    if as_json:
        echo(json.dumps(done.to_document()))
    else:
        is_refused = done.outcome is Outcome.REFUSED
        echo("\n".join(map(one_line, done.in_words(now))), err=is_refused)
    if done.outcome is Outcome.REFUSED:
        raise typer.Exit(FAILED)


def dumped(site: "Site", reference: "ReferenceData", now: datetime) -> Dump:
    """Have a reference dumped. Raises CallerError where it comes from a file, DumpFailed."""
    from botocore.exceptions import ClientError, ReadTimeoutError

    if reference.database is None:
        raise CallerError(
            f"{reference.name} is read from {reference.file}, not from a database.",
            "`wavetank deploy` and `wavetank schemas publish` publish it; `wavetank dev` does with every edit.",
        )
    function = site.names.dumper(reference.database.name)
    event = {"time": now.isoformat(timespec="seconds").replace("+00:00", "Z"), "references": [reference.name]}
    try:
        answer = site.stack.client("lambda", long=True).invoke(FunctionName=function, Payload=json.dumps(event))
        document = json.loads(answer["Payload"].read() or b"null")
    except ReadTimeoutError as error:
        raise DumpFailed(f"{function} gave no answer: {error}") from error
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "ResourceNotFoundException":
                raise CallerError(f"there is no function {function}.", "Deploy it with `wavetank deploy`.") from error
            case "TooManyRequestsException":
                raise DumpFailed(f"a run of {function} is under way.", "Try again when it has ended.") from error
        raise
    return Dump.of_answer(reference.name, document or {}, failed="FunctionError" in answer)
