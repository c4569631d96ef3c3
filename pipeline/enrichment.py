"""What an event type is enriched with: a join of one of its fields with a snapshot of reference data."""

from dataclasses import dataclass

from wavetank.pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Enrichment:
    """Join `on` (a field of the raw event) with the snapshot `reference`; take the columns `add`."""

    reference: str
    on: str
    add: tuple[str, ...]

    @classmethod
    def from_document(cls, document: object, where: str) -> "Enrichment":
        """Read `{"reference", "on", "add"}`; raises ConfigurationError naming `where` and the rule."""
        match document:
            case {"reference": str(reference), "on": str(on), "add": [*columns]} if columns and all(
                isinstance(column, str) for column in columns
            ):
                return cls(reference, on, tuple(map(str, columns)))
        raise ConfigurationError(
            f'{where}: an enrichment is {{"reference": name, "on": field, "add": [columns]}}, got {document!r}'
        )
