"""The tags that say what is done: set last, and what the life cycle of the bucket goes by."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TagTypeDef

DONE_TAG: "TagTypeDef" = {"Key": "wavetank-partitioned", "Value": "true"}
"""Of a chunk whose parts are all written."""
MERGED_TAG: "TagTypeDef" = {"Key": "wavetank-merged", "Value": "true"}
"""Of a part that is in a merged object: only such a part may expire."""
