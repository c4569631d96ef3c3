"""Whether the stack in this container is up, for the engine: exit code 0, or 1 with a reason.

A script of its own that imports the standard library alone: it runs every few seconds.
"""

import json
import sys
import urllib.request

STATUS = "http://127.0.0.1:4566/_wavetank/status"
TIMEOUT_S = 8


def main() -> int:
    """Ask for the status; a stack that lacks one of wavetank's plugins is not healthy."""
    try:
        with urllib.request.urlopen(STATUS, timeout=TIMEOUT_S) as answer:
            status = json.load(answer)
    except (OSError, ValueError) as error:
        sys.stdout.write(f"no status: {error}\n")
        return 1
    foreign = status.get("foreign") or {}
    if foreign:
        sys.stdout.write(f"not wavetank's: {foreign}\n")
    return 1 if foreign else 0


if __name__ == "__main__":
    sys.exit(main())
