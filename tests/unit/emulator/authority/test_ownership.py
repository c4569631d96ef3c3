"""Whose a role or a resource is, and whether its policies count."""

import pytest

from wavetank.emulator.authority.ownership import Owned, Ownership

ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("kind", "physical_id", "arn"),
    [
        ("AWS::IAM::Role", "app-Role-X", f"arn:aws:iam::{ACCOUNT}:role/path/app-Role-X"),
        ("AWS::S3::Bucket", "data", "arn:aws:s3:::data/parts/a/b"),
        ("AWS::SNS::Topic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:chunks", f"arn:aws:sns:eu-west-1:{ACCOUNT}:chunks"),
        ("AWS::SQS::Queue", f"http://h:1/{ACCOUNT}/merges", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:merges"),
        ("AWS::Lambda::Function", "worker", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:worker:live"),
        ("AWS::KinesisFirehose::DeliveryStream", "d", f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/d"),
    ],
)
def test_a_resource_is_known_by_its_id_in_the_stack_and_by_its_arn(kind: str, physical_id: str, arn: str) -> None:
    assert Owned.of_resource(kind, physical_id, ACCOUNT) == Owned.of_arn(arn, ACCOUNT)


def test_what_has_no_policy_and_what_is_no_arn_belongs_to_nobody() -> None:
    ownership = Ownership()
    ownership.govern("app")
    ownership.note("app", "Stream", Owned.of_resource("AWS::Kinesis::Stream", "s", ACCOUNT))
    for arn in ("", "*", "worker", "arn:", "arn:aws:iam"):
        assert not ownership.governs(Owned.of_arn(arn, ACCOUNT))


def test_a_resource_is_governed_while_its_stack_is_and_while_it_belongs_to_it() -> None:
    ownership, role = Ownership(), Owned(ACCOUNT, "iam", "app-Role-X")
    assert not ownership.any
    ownership.note("app", "Role", role)
    assert not ownership.governs(role)
    ownership.govern("app")
    assert ownership.any
    assert ownership.governs(role)
    assert not ownership.governs(role._replace(account="999999999999"))
    assert ownership.title(role) == "Role"
    ownership.release("app")
    assert not ownership.governs(role)
    ownership.govern("app")
    ownership.forget(role)
    assert not ownership.governs(role)
