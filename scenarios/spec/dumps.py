"""What can become of a run of a dumper, in the words of drills; pure."""

from enum import StrEnum


class DumpResult(StrEnum):
    """The result of a run of a dumper."""

    PUBLISHED = "published"
    """A reference has a new snapshot."""
    UNCHANGED = "unchanged"
    """Every reference that was due is what it was."""
    REFUSED = "refused"
    """The database was read, and a reference stays as it was published before."""
    TURNED_AWAY = "turned away"
    """Another run is at work, and this one did not connect."""
    FAILED = "failed"
    """It could not do its work, or died at it."""
