"""The release before this one: its tree, from git, and its deployment in the place of this one's.

Its commit stands in `drills/release-before.txt`; whoever makes a release writes there the commit of the one before.
What it deploys it deploys by its own code, in a process of its own.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from wavetank.emulator.deploy import formation
from wavetank.emulator.deploy.formation import Formation
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home, project_root
from wavetank.scenarios import drills
from wavetank.scenarios.site.site import Site

COMMIT_FILE = Path(drills.__path__[0]) / "release-before.txt"
DEPLOY_TIMEOUT_S = 600


@cache
def obstacle() -> str:
    """Why the release before cannot be had here; empty where it can."""
    git = shutil.which("git")
    if git is None:
        return "needs git, for the tree of the release before"
    if not COMMIT_FILE.exists():
        return f"needs {COMMIT_FILE.name}, with the commit of the release before"
    command = [git, "-C", str(project_root()), "cat-file", "-e", f"{_commit()}^{{commit}}"]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603
        return f"needs the commit of the release before ({_commit()[:12]}), which is not in this checkout"
    return ""


def put_release_before(site: Site) -> None:
    """Take the deployed pipeline away with all of its data, and deploy the release before. Raises DeployFailed."""
    undeploy(site)
    with _tree() as tree:
        environment = {
            **os.environ,
            "PYTHONPATH": str(tree),
            HOME_VARIABLE: str(tree / ".wavetank"),
            CACHE_VARIABLE: str(Home.from_environment().cache),
        }
        # Without -P the working directory would come before the tree.
        command = [sys.executable, "-P", "-m", "wavetank.scenarios.cli", "deploy"]
        command += ["--endpoint-url", site.stack.endpoint_url, "--schemas", str(site.schemas)]
        done = subprocess.run(  # noqa: S603 - our own module
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=DEPLOY_TIMEOUT_S, check=False
        )
    if done.returncode:
        raise DeployFailed(f"the release before ({_commit()[:12]}) cannot be deployed:\n{done.stderr.strip()}")


def undeploy(site: Site) -> None:
    """Delete the CloudFormation stacks of the pipeline, and the buckets that they leave, with what is in them."""
    stack, names = site.stack, site.topology.names
    others = [name for name in formation.of_stage(stack, names.prefix) if name != names.shared_stack]
    for name in (*others, names.shared_stack):
        if Formation(stack, name).status is not None:
            Formation(stack, name).delete()
    there = {bucket["Name"] for bucket in site.s3.list_buckets()["Buckets"]}
    for bucket in there & {site.data_bucket, site.registry_bucket}:
        pages = site.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            doomed = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
            if doomed:
                site.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
        site.s3.delete_bucket(Bucket=bucket)


@contextmanager
def _tree() -> Iterator[Path]:
    """The tree of the release before, for as long as the block lasts."""
    command = ["git", "-C", str(project_root()), "archive", "--format=tar", _commit()]
    archive = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    with TemporaryDirectory(prefix="wavetank-release-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


@cache
def _commit() -> str:
    return COMMIT_FILE.read_text("utf-8").strip()
