"""The queue of partitions to merge, the one for what could not be merged, and the alarm on it."""

from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.template.permissions import MERGES

Resources = dict[str, dict[str, Any]]

DEAD = "DeadMergeQueue"
VISIBILITY_PER_TIMEOUT = 6
"""AWS's recommendation for a queue that feeds a function (Lambda developer guide, "Using Lambda with Amazon SQS")."""
ATTEMPTS = 5
DEAD_RETENTION_S = 14 * 24 * 3600


def merges(timeout_s: int) -> Resources:
    """Both queues; `timeout_s` is that of the function that takes from the first."""
    return {
        DEAD: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": topology.DEAD_MERGES,
                "MessageRetentionPeriod": DEAD_RETENTION_S,
                "SqsManagedSseEnabled": True,
            },
        },
        MERGES: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": topology.MERGE_QUEUE,
                "VisibilityTimeout": VISIBILITY_PER_TIMEOUT * timeout_s,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [DEAD, "Arn"]},
                    "maxReceiveCount": ATTEMPTS,
                },
                "SqsManagedSseEnabled": True,
            },
        },
        "DeadMergesAlarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": topology.DEAD_MERGES,
                "AlarmDescription": f"A partition could not be merged in {ATTEMPTS} attempts.",
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": topology.DEAD_MERGES}],
                "Statistic": "Maximum",
                "Period": 300,
                "EvaluationPeriods": 1,
                "Threshold": 0,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
            },
        },
    }
