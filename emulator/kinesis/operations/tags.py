"""The operations on tags of streams and consumers, by both APIs, and on resource policies."""

import re
from collections.abc import Mapping

from localstack.aws.api import RequestContext

from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound, Validation
from wavetank.emulator.kinesis.model.consumer import Consumer
from wavetank.emulator.kinesis.operations.boundary import Answer, named_stream, operation
from wavetank.emulator.kinesis.settings import StreamSettings
from wavetank.emulator.kinesis.store import stream_with_arn
from wavetank.emulator.runtime.json_text import parsed

MOST_TAGS = 50
NO_POLICY = "{}"
_ILLEGAL = re.compile(r"[^\w\s.:/=+\-@%]")
_STREAM_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:kinesis:[a-z0-9-]+:\d{12}:stream/[a-zA-Z0-9_.\-]+")
_CONSUMER_ARN = re.compile(_STREAM_ARN.pattern + r"/consumer/[a-zA-Z0-9_.\-]+:\d+")


class TagOperations:
    """The operations on the tags and the policy of a stream or consumer."""

    @operation
    def add_tags_to_stream(
        self,
        context: RequestContext,
        tags: dict[str, str],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """AddTagsToStream."""
        stream = named_stream(context, stream_name, stream_arn)
        with stream.lock:
            check_tags(tags, stream.settings.tags)
            stream.settings.tags |= tags

    @operation
    def remove_tags_from_stream(
        self,
        context: RequestContext,
        tag_keys: list[str],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> None:
        """RemoveTagsFromStream: a key that is not there is no error."""
        stream = named_stream(context, stream_name, stream_arn)
        with stream.lock:
            _remove(stream.settings.tags, tag_keys)

    @operation
    def list_tags_for_stream(
        self,
        context: RequestContext,
        stream_name: str | None = None,
        exclusive_start_tag_key: str | None = None,
        limit: int | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """ListTagsForStream."""
        stream = named_stream(context, stream_name, stream_arn)
        tags = [tag for tag in _listed(stream.settings.tags) if tag["Key"] > (exclusive_start_tag_key or "")]
        page = tags[: limit or MOST_TAGS]
        return {"Tags": page, "HasMoreTags": len(page) < len(tags)}

    @operation
    def tag_resource(self, _context: RequestContext, tags: dict[str, str], resource_arn: str, **_: object) -> None:
        """TagResource."""
        bearer = _bearer(resource_arn)
        check_tags(tags, bearer.tags)
        bearer.tags |= tags

    @operation
    def untag_resource(self, _context: RequestContext, tag_keys: list[str], resource_arn: str, **_: object) -> None:
        """UntagResource: a key that is not there is no error."""
        _remove(_bearer(resource_arn).tags, tag_keys)

    @operation
    def list_tags_for_resource(self, _context: RequestContext, resource_arn: str, **_: object) -> Answer:
        """ListTagsForResource."""
        return {"Tags": _listed(_bearer(resource_arn).tags)}

    @operation
    def put_resource_policy(self, _context: RequestContext, resource_arn: str, policy: str, **_: object) -> None:
        """PutResourcePolicy: the policy must be a JSON object; it is kept, not enforced."""
        bearer = _bearer(resource_arn)
        try:
            document = parsed(policy)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise InvalidArgument("The policy is not a valid JSON document.")
        bearer.policy = policy

    @operation
    def get_resource_policy(self, _context: RequestContext, resource_arn: str, **_: object) -> Answer:
        """GetResourcePolicy: an empty document when there is none."""
        return {"Policy": _bearer(resource_arn).policy or NO_POLICY}

    @operation
    def delete_resource_policy(self, _context: RequestContext, resource_arn: str, **_: object) -> None:
        """DeleteResourcePolicy."""
        bearer = _bearer(resource_arn)
        if bearer.policy is None:
            raise ResourceNotFound(f"No resource policy found for resource ARN {resource_arn}")
        bearer.policy = None


def check_tags(more: Mapping[str, str], present: Mapping[str, str]) -> None:
    """Raise InvalidArgument when tags have characters that AWS refuses, or would be more than fifty."""
    if any(_ILLEGAL.search(text) for tag in more.items() for text in tag):
        raise InvalidArgument(
            "Some tags contain invalid characters. Valid characters: "
            "Unicode letters, digits, white space, _ . / = + - % @ :."
        )
    if len({*more, *present}) > MOST_TAGS:
        raise InvalidArgument(f"A stream or consumer cannot have more than {MOST_TAGS} tags.")


def _bearer(arn: str) -> StreamSettings | Consumer:
    if not _STREAM_ARN.fullmatch(arn) and not _CONSUMER_ARN.fullmatch(arn):
        raise Validation(f"invalid kinesis arn {arn}")
    try:
        stream = stream_with_arn(arn)
    except ResourceNotFound:
        raise ResourceNotFound(f"Stream with ARN {arn} not found") from None
    return stream.consumers.with_arn(arn) if "/consumer/" in arn else stream.settings


def _remove(tags: dict[str, str], keys: list[str]) -> None:
    for key in keys:
        tags.pop(key, None)


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
