"""`python -m tests.pictures`: an hour and more of traffic on the emulator's clock, and pictures of the overview."""

import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.conftest import BROWSERS, QUIET
from tests.e2e.commands import Ran, wavetank
from tests.pictures import png
from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack, Stack

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
ROUNDS = 40
ROUND_S = 60
LAST = "90m"
MOST_BYTES = 200_000
WITHIN_S = 120
SIZE = "--window-size=1280,1700"
SCHEMES = {"light": "1", "dark": "0"}
"""The reader's choice → how the browser is told."""


def main() -> None:
    """Make them; a round takes a minute more, as `settle` lets Firehose's buffers wait their time."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"no browser is installed: looked for {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory(prefix="wavetank-pictures-") as place:
        folder = Path(place)
        with EmbeddedStack.up(home=Home(folder / "home", Home.from_environment().cache)) as stack:
            deploy(stack)
            for number in range(ROUNDS):
                flow(stack, number)
                print(f"\r{number + 1} of {ROUNDS}", end="", file=sys.stderr, flush=True)  # noqa: T201
            page = folder / "overview.html"
            checked(wavetank(stack.endpoint_url, "dashboard", "--last", LAST, "--html", str(page)))
        FOLDER.mkdir(exist_ok=True)
        for name, scheme in SCHEMES.items():
            shot = folder / f"{name}.png"
            options = [SIZE, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={shot}"]
            command = [browser, *QUIET, "--hide-scrollbars", f"--user-data-dir={folder / name}", *options]
            subprocess.run([*command, page.as_uri()], capture_output=True, check=True, timeout=WITHIN_S)
            data = png.written(png.cropped(png.read(shot.read_bytes())))
            if len(data) > MOST_BYTES:
                sys.exit(f"the picture has {len(data):,} bytes; {MOST_BYTES:,} at most")
            (FOLDER / f"overview-{name}.png").write_bytes(data)


def flow(stack: Stack, number: int) -> None:
    """A few minutes: events in waves, now and then a merge; once failing executions, once records that are none."""
    events = int(500 + 350 * math.sin(number / 5))
    if number in (14, 15):
        match = {"function": "wavetank-click-processor"}
        with stack.faults.error_before("lambda.invoke", match=match, probability=0.4, seed=number):
            checked(wavetank(stack.endpoint_url, "feed", "--synthetic", str(events), "--seed", str(number)))
            stack.control.advance_clock(ROUND_S)
        stack.settle(WITHIN_S)
    else:
        checked(wavetank(stack.endpoint_url, "feed", "--synthetic", str(events), "--seed", str(number)))
    if number == 24:
        records = [{"Data": b"no event", "PartitionKey": str(at)} for at in range(20)]
        stack.client("kinesis").put_records(StreamName="wavetank-click-raw", Records=records)
    stack.settle(WITHIN_S)
    if number % 8 == 7:
        wavetank(stack.endpoint_url, "tick")
    stack.control.advance_clock(ROUND_S)


def checked(ran: Ran) -> None:
    """Exit with what a command said, where it failed."""
    if ran.exit_code:
        sys.exit(ran.stderr)


if __name__ == "__main__":
    main()
