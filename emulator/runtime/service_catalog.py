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
    shared = build(cache)
    static = Path(config.dirs.static_libs)
    static.mkdir(parents=True, exist_ok=True)
    (static / shared.name).unlink(missing_ok=True)
    (static / shared.name).symlink_to(shared)


def build(cache: Path) -> Path:
    """The index of `cache`, where missing built beside its place and moved there: another may be doing the same."""
    shared = cache / "catalog" / str(_get_catalog_filename())
    if shared.is_file():
        return shared
    shared.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=shared.parent)
    os.close(descriptor)
    build_service_index_cache(draft)
    Path(draft).chmod(0o644)
    Path(draft).replace(shared)
    return shared
