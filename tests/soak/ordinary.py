"""Traffic that must lose nothing: what was acknowledged is there, whatever else happens to the stack meanwhile."""

import io
import json
import random
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from wavetank.emulator.stack.stack import EmbeddedStack

BUCKET = "soak"
FUNCTION = "soak-echo"
SIZES = (100, 10_000, 600_000, 20 << 20)
PATIENCE_S = 60.0
"""How long one operation may take with all its repetitions."""
DRILL_S = 300.0
FAILED = 1
"""Exit code of a drill that has lost something, or that could not do its work because the stack was under attack."""
ECHO = "def handler(event, context):\n    return event\n"


class Ordinary:
    """A developer at work: objects, functions, and the pipeline with events, over and over until told to stop.

    counts: operations that have come to an end, and repetitions of such as did not; lost: what was not as it must be.
    """

    def __init__(self, stack: EmbeddedStack, verdicts: Path, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.lost: list[str] = []
        self._stack, self._verdicts, self._seed = stack, verdicts, seed
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def prepare(self) -> None:
        """Make the bucket and the function."""
        self._stack.client("s3").create_bucket(Bucket=BUCKET)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("echo.py", ECHO)
        self._stack.client("lambda").create_function(
            FunctionName=FUNCTION,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{self._stack.account}:role/soak",
            Handler="echo.handler",
            Code={"ZipFile": package.getvalue()},
            Timeout=30,
        )
        self._stack.client("lambda").get_waiter("function_active_v2").wait(FunctionName=FUNCTION)

    def once(self) -> None:
        """Do everything once, without an attack: it has to succeed."""
        rng = random.Random(self._seed)
        for work in (self._object, self._invocation, self._drill):
            work(rng, 0)

    def start(self) -> None:
        """Work until `stop`."""
        for work in (self._object, self._invocation, self._drill):
            thread = threading.Thread(target=self._repeat, args=(work,), name=work.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish what is begun."""
        self._over.set()
        for thread in self._threads:
            thread.join(DRILL_S + PATIENCE_S)
            if thread.is_alive():
                self.lost.append(f"{thread.name} does not come to an end")

    def _repeat(self, work: Callable[[random.Random, int], None]) -> None:
        rng, number = random.Random(f"{self._seed} {work.__name__}"), 0
        while not self._over.is_set():
            number += 1
            try:
                work(rng, number)
            except Exception as error:
                self.lost.append(f"{work.__name__} {number}: {error!r}")
            self._over.wait(0.05)

    def _object(self, rng: random.Random, number: int) -> None:
        s3, key, data = self._stack.client("s3"), f"object-{number}", rng.randbytes(rng.choice(SIZES))
        self._insist("put", lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=data))
        read = self._insist("get", lambda: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        if read != data:
            self.lost.append(f"{key} of {len(data)} bytes came back with {len(read)} other ones")
        self._insist("delete", lambda: s3.delete_object(Bucket=BUCKET, Key=key))

    def _invocation(self, rng: random.Random, number: int) -> None:
        event = {"number": number, "text": "x" * rng.randrange(10_000)}

        def invoke() -> Any:
            answer = self._stack.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(event))
            if "FunctionError" in answer:
                raise InterruptedError("the function was ended")
            return json.loads(answer["Payload"].read())

        if self._insist("invoke", invoke) != event:
            self.lost.append(f"invocation {number} answered another event")

    def _drill(self, _rng: random.Random, number: int) -> None:
        """Events through the whole pipeline, and a look at what has become of each."""
        file = self._verdicts / f"drill-{number}.json"
        command = [str(Path(sys.executable).with_name("wavetank")), "drill", "control", "--json", str(file)]
        command += ["--endpoint-url", self._stack.endpoint_url, "--seed", str(self._seed + number)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=DRILL_S, check=False)
        self.counts["drill"] += 1
        if not ran.returncode:
            return
        has_verdict = ran.returncode == FAILED and file.is_file()
        if has_verdict or not number:
            self.lost.append(f"drill {number}: {ran.stdout[-1500:]}{ran.stderr[-500:]}")
        else:
            self.counts["drill without verdict"] += 1

    def _insist(self, name: str, operation: Callable[[], Any]) -> Any:
        """Repeat an operation until it is acknowledged."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                done = operation()
            except Exception:
                self.counts[f"{name} repeated"] += 1
                if time.monotonic() > deadline:
                    raise
                with suppress(Exception):
                    self._over.wait(0.1)
                continue
            self.counts[name] += 1
            return done
