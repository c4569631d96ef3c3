"""Logical ids of CloudFormation resources."""

import re


def logical(name: str) -> str:
    """A name as CloudFormation wants its logical ids: letters and digits."""
    return "".join(part.capitalize() for part in re.split(r"[^a-z0-9]+", name))
