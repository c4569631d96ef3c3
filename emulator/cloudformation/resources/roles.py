"""`AWS::IAM::Role`."""

import json
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    Context,
    Gone,
    Model,
    Properties,
    Schema,
    names,
    retag,
    tag_list,
    tags_from,
    tags_of,
)

DEFAULT_SESSION_S = 3600


class Role:
    """A role with its trust, its inline policies and the managed policies attached to it."""

    schema = Schema(
        type="AWS::IAM::Role",
        identifier="RoleName",
        name="RoleName",
        create_only=names("RoleName Path"),
        mutable=names(
            """AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration PermissionsBoundary Policies
            Tags"""
        ),
        read_only=names("Arn RoleId"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the role without policies."""
        given = {"RoleName", "Path", "Description", "MaxSessionDuration", "PermissionsBoundary"} & model.keys()
        trust = json.dumps(model["AssumeRolePolicyDocument"])
        tags = {"Tags": tag_list(tags_of(model))} if model.get("Tags") else {}
        request = {name: model[name] for name in given}
        role = context.clients.iam.create_role(AssumeRolePolicyDocument=trust, **request, **tags)["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Make the role's policies, and once it is there its other settings, those of the template."""
        iam, name = context.clients.iam, model["RoleName"]
        if before is not None:
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(model["AssumeRolePolicyDocument"]))
            session = int(model.get("MaxSessionDuration") or DEFAULT_SESSION_S)
            iam.update_role(RoleName=name, Description=model.get("Description") or "", MaxSessionDuration=session)
            role = iam.get_role(RoleName=name)["Role"]
            if boundary := model.get("PermissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
            elif role.get("PermissionsBoundary"):
                iam.delete_role_permissions_boundary(RoleName=name)
            retag(
                tags_of(model),
                tags_from(iam.list_role_tags(RoleName=name)["Tags"]),
                tag=lambda tags: iam.tag_role(RoleName=name, Tags=tag_list(tags)),
                untag=lambda keys: iam.untag_role(RoleName=name, TagKeys=keys),
            )
        self._inline(iam, name, model, before)
        self._managed(iam, name, model, before)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the role and what hangs on it."""
        iam, name = context.clients.iam, model["RoleName"]
        self._inline(iam, name, {}, model)
        self._managed(iam, name, {}, model)
        iam.delete_role(RoleName=name)

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The role and its policies."""
        name = model["RoleName"]
        if self.schema.type not in context.asked:
            # Every role and its policies, by one call, where three for each would be made.
            pages = context.clients.iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
            roles = [role for page in pages for role in page["RoleDetailList"]]
            context.asked[self.schema.type] = {role["RoleName"]: role for role in roles}
        details = context.asked[self.schema.type].get(name)
        if details is None:
            raise Gone(name)
        described: Model = {
            **details,
            "Policies": details["RolePolicyList"],
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in details["AttachedManagedPolicies"]],
        }
        if expected.keys() & {"Description", "MaxSessionDuration", "PermissionsBoundary"}:
            role = context.clients.iam.get_role(RoleName=name)["Role"]
            boundary = (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
            described |= {**role, "PermissionsBoundary": boundary}
        return described

    def _inline(self, iam: Any, name: str, model: Model, before: Properties | None) -> None:
        policies = {policy["PolicyName"]: policy["PolicyDocument"] for policy in model.get("Policies") or ()}
        if before is not None:
            for gone in sorted(set(iam.list_role_policies(RoleName=name)["PolicyNames"]) - policies.keys()):
                iam.delete_role_policy(RoleName=name, PolicyName=gone)
        for policy, document in policies.items():
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))

    def _managed(self, iam: Any, name: str, model: Model, before: Properties | None) -> None:
        arns, attached = set(model.get("ManagedPolicyArns") or ()), set()
        if before is not None:
            attached = {
                policy["PolicyArn"] for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            }
        for arn in sorted(attached - arns):
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(arns - attached):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
