"""A reset lets go of the data in LocalStack's own services: messages in queues, and objects.

Data are what delivery streams write, so the buckets that they write to are emptied; all other buckets (code,
schemas) belong to what is deployed.
"""

import sys

from wavetank.emulator.deliveries.delivery import discard_held
from wavetank.emulator.faults.stale import WRITES, storage
from wavetank.emulator.runtime.reset import RESET


def install() -> None:
    """Take part in every reset."""
    RESET.enrol("held deliveries", discard_held)
    RESET.enrol("sqs", _purge_queues)
    RESET.enrol("s3", _empty_buckets)


def _purge_queues() -> None:
    models = sys.modules.get("localstack.services.sqs.models")
    if models is None:
        return
    for _account, _region, store in models.sqs_stores.iter_stores():
        for queue in list(store.queues.values()):
            queue.clear()


def _empty_buckets() -> None:
    WRITES.forget()
    models = sys.modules.get("localstack.services.s3.models")
    if models is None:
        return
    from localstack.services.s3.utils import get_unique_key_id

    doomed = RESET.buckets()
    for _account, _region, store in models.s3_stores.iter_stores():
        for name in doomed & set(store.buckets):
            bucket = store.buckets[name]
            objects = bucket.objects.values(with_versions=True)
            storage().remove(name, [item for item in objects if hasattr(item, "etag")])
            for item in objects:
                store.tags.delete_all_tags(get_unique_key_id(name, item.key, item.version_id))
            bucket.objects = type(bucket.objects)()
            bucket.multiparts.clear()
