"""Which messages of a batch a function has not done, from what it answered.

Source: AWS developer guide, "Handling errors for an SQS event source in Lambda". An ill-formed report fails the whole
batch, an empty one nothing.
"""

from collections.abc import Collection

from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, failed_items


def failures(answer: Answer, ids: Collection[str], reports_item_failures: bool) -> frozenset[str]:
    """The ids of the messages that are to come again."""
    if answer.reply.function_error is not None:
        return frozenset(ids)
    if not reports_item_failures:
        return frozenset()
    try:
        failed = frozenset(failed_items(answer.payload))
    except (ValueError, RecursionError):
        return frozenset(ids)
    return failed if failed <= frozenset(ids) else frozenset(ids)
