"""A pipeline with a change beside the one that runs here: its modules, and the templates that they make."""

import json
import os
import subprocess
import sys
from pathlib import Path

from wavetank.emulator.deploy.deploy import Templates
from wavetank.emulator.errors import DeployFailed

RENDER = """\
import json, sys
from pathlib import Path
from wavetank.pipeline import topology
from wavetank.pipeline.template.render import render
json.dump(render(topology.load(Path(sys.argv[1]), sys.argv[2] or None)), sys.stdout)
"""
"""Prints the templates of the code that it is run with, for a schema folder and a stage."""


def modules(checkout: Path) -> Path:
    """The folder of its modules."""
    return checkout / "wavetank" / "pipeline"


def rendered(checkout: Path, schemas: Path, stage: str | None = None) -> Templates:
    """The templates as its code renders them for a schema folder, in a process of its own. Raises DeployFailed."""
    command = [sys.executable, "-P", "-c", RENDER, str(schemas.absolute()), stage or ""]
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DeployFailed(f"no template: {(done.stderr.strip().splitlines() or [''])[-1]}")
    templates: Templates = json.loads(done.stdout)
    return templates
