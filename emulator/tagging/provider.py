"""The Resource Groups Tagging API as LocalStack's provider.

moto, which LocalStack has for it, looks into its own back ends, where none of the services of a stack keep anything.
Only services that are loaded are asked: of the others there are no resources.
Source: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext, handler
from localstack.aws.api.resourcegroupstaggingapi import InvalidParameterException, ResourcegroupstaggingapiApi
from localstack.aws.connect import connect_to
from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.tagging import bearers
from wavetank.emulator.tagging.bearers import Bearers, Tags, resource_type

type Answer = dict[str, Any]

PAGE = 100
KEYS_PAGE = 1_000


@dataclass(frozen=True)
class Tagged:
    """A resource with its tags, and the type by which filters name it."""

    arn: str
    type: str
    tags: Tags

    def fits(self, tag_filters: Sequence[Mapping[str, Any]], types: Sequence[str]) -> bool:
        """Whether it has a value of each filter's (any, where a filter names none) and one of the types."""
        if types and not any(it in (self.type, self.type.partition(":")[0]) for it in types):
            return False
        return all(
            it["Key"] in self.tags and (not it.get("Values") or self.tags[it["Key"]] in it["Values"])
            for it in tag_filters
        )


class TaggingProvider(ResourcegroupstaggingapiApi):
    """Tags over all services, in the account and region of the caller."""

    @handler("GetResources")
    def get_resources(
        self,
        context: RequestContext,
        pagination_token: str | None = None,
        tag_filters: list[dict[str, Any]] | None = None,
        resources_per_page: int | None = None,
        tags_per_page: int | None = None,
        resource_type_filters: list[str] | None = None,
        include_compliance_details: bool | None = None,  # noqa: ARG002 - there are no tag policies
        exclude_compliant_resources: bool | None = None,  # noqa: ARG002 - there are no tag policies
        resource_arn_list: list[str] | None = None,
        **_: object,
    ) -> Answer:
        """GetResources."""
        others = tag_filters or resource_type_filters or resources_per_page or tags_per_page or pagination_token
        if resource_arn_list and others:
            raise InvalidParameterException("ResourceARNList cannot be specified together with any other parameter.")
        resources = [
            tagged
            for tagged in _tagged(context)
            if tagged.fits(tag_filters or [], resource_type_filters or [])
            and (not resource_arn_list or tagged.arn in resource_arn_list)
        ]
        page, token = _page([tagged.arn for tagged in resources], pagination_token, resources_per_page or PAGE)
        by_arn = {tagged.arn: tagged for tagged in resources}
        mappings = [
            {
                "ResourceARN": arn,
                "Tags": [{"Key": key, "Value": value} for key, value in sorted(by_arn[arn].tags.items())],
            }
            for arn in page
        ]
        return {"PaginationToken": token, "ResourceTagMappingList": mappings}

    @handler("GetTagKeys")
    def get_tag_keys(self, context: RequestContext, pagination_token: str | None = None, **_: object) -> Answer:
        """GetTagKeys."""
        keys = {key for tagged in _tagged(context) for key in tagged.tags}
        page, token = _page(sorted(keys), pagination_token, KEYS_PAGE)
        return {"PaginationToken": token, "TagKeys": page}

    @handler("GetTagValues")
    def get_tag_values(
        self, context: RequestContext, key: str, pagination_token: str | None = None, **_: object
    ) -> Answer:
        """GetTagValues."""
        values = {tagged.tags[key] for tagged in _tagged(context) if key in tagged.tags}
        page, token = _page(sorted(values), pagination_token, KEYS_PAGE)
        return {"PaginationToken": token, "TagValues": page}

    @handler("TagResources")
    def tag_resources(self, context: RequestContext, resource_arn_list: list[str], tags: Tags, **_: object) -> Answer:
        """TagResources: what fails is told by ARN, the others are tagged."""
        return _each(context, resource_arn_list, lambda owner, client, arn: owner.tag(client, arn, tags))

    @handler("UntagResources")
    def untag_resources(
        self, context: RequestContext, resource_arn_list: list[str], tag_keys: list[str], **_: object
    ) -> Answer:
        """UntagResources: what fails is told by ARN, the others lose the tags."""
        return _each(context, resource_arn_list, lambda owner, client, arn: owner.untag(client, arn, tag_keys))


def _tagged(context: RequestContext) -> list[Tagged]:
    """Every resource that has a tag, by ARN."""
    loaded = set(SERVICE_PLUGINS.list_loaded_services())
    resources = [
        Tagged(arn, resource_type(arn, owner.kind), dict(tags))
        for owner in bearers.ALL
        if owner.service in loaded
        for arn, tags in owner.listing(_client(context, owner))
        if tags
    ]
    return sorted(resources, key=lambda tagged: tagged.arn)


def _client(context: RequestContext, owner: Bearers) -> Any:
    clients = connect_to(aws_access_key_id=context.account_id, region_name=context.region)
    return getattr(clients, {"lambda": "lambda_"}.get(owner.service, owner.service))


def _each(context: RequestContext, arns: Sequence[str], change: Callable[[Bearers, Any, str], object]) -> Answer:
    failed = {}
    for arn in arns:
        owner = bearers.of(arn)
        if owner is None:
            failed[arn] = _failure(400, "InvalidParameterException", "No service of this stack tags such a resource.")
            continue
        try:
            change(owner, _client(context, owner), arn)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            failed[arn] = _failure(status, "InvalidParameterException", error.response["Error"]["Message"])
    return {"FailedResourcesMap": failed}


def _failure(status: int, code: str, message: str) -> Answer:
    return {"StatusCode": status, "ErrorCode": code, "ErrorMessage": message}


def _page(names: Sequence[str], token: str | None, size: int) -> tuple[list[str], str]:
    """The names after the last one that a token stands for, and the token to go on with; empty at the end."""
    try:
        after = base64.b64decode(token or "", validate=True).decode()
    except ValueError as error:
        raise InvalidParameterException("PaginationToken is not valid.") from error
    following = [name for name in names if name > after]
    page = following[:size]
    return page, base64.b64encode(page[-1].encode()).decode() if len(page) < len(following) else ""
