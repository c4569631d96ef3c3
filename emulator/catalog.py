"""LocalStack's index of the AWS service models, built once for all stacks of a cache.

LocalStack looks for it in its folder of static files, where its image has it, and otherwise reads the models of
four hundred services at the first request of every stack, which takes longer than all else in a start.
"""

import os
import tempfile
from pathlib import Path

from localstack import config
from localstack.aws.spec import _get_catalog_filename, build_service_index_cache


def share(cache: Path) -> None:
    """Put the index of `cache` where this process's LocalStack looks for it; build it where it is missing."""
    name = _get_catalog_filename()
    shared = cache / "catalog" / name
    if not shared.is_file():
        _build(shared)
    static = Path(config.dirs.static_libs)
    static.mkdir(parents=True, exist_ok=True)
    (static / name).unlink(missing_ok=True)
    (static / name).symlink_to(shared)


def _build(shared: Path) -> None:
    """Build the index beside its place and move it there: another stack may be doing the same."""
    shared.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=shared.parent)
    os.close(descriptor)
    build_service_index_cache(draft)
    Path(draft).replace(shared)
