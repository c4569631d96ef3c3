"""Policies of a governed stack count as on AWS: for its roles, for services that act for it, and at its deployment."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource
from wavetank.emulator.stack.clients import acting_for
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

CODE = """
import json
import boto3

def handler(event, context):
    if "call" not in event:
        return "idle"
    service, operation, parameters = event["call"]
    try:
        getattr(boto3.client(service), operation)(**parameters)
    except Exception as error:
        return {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}
    return {"code": ""}
"""
LAMBDA = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
}


def allow(actions: list[str], *resources: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def arn(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


def objects(name: str, keys: str) -> dict[str, str]:
    return {"Fn::Sub": f"${{{name}.Arn}}/{keys}"}


def role(*statements: dict[str, Any], trust: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A role that a function can have."""
    own = list(statements) or [allow(["logs:DescribeLogGroups"], "*")]
    policies = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": own}}]
    document = {"Version": "2012-10-17", "Statement": [trust or LAMBDA]}
    return resource("IAM::Role", {"AssumeRolePolicyDocument": document, "Policies": policies, **more})


def function(role_name: str) -> dict[str, Any]:
    return resource(
        "Lambda::Function",
        {"Runtime": "python3.13", "Handler": "index.handler", "Role": arn(role_name), "Code": {"ZipFile": CODE}},
    )


def topic_policy(**statement: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
    document = {"Statement": [{**given, "Resource": {"Ref": "Topic"}, **statement}]}
    return resource("SNS::TopicPolicy", {"Topics": [{"Ref": "Topic"}], "PolicyDocument": document})


@dataclass
class Governed:
    """A stack whose policies count, and what can be done with the credentials of its roles."""

    stack: EmbeddedStack
    formation: Formation
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, stack: EmbeddedStack, resources: dict[str, Any], status: str = "CREATE_COMPLETE") -> "Governed":
        formation = Formation(stack, f"authority-{uuid.uuid4().hex[:8]}")
        stack.control.govern(formation.name)
        assert formation.create(resources) == status
        return cls(stack, formation, formation.physical() if status == "CREATE_COMPLETE" else {})

    def client(self, service: str, role_name: str = "WorkerRole") -> Any:
        """The client of a service with a session of a role."""
        given = self.stack.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::000000000000:role/{self.names[role_name]}", RoleSessionName="one"
        )["Credentials"]
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.stack.endpoint_url,
            region_name=self.stack.region,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def refused(self) -> list[tuple[str, str]]:
        """The caller and the action of each refusal so far that is about this stack."""
        names = {self.formation.name, *self.names.values()}
        return [
            (each["caller"], each["action"])
            for each in self.stack.control.authority()["refused"]
            if any(name.rpartition(":")[2] in each["resource"] for name in names)
        ]


@pytest.fixture(scope="module")
def governed(stack: EmbeddedStack) -> Iterator[Governed]:
    """One stack for most tests."""
    made = Governed.make(
        stack,
        {
            "Data": resource("S3::Bucket"),
            "Topic": resource("SNS::Topic"),
            "Queue": resource("SQS::Queue"),
            "Stream": resource("Kinesis::Stream", {"ShardCount": 1}),
            "WorkerRole": role(
                allow(["s3:GetObject", "s3:PutObject"], objects("Data", "in/*")),
                allow(["s3:PutObject"], objects("Data", "out/*")),
                allow(["kinesis:PutRecords", "kinesis:GetShardIterator"], arn("Stream")),
                allow(["sqs:ReceiveMessage"], arn("Queue")),
                {"Effect": "Deny", "Action": "s3:*", "Resource": objects("Data", "in/secret/*")},
            ),
            "ListerRole": role(allow(["s3:ListBucket"], arn("Data")), allow(["s3:GetObject"], objects("Data", "in/*"))),
            "Worker": function("WorkerRole"),
        },
    )
    stack.client("s3").put_object(Bucket=made.names["Data"], Key="in/there", Body=b"x")
    yield made
    stack.client("s3").delete_object(Bucket=made.names["Data"], Key="in/there")
    for page in stack.client("s3").get_paginator("list_objects_v2").paginate(Bucket=made.names["Data"]):
        for entry in page.get("Contents", []):
            stack.client("s3").delete_object(Bucket=made.names["Data"], Key=entry["Key"])
    made.formation.delete()


def failure(call: Any, **parameters: Any) -> tuple[str, int, str]:
    """Code, status and message of the error with which a call has to end."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def test_a_role_does_what_its_policy_allows_and_nothing_else(governed: Governed) -> None:
    s3, bucket = governed.client("s3"), governed.names["Data"]
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"1"
    code, status, message = failure(s3.get_object, Bucket=bucket, Key="out/a")
    assert (code, status) == ("AccessDenied", 403)
    assert message.startswith(
        f"User: arn:aws:sts::000000000000:assumed-role/{governed.names['WorkerRole']}/one is not authorized to "
        f'perform: s3:GetObject on resource: "arn:aws:s3:::{bucket}/out/a" because no identity-based policy allows the '
        "s3:GetObject action"
    )
    assert "WAVETANK_AUTHORITY=off" in message
    assert ("WorkerRole", "s3:GetObject") in governed.refused()


def test_an_explicit_denial_is_told_as_one(governed: Governed) -> None:
    s3 = governed.client("s3")
    *_, message = failure(s3.put_object, Bucket=governed.names["Data"], Key="in/secret/a", Body=b"1")
    assert "with an explicit deny in an identity-based policy" in message


def test_a_call_that_was_refused_had_no_effect(governed: Governed) -> None:
    bucket = governed.names["Data"]
    failure(governed.client("s3").put_object, Bucket=bucket, Key="elsewhere", Body=b"1")
    assert "Contents" not in governed.stack.client("s3").list_objects_v2(Bucket=bucket, Prefix="elsewhere")


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "status"),
    [
        ("kinesis", "describe_stream", {"StreamName": "Stream"}, "AccessDeniedException", 400),
        ("sqs", "send_message", {"QueueUrl": "Queue", "MessageBody": "x"}, "AccessDenied", 403),
        ("sns", "publish", {"TopicArn": "Topic", "Message": "x"}, "AuthorizationError", 403),
        ("lambda", "invoke", {"FunctionName": "Worker"}, "AccessDeniedException", 403),
        ("logs", "create_log_group", {"logGroupName": "other"}, "AccessDeniedException", 400),
        ("iam", "get_role", {"RoleName": "WorkerRole"}, "AccessDenied", 403),
        ("cloudwatch", "describe_alarms", {}, "AccessDenied", 403),
        ("ssm", "get_parameter", {"Name": "x"}, "AccessDeniedException", 400),
    ],
)
def test_every_service_refuses_in_its_own_way(
    governed: Governed, service: str, operation: str, parameters: dict[str, Any], code: str, status: int
) -> None:
    given = {name: governed.names.get(str(value), value) for name, value in parameters.items()}
    assert failure(getattr(governed.client(service), operation), **given)[:2] == (code, status)


def test_a_shard_iterator_is_of_its_stream(governed: Governed) -> None:
    kinesis = governed.client("kinesis")
    iterator = kinesis.get_shard_iterator(
        StreamName=governed.names["Stream"], ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    code, _, message = failure(kinesis.get_records, ShardIterator=iterator)
    assert code == "AccessDeniedException"
    assert f":stream/{governed.names['Stream']}" in message


def test_whether_an_object_is_there_is_secret_to_who_may_not_list(governed: Governed) -> None:
    bucket = governed.names["Data"]
    code, status, message = failure(governed.client("s3").get_object, Bucket=bucket, Key="in/none")
    assert (code, status) == ("AccessDenied", 403)
    assert "s3:ListBucket" in message
    assert failure(governed.client("s3").head_object, Bucket=bucket, Key="in/none")[:2] == ("403", 403)
    assert failure(governed.client("s3", "ListerRole").get_object, Bucket=bucket, Key="in/none")[0] == "NoSuchKey"
    governed.client("s3").get_object(Bucket=bucket, Key="in/there")


def test_a_function_has_the_rights_of_its_role(governed: Governed) -> None:
    bucket = governed.names["Data"]

    def answer(operation: str, key: str) -> dict[str, Any]:
        payload = {"call": ["s3", operation, {"Bucket": bucket, "Key": key}]}
        given = governed.stack.client("lambda").invoke(
            FunctionName=governed.names["Worker"], Payload=json.dumps(payload)
        )
        return dict(json.loads(given["Payload"].read()))

    assert answer("get_object", "in/there") == {"code": ""}
    assert answer("delete_object", "in/there")["code"] == "AccessDenied"


def test_a_policy_counts_from_the_moment_it_is_put(governed: Governed) -> None:
    iam, name = governed.stack.client("iam"), governed.names["ListerRole"]
    s3, bucket = governed.client("s3", "ListerRole"), governed.names["Data"]
    failure(s3.get_object_tagging, Bucket=bucket, Key="in/there")
    document = {"Version": "2012-10-17", "Statement": allow(["s3:GetObjectTagging"], f"arn:aws:s3:::{bucket}/*")}
    iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=json.dumps(document))
    s3.get_object_tagging(Bucket=bucket, Key="in/there")
    iam.delete_role_policy(RoleName=name, PolicyName="more")
    failure(s3.get_object_tagging, Bucket=bucket, Key="in/there")


def test_managed_policies_count_and_a_boundary_limits_them(governed: Governed) -> None:
    iam, name, bucket = governed.stack.client("iam"), governed.names["ListerRole"], governed.names["Data"]
    s3 = governed.client("s3", "ListerRole")
    arn_of_aws = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    iam.attach_role_policy(RoleName=name, PolicyArn=arn_of_aws)
    try:
        s3.get_object_tagging(Bucket=bucket, Key="in/there")
        boundary = iam.create_policy(
            PolicyName=f"b-{uuid.uuid4().hex[:8]}",
            PolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": allow(["s3:GetObject", "s3:ListBucket"], "*")}
            ),
        )["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        *_, message = failure(s3.get_object_tagging, Bucket=bucket, Key="in/there")
        assert "no permissions boundary allows the s3:GetObjectTagging action" in message
    finally:
        iam.delete_role_permissions_boundary(RoleName=name)
        iam.detach_role_policy(RoleName=name, PolicyArn=arn_of_aws)


def test_the_policy_of_a_resource_is_enough_within_an_account(governed: Governed) -> None:
    sqs, url = governed.stack.client("sqs"), governed.names["Queue"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    principal = {"AWS": f"arn:aws:iam::000000000000:role/{governed.names['WorkerRole']}"}
    document = {"Statement": {**allow(["sqs:SendMessage"], queue_arn), "Principal": principal}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})
    try:
        governed.client("sqs").send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])
        failure(governed.client("sqs", "ListerRole").send_message, QueueUrl=url, MessageBody="x")
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
        sqs.purge_queue(QueueUrl=url)


def test_a_bucket_can_deny_what_a_role_allows(governed: Governed) -> None:
    s3, bucket = governed.stack.client("s3"), governed.names["Data"]
    untagged = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [untagged]}))
    try:
        governed.client("s3").put_object(Bucket=bucket, Key="out/once", Body=b"x", IfNoneMatch="*")
        *_, message = failure(governed.client("s3").put_object, Bucket=bucket, Key="out/twice", Body=b"x")
        assert "with an explicit deny in a resource-based policy" in message
    finally:
        s3.delete_bucket_policy(Bucket=bucket)


def test_roles_of_other_stacks_and_everybody_else_are_left_alone(governed: Governed) -> None:
    stack, bucket = governed.stack, governed.names["Data"]
    stack.client("s3").put_object(Bucket=bucket, Key="by-hand", Body=b"x")
    foreign = Formation(stack)
    assert foreign.create({"WorkerRole": role(allow(["s3:GetObject"], "arn:aws:s3:::none/*"))}) == "CREATE_COMPLETE"
    other = Governed(stack, foreign, foreign.physical())
    other.client("s3").put_object(Bucket=bucket, Key="by-a-stub", Body=b"x")
    foreign.delete()


@pytest.fixture(scope="module")
def chain(stack: EmbeddedStack) -> Iterator[Governed]:
    """A bucket that tells a topic, which calls a function, which a rule may call too."""
    name = f"authority-{uuid.uuid4().hex[:8]}"
    bucket_arn = f"arn:aws:s3:::{name}"
    notify = {"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"}}]}
    made = Governed.make(
        stack,
        {
            "Topic": resource("SNS::Topic"),
            "TopicPolicy": topic_policy(Condition={"ArnLike": {"aws:SourceArn": bucket_arn}}),
            "Data": resource(
                "S3::Bucket", {"BucketName": name, "NotificationConfiguration": notify}, DependsOn="TopicPolicy"
            ),
            "WorkerRole": role(),
            "Worker": function("WorkerRole"),
            "ByTopic": resource(
                "Lambda::Permission",
                {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": "Worker"},
                    "Principal": "sns.amazonaws.com",
                    "SourceArn": {"Ref": "Topic"},
                },
            ),
            "Subscription": resource(
                "SNS::Subscription",
                {"TopicArn": {"Ref": "Topic"}, "Protocol": "lambda", "Endpoint": arn("Worker")},
            ),
        },
    )
    yield made
    for entry in stack.client("s3").list_objects_v2(Bucket=name).get("Contents", []):
        stack.client("s3").delete_object(Bucket=name, Key=entry["Key"])
    made.formation.delete()


def refused_for_an_object(chain: Governed) -> list[tuple[str, str]]:
    """Put an object; what was refused for it."""
    before = chain.refused()
    chain.stack.client("s3").put_object(Bucket=chain.names["Data"], Key="a", Body=b"x")
    chain.stack.settle()
    return [each for each in chain.refused()[len(before) :] if each[0].endswith(".amazonaws.com")]


def test_an_object_is_announced_and_the_function_called_where_both_may_be(chain: Governed) -> None:
    assert refused_for_an_object(chain) == []


def test_a_bucket_tells_no_topic_that_does_not_let_it(chain: Governed) -> None:
    sns, topic = chain.stack.client("sns"), chain.names["Topic"]
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    sns.set_topic_attributes(
        TopicArn=topic,
        AttributeName="Policy",
        AttributeValue=policy.replace(chain.names["Data"], f"{chain.names['Data']}-other"),
    )
    try:
        assert refused_for_an_object(chain) == [("s3.amazonaws.com", "sns:Publish")]
    finally:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


@pytest.mark.parametrize(
    ("policy", "taken"),
    [
        (None, True),
        ({"Principal": {"Service": "cloudwatch.amazonaws.com"}}, True),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
    ],
)
def test_an_alarm_tells_a_topic_that_lets_it_and_no_other(
    stack: EmbeddedStack, policy: dict[str, Any] | None, taken: bool
) -> None:
    """A topic without a policy of its own has the default one, by which its account may publish."""
    account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    alarm = {
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [{"Ref": "Topic"}],
    }
    resources = {"Topic": resource("SNS::Topic"), "Alarm": resource("CloudWatch::Alarm", alarm)}
    if policy is not None:
        resources["Policy"] = topic_policy(**policy, Condition=account)
    made = Governed.make(stack, resources)
    cloudwatch, name = stack.client("cloudwatch"), made.names["Alarm"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a try")
    stack.settle()
    [action] = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
    assert action["HistorySummary"].startswith("Successfully" if taken else "Failed")
    assert made.refused() == ([] if taken else [("cloudwatch.amazonaws.com", "sns:Publish")])
    made.formation.delete()


def test_a_topic_calls_no_function_that_does_not_let_it(chain: Governed) -> None:
    functions, name = chain.stack.client("lambda"), chain.names["Worker"]
    [statement] = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    try:
        assert refused_for_an_object(chain) == [("sns.amazonaws.com", "lambda:InvokeFunction")]
    finally:
        functions.add_permission(
            FunctionName=name,
            StatementId=statement["Sid"],
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=chain.names["Topic"],
        )


def test_a_rule_calls_no_function_that_does_not_let_it(chain: Governed) -> None:
    functions, name = chain.stack.client("lambda"), chain.names["Worker"]
    rule = f"arn:aws:events:{chain.stack.region}:000000000000:rule/hourly"
    with acting_for("events", rule):
        assert failure(functions.invoke, FunctionName=name)[:2] == ("AccessDeniedException", 403)
    functions.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    with acting_for("events", rule):
        functions.invoke(FunctionName=name)
    with acting_for("events", f"{rule}-other"):
        failure(functions.invoke, FunctionName=name)
    functions.remove_permission(FunctionName=name, StatementId="rule")


STREAMED = {
    "Stream": resource("Kinesis::Stream", {"ShardCount": 1}),
    "Queue": resource("SQS::Queue"),
    "Data": resource("S3::Bucket"),
}
READS = [f"kinesis:{name}" for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListShards")]


def mapping(source: str) -> dict[str, Any]:
    start = {"StartingPosition": "TRIM_HORIZON"} if source == "Stream" else {}
    return resource(
        "Lambda::EventSourceMapping", {"EventSourceArn": arn(source), "FunctionName": {"Ref": "Worker"}, **start}
    )


def delivery(**more: Any) -> dict[str, Any]:
    return resource(
        "KinesisFirehose::DeliveryStream",
        {
            "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn("Stream"), "RoleARN": arn("DeliveryRole")},
            "ExtendedS3DestinationConfiguration": {"BucketARN": arn("Data"), "RoleARN": arn("DeliveryRole"), **more},
        },
    )


FIREHOSE = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}
NOTIFY = {"TopicConfigurations": [{"Event": "s3:ObjectCreated:*", "Topic": {"Ref": "Topic"}}]}


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (
            {"WorkerRole": role(trust=FIREHOSE), "Worker": function("WorkerRole")},
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {
                "WorkerRole": role(trust={**LAMBDA, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}),
                "Worker": function("WorkerRole"),
            },
            "The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            {"WorkerRole": role(allow(READS, arn("Stream"))), "Worker": function("WorkerRole"), "M": mapping("Stream")},
            "Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams",
        ),
        (
            {
                "WorkerRole": role(allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], arn("Queue"))),
                "Worker": function("WorkerRole"),
                "M": mapping("Queue"),
            },
            "The provided execution role does not have permissions to call DeleteMessage on SQS",
        ),
        (
            {"DeliveryRole": role(allow(READS, arn("Stream"))), "Delivery": delivery()},
            "Please check the role provided.",
        ),
        (
            {"DeliveryRole": role(allow(READS[1:], arn("Stream")), trust=FIREHOSE), "Delivery": delivery()},
            "is not authorized to perform: kinesis:DescribeStream on resource",
        ),
        (
            {"Topic": resource("SNS::Topic"), "Told": resource("S3::Bucket", {"NotificationConfiguration": NOTIFY})},
            "Unable to validate the following destination configurations",
        ),
    ],
    ids=["trust", "trust-condition", "stream", "queue", "delivery-trust", "delivery-source", "topic"],
)
def test_a_role_or_policy_that_will_not_do_fails_the_deployment(
    stack: EmbeddedStack, resources: dict[str, Any], reason: str
) -> None:
    made = Governed.make(stack, {**STREAMED, **resources}, status="ROLLBACK_COMPLETE")
    reasons = [text for _, status, text in made.formation.events() if status == "CREATE_FAILED"]
    assert any(reason in text for text in reasons), reasons
    made.formation.delete()


def test_a_delivery_stream_and_a_mapping_act_by_their_roles(stack: EmbeddedStack) -> None:
    made = Governed.make(
        stack,
        {
            **STREAMED,
            "WorkerRole": role(
                allow([*READS, "kinesis:DescribeStreamSummary"], arn("Stream")),
                allow(["kinesis:ListStreams"], "*"),
                allow([f"logs:{name}" for name in ("CreateLogGroup", "CreateLogStream", "PutLogEvents")], "*"),
            ),
            "Worker": function("WorkerRole"),
            "Mapping": mapping("Stream"),
            "DeliveryRole": role(
                allow(READS, arn("Stream")), allow(["s3:PutObject"], objects("Data", "chunks/*")), trust=FIREHOSE
            ),
            "Delivery": delivery(Prefix="chunks/"),
        },
    )
    s3, bucket = stack.client("s3"), made.names["Data"]
    stack.client("kinesis").put_record(StreamName=made.names["Stream"], Data=b"x", PartitionKey="k")
    stack.settle()
    assert made.refused() == []
    [chunk] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert chunk["Key"].startswith("chunks/")
    users = {(each["holder"], each["action"]) for each in stack.control.authority()["used"]}
    expected = {("WorkerRole", "kinesis:GetRecords"), ("WorkerRole", "logs:PutLogEvents")}
    assert expected | {("DeliveryRole", "s3:PutObject")} <= users
    s3.delete_object(Bucket=bucket, Key=chunk["Key"])
    made.formation.delete()


def test_a_stack_that_is_let_go_is_left_alone_again(stack: EmbeddedStack) -> None:
    made = Governed.make(stack, {"Data": resource("S3::Bucket"), "WorkerRole": role()})
    s3 = made.client("s3")
    failure(s3.list_objects_v2, Bucket=made.names["Data"])
    stack.control.release(made.formation.name)
    s3.list_objects_v2(Bucket=made.names["Data"])
    made.formation.delete()
