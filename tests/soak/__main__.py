"""`python -m tests.soak`: run it, print progress and a table; exit code 1 where something is lost or not back."""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.soak.footprint import Footprint
from tests.soak.hostile import ATTACKS, Victim
from tests.soak.ordinary import Ordinary
from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

DISK_BYTES = 1 << 30
"""Room for the state of the stack, where a file system of its own can be mounted."""
BACK_S = 120.0
"""How long it may take until all is back: twice as long as an idle connection is kept."""
PROGRESS_S = 15.0
PAUSE_S = 0.2


def main() -> None:
    """Run it."""
    options = _options()
    with (
        tempfile.TemporaryDirectory(prefix="wavetank-soak-") as folder,
        _disk(Path(folder, "disk")) as (home, limited),
        EmbeddedStack.up(home=Home(home, Home.from_environment().cache)) as stack,
    ):
        victim = Victim(stack.port, stack.pid, home / "ballast" if limited else None)
        report = _soak(stack, victim, options, Path(folder))
    _print(report)
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(bool(report["lost"] or report["not_back"] or report["failed_attacks"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long; ten by default")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the attacks, and of all data")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def _soak(stack: EmbeddedStack, victim: Victim, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    _say("deploying, and doing everything once")
    deploy(stack)
    ordinary, attacks, failures = Ordinary(stack, folder, options.seed), Counter[str](), list[str]()
    ordinary.prepare()
    for attack in ATTACKS:
        attack(victim, random.Random(options.seed))
    ordinary.once()
    before = _at_rest(stack, None)
    _say(f"begins with {_line(before)}")
    begun, deadline = time.monotonic(), time.monotonic() + options.minutes * 60
    ordinary.start()
    hostile = threading.Thread(target=_attack, args=(victim, options.seed, deadline, attacks, failures), daemon=True)
    hostile.start()
    while time.monotonic() < deadline:
        time.sleep(min(PROGRESS_S, max(deadline - time.monotonic(), 0)))
        _say(f"{time.monotonic() - begun:4.0f} s  {_line(Footprint.of(stack))}  {dict(ordinary.counts)}")
    hostile.join()
    ordinary.stop()
    ordinary.once()
    after = _at_rest(stack, before)
    return {
        "minutes": options.minutes,
        "attacks": dict(attacks),
        "ordinary": dict(ordinary.counts),
        "before": asdict(before),
        "after": asdict(after),
        "not_back": after.excess(before),
        "lost": ordinary.lost,
        "failed_attacks": failures,
    }


def _attack(victim: Victim, seed: int, deadline: float, done: Counter[str], failures: list[str]) -> None:
    rng = random.Random(seed)
    while time.monotonic() < deadline:
        for attack in rng.sample(ATTACKS, len(ATTACKS)):
            try:
                attack(victim, rng)
            except Exception as error:
                failures.append(f"{attack.__name__}: {error!r}")
            done[attack.__name__] += 1
            time.sleep(PAUSE_S)


def _at_rest(stack: EmbeddedStack, before: Footprint | None) -> Footprint:
    """What the stack takes with nothing in flight and no data: once that is as little as before, or does not change."""
    stack.control.settle(BACK_S)
    stack.control.reset()
    deadline, footprint = time.monotonic() + BACK_S, Footprint.of(stack)
    while time.monotonic() < deadline:
        time.sleep(5)
        last, footprint = footprint, Footprint.of(stack)
        if before is None and (last.threads, last.descriptors) == (footprint.threads, footprint.descriptors):
            break
        if before is not None and not footprint.excess(before):
            break
    return footprint


@contextmanager
def _disk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """A folder for the stack, and whether it is a file system of its own, which may be filled."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(folder)]
    limited = not subprocess.run(command, capture_output=True, check=False).returncode
    if not limited:
        _say("no file system can be mounted here: instead of the disk, files are limited")
    try:
        yield folder, limited
    finally:
        if limited:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _line(footprint: Footprint) -> str:
    return "  ".join(f"{name} {value}" for name, value in asdict(footprint).items())


def _print(report: dict[str, Any]) -> None:
    rows = [("", "before", "after", "")]
    for name, value in report["before"].items():
        rows.append((name, str(value), str(report["after"][name]), "NOT BACK" if name in report["not_back"] else ""))
    lines = ["".join(f"{cell:>16}" for cell in row) for row in rows]
    lines += [f"attacks: {report['attacks']}", f"ordinary: {report['ordinary']}"]
    lines += [f"LOST: {each}" for each in report["lost"]]
    lines += [f"FAILED: {each}" for each in report["failed_attacks"]]
    sys.stdout.write("\n".join(lines) + "\n")


def _say(text: str) -> None:
    sys.stdout.write(f"soak: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
