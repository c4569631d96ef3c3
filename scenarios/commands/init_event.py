"""`wavetank init-event`: schemas, a mapping and samples for the events in a file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.commands.options import AsJson
from wavetank.scenarios.report.escaping import echo, one_line
from wavetank.scenarios.workload.source_file import Format

if TYPE_CHECKING:
    from wavetank.scenarios.client.inference.proof import Proof
    from wavetank.scenarios.client.inference.proposal import Proposal
    from wavetank.scenarios.client.inference.survey import Survey

EPILOG = (
    "Nothing is ever overwritten. Exit codes: 0 done; 2 wrong usage, or a file that no event type can be proposed for. "
    "Examples: wavetank init-event purchase --from purchases.csv; wavetank init-event login --from events.ndjson.gz "
    "--id meta.uuid --time at --dry-run"
)
_WIDEST = 60

Name = Annotated[str, typer.Argument(metavar="NAME", help="The event type: lower-case letters, digits, hyphens.")]
From = Annotated[
    Path,
    typer.Option(
        "--from", metavar="FILE", exists=True, dir_okay=False, help="Newline JSON or CSV, plain or packed, or Parquet."
    ),
]
Id = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="FIELD",
        help="The field or path that is the id; '*' for a hash of the whole row.",
        show_default="one that is unique and never null",
    ),
]
Time = Annotated[
    str | None,
    typer.Option("--time", metavar="FIELD", help="The time of the event.", show_default="the only field of times"),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        "--time-format", metavar="FORMAT", help="With --time: as in a mapping.", show_default="what the values tell"
    ),
]
Enums = Annotated[
    list[str] | None,
    typer.Option("--enum", metavar="FIELD", help="Make an enumeration of the field's texts.", show_default=False),
]
RowLimit = Annotated[
    int | None, typer.Option("--rows", min=1, metavar="N", help="Look at the first N rows.", show_default="all")
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="What FILE is.", show_default="Parquet and *.csv are told; else ndjson"),
]
Separator = Annotated[
    str | None,
    typer.Option(
        "--separator", metavar="CHARACTER", help="Of CSV: , ; | or tab.", show_default="what the first row tells"
    ),
]
Owner = Annotated[
    str | None, typer.Option("--owner", metavar="TEAM", help="Who owns it, for component.toml.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("init-event", epilog=EPILOG)(init_event)


def init_event(
    name: Name,
    source: From,
    id_: Id = None,
    time: Time = None,
    time_format: TimeFormat = None,
    enums: Enums = None,
    rows: RowLimit = None,
    format_: FormatOption = None,
    separator: Separator = None,
    owner: Owner = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Propose schemas, a mapping and samples for the events in a file, and say what they were concluded from."""
    from wavetank.emulator.stack.home import project_root
    from wavetank.scenarios.client.inference.columns import EnumError
    from wavetank.scenarios.client.inference.identity import ChoiceError
    from wavetank.scenarios.client.inference.proof import prove
    from wavetank.scenarios.client.inference.proposal import InferenceError, propose
    from wavetank.scenarios.client.inference.survey import Source, survey
    from wavetank.scenarios.workload.mapping_file import MappingError
    from wavetank.scenarios.workload.rows import UnusableSourceError

    if time_format is not None and time is None:
        raise typer.BadParameter("--time-format is about the field that --time names")
    root = project_root()
    _check_name(name, root / "schemas")
    wanted = Source(source, format_, _separator(separator), rows)
    try:
        surveyed = survey(wanted, id_, time, tuple(enums or ()))
        proposal = propose(name, surveyed, time_format, enums or ())
        files = proposal.files() | _component(name, owner)
        _check_absent(root, files)
        if problems := proposal.problems():
            raise InferenceError("the schemas would break a rule: " + "; ".join(problems))
        proof = prove(proposal, wanted)
    except (InferenceError, ChoiceError, EnumError, MappingError) as error:
        raise CallerError(one_line(f"{source}: {error}")) from error
    except UnusableSourceError as error:
        raise CallerError(one_line(str(error))) from error
    if not dry_run:
        _write(root, files)
    written = [str(path) for path in files]
    if as_json:
        document = _document(proposal, surveyed, proof) | {"files": written, "written": not dry_run}
        echo(json.dumps(document, ensure_ascii=False))
    else:
        echo("\n".join(_sentences(source, proposal, surveyed, proof)))
        echo(("would write " if dry_run else "wrote ") + ", ".join(written))
        if not dry_run:
            echo(f"next: wavetank schemas check && wavetank deploy && wavetank feed {source} --mapping {name}")


def _check_name(name: str, schemas: Path) -> None:
    from wavetank.pipeline.layout import SHARED_FOLDER
    from wavetank.pipeline.topology import EVENT_NAME, REFERENCE_FOLDER

    if not EVENT_NAME.fullmatch(name) or name in (REFERENCE_FOLDER, SHARED_FOLDER):
        rule = "lower-case letters, digits and hyphens, at most 32, from a letter"
        raise CallerError(f"{name!r} is no name of an event type: {rule}, and neither reference nor shared.")
    for folder in schemas.iterdir() if schemas.is_dir() else ():
        if folder.name != name and folder.name.replace("-", "") == name.replace("-", ""):
            raise CallerError(f"the event type {folder.name} differs in hyphens alone.", "Choose another name.")


def _separator(given: str | None) -> str | None:
    from wavetank.scenarios.workload.csv_rows import SEPARATORS

    separator = {"tab": "\t", "\\t": "\t"}.get(given or "", given)
    if separator is not None and separator not in SEPARATORS:
        raise typer.BadParameter("--separator is , ; | or tab")
    return separator


def _component(name: str, owner: str | None) -> dict[Path, bytes]:
    from wavetank.scenarios.client.inference.names import toml_text

    if owner is None:
        return {}
    return {Path("schemas") / name / "component.toml": f"owner = {toml_text(owner)}\n".encode()}


def _check_absent(root: Path, files: dict[Path, bytes]) -> None:
    for path in files:
        # A link to nowhere is there, too.
        if (root / path).exists() or (root / path).is_symlink():
            raise CallerError(
                f"{root / path} is there already, and nothing was written.", "Remove it, or choose a name."
            )
    folder = root / next(iter(files)).parent
    if folder.is_dir() and any(folder.glob("*.avsc")):
        raise CallerError(f"{folder} has schemas already, and nothing was written.", "Choose another name.")


def _write(root: Path, files: dict[Path, bytes]) -> None:
    """Write all of the files or, where one cannot be written, none of them."""
    made: list[Path] = []
    try:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                made.append(target)
                out.write(content)
    except OSError as error:
        for target in made:
            target.unlink(missing_ok=True)
        rule = f"{error.filename or root}: {error.strerror or error}; nothing was written."
        raise CallerError(rule, "Make the folder of the project writable.") from error


def _document(proposal: "Proposal", surveyed: "Survey", proof: "Proof") -> dict[str, Any]:
    return {
        "event": proposal.event,
        "format": surveyed.format,
        "separator": surveyed.separator,
        "rows": surveyed.rows,
        "unread": {str(reason): number for reason, number in surveyed.unread.items()},
        "id": {"field": proposal.id.field or "*", "reason": proposal.id.reason},
        "time": {
            "field": proposal.time.field,
            "formats": list(proposal.time.formats),
            "reason": proposal.time.reason,
        },
        "columns": [
            {
                "source": column.source,
                "name": column.name,
                "type": column.type,
                "values": column.values,
                "reason": column.reason,
                "renamed": column.renamed or None,
            }
            for column in proposal.columns
        ],
        "undecided": [
            {"path": each.path, "reason": each.reason, "has_column": each.has_column} for each in proposal.undecided
        ],
        "warnings": list(proposal.warnings),
        "proof": {
            "events": proof.events,
            "rejected": {str(reason): number for reason, number in proof.rejected.items()},
            "examples": {str(reason): example for reason, example in proof.examples.items()},
        },
    }


def _sentences(source: Path, proposal: "Proposal", surveyed: "Survey", proof: "Proof") -> list[str]:
    separator = f", separated by {surveyed.separator!r}" if surveyed.separator else ""
    lines = [f"{proposal.event}: concluded from {surveyed.rows:,} rows of {source.name} ({surveyed.format}{separator})"]
    rows = [("event_id", "string", f"{proposal.id.field or '*'}: {proposal.id.reason}")]
    rows.append(("event_time", "timestamp-micros", f"{proposal.time.field}: {proposal.time.reason}"))
    for column in proposal.columns:
        share = "" if column.values == surveyed.rows else f"; in {column.values:,} of {surveyed.rows:,} rows"
        name = f"; {column.source} {column.renamed}" if column.renamed else ""
        rows.append((column.name, column.type, f"{column.reason}{share}{name}"))
    widths = [min(max(len(row[number]) for row in rows), _WIDEST) for number in (0, 1)]
    lines += [one_line(f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {reason}") for name, kind, reason in rows]
    if proposal.undecided:
        lines.append("not decided:")
        for each in proposal.undecided:
            fate = "text in its column" if each.has_column else "no column; kept in attributes"
            lines.append(one_line(f"  {each.path}: {each.reason} ({fate})"))
    lines += [one_line(f"warning: {warning}") for warning in proposal.warnings]
    lines.append(f"proof: {proof.events:,} of {proof.rows:,} rows are mapped and encoded as `wavetank feed` does it")
    for reason, number in proof.rejected.most_common():
        lines.append(one_line(f"  {reason} {number:,}: {proof.examples[reason]}"))
    return lines
