"""The function of each database that reads its references, and its way there, as CloudFormation resources.

It is in a VPC where the parameters name one. There is no NAT: an interface endpoint takes it to Secrets Manager, a
gateway endpoint to S3, which costs nothing, neither by the hour nor by the byte, and needs no other address than the
one that the function has (Amazon VPC user guide, "Gateway endpoints"). A VPC that has such endpoints takes no second
ones. They have no policies of their own: all else in the VPC goes through them as well.
"""

from typing import Any

from wavetank.pipeline.components.references import Database
from wavetank.pipeline.reference.source import MIB, RUN_S, tick_s
from wavetank.pipeline.template import alarms, functions, outage, permissions
from wavetank.pipeline.template.functions import CODEC_LAYER, DATABASES_LAYER
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.permissions import REGISTRY
from wavetank.pipeline.template.tags import tagged
from wavetank.pipeline.topology import Topology

Resources = dict[str, dict[str, Any]]

MEMORY_MIB = 512
"""Twice what a dump of a million rows takes."""
LEAST_STORAGE_MIB = 512
"""Of every function (Lambda developer guide, "Configure ephemeral storage"); 10,240 is the most."""
COPIES = 3
"""A snapshot in temporary files: what is sorted, what that is merged into, and the snapshot."""
DAY_H = 24
EVENT_AGE_S = 60
"""The least: a tick that waits for longer is made up for by the next one (Lambda API, PutFunctionEventInvokeConfig)."""

VPC, SUBNETS, GROUPS = "VpcId", "SubnetIds", "SecurityGroupIds"
ROUTES, SECRETS_ENDPOINT = "RouteTableIds", "SecretsEndpoint"
IN_VPC, MAKES_S3, MAKES_SECRETS = "IsInVpc", "MakesS3Endpoint", "MakesSecretsEndpoint"
PARAMETERS: dict[str, dict[str, Any]] = {
    VPC: {"Type": "String", "Default": "", "Description": "VPC of the dumpers; empty for none."},
    SUBNETS: {"Type": "CommaDelimitedList", "Default": "", "Description": "Subnets of the dumpers in the VPC."},
    GROUPS: {
        "Type": "CommaDelimitedList",
        "Default": "",
        "Description": "Security groups of the dumpers, which the databases let in; the first may call the endpoint.",
    },
    ROUTES: {
        "Type": "CommaDelimitedList",
        "Default": "",
        "Description": "Route tables of these subnets, for a gateway endpoint of S3; empty where there is one.",
    },
    SECRETS_ENDPOINT: {
        "Type": "String",
        "AllowedValues": ["YES", "NO"],
        "Default": "YES",
        "Description": "NO where the VPC has an endpoint of Secrets Manager.",
    },
}
_IS_EMPTY = {"Fn::Equals": [{"Ref": VPC}, ""]}
CONDITIONS: dict[str, Any] = {
    IN_VPC: {"Fn::Not": [_IS_EMPTY]},
    MAKES_S3: {
        "Fn::And": [{"Condition": IN_VPC}, {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": ROUTES}]}, ""]}]}]
    },
    MAKES_SECRETS: {"Fn::And": [{"Condition": IN_VPC}, {"Fn::Equals": [{"Ref": SECRETS_ENDPOINT}, "YES"]}]},
}


def dumper_id(database: Database) -> str:
    """The logical id of a database's function."""
    return f"{logical(database.name)}Dumper"


def code_key(database: Database) -> str:
    """The parameter with the key of its package."""
    return f"{dumper_id(database)}CodeKey"


def dumpers(deployed: Topology) -> Resources:
    """The functions of all databases with schedules and alarms, and the endpoints; nothing where there is no database.

    The tags name the owner of what each is of: of a database's function, that of all its references if they have one.
    """
    resources: Resources = {}
    for database in deployed.databases:
        owners = {reference.owner for reference in database.references}
        function = _dumper(deployed, database) | alarms.of_database(deployed, database)
        resources |= _tagged(function, deployed, next(iter(owners)) if len(owners) == 1 else None)
        for reference in database.references:
            resources |= _tagged(alarms.of_reference(deployed, database, reference), deployed, reference.owner)
    return resources | (_tagged(_endpoints(), deployed, None) if resources else {})


def _tagged(resources: Resources, deployed: Topology, owner: str | None) -> Resources:
    settings = deployed.default if owner is None else deployed.default.model_copy(update={"owner": owner})
    return tagged(resources, deployed, settings)


def snapshot_hours(deployed: Topology) -> int:
    """So long a snapshot is kept after the next one is in effect: until no record of its time can come again.

    That is the longest retention of any stream, in an outage as well, the longest look-back, and a day.
    """
    components = [
        deployed.default,
        *(event.component for event in deployed.events),
        *deployed.departed.values(),
    ]
    retention = max(outage.RETENTION_HOURS, *(each.stream.retention_hours for each in components))
    return retention + max(each.look_back_hours for each in components) + DAY_H


def _dumper(deployed: Topology, database: Database) -> Resources:
    names, logical_id = deployed.names, dumper_id(database)
    sources = database.sources
    largest_mib = max(source.limits.bytes for source in sources) // MIB
    spec = functions.FunctionSpec(
        logical_id,
        names.dumper(database.name),
        "dumper",
        memory_mib=MEMORY_MIB,
        timeout_s=RUN_S,
        variables={
            "DATABASE": database.name,
            "SECRET": database.secret,
            "REGISTRY_BUCKET": {"Ref": REGISTRY},
            "SNAPSHOT_HOURS": str(snapshot_hours(deployed)),
        },
        statements=permissions.dumper(database),
        logs=deployed.default.logs,
        layers=(CODEC_LAYER, DATABASES_LAYER),
        reserved_concurrency=1,
        code=code_key(database),
        storage_mib=max(LEAST_STORAGE_MIB, COPIES * largest_mib),
        vpc={"Fn::If": [IN_VPC, {"SubnetIds": {"Ref": SUBNETS}, "SecurityGroupIds": {"Ref": GROUPS}}, _NOTHING]},
    )
    minutes = tick_s(sources) // 60
    rate = f"rate({minutes} minute{'' if minutes == 1 else 's'})"
    resources = functions.scheduled(spec, rate, names)
    # Lambda looks whether the role may make network interfaces before it makes the function. What `DependsOn` names has
    # to be there; a reference makes the same order.
    resources[logical_id]["Metadata"] = {"After": {"Fn::If": [IN_VPC, {"Ref": f"{logical_id}Network"}, ""]}}
    return {
        **resources,
        f"{logical_id}Retries": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": logical_id},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "MaximumEventAgeInSeconds": EVENT_AGE_S,
            },
        },
        f"{logical_id}Network": {
            "Type": "AWS::IAM::Policy",
            "Condition": IN_VPC,
            "Properties": {
                "PolicyName": "network-interfaces",
                "PolicyDocument": {"Version": "2012-10-17", "Statement": permissions.network(spec.name)},
                "Roles": [{"Ref": f"{logical_id}Role"}],
            },
        },
    }


_NOTHING = {"Ref": "AWS::NoValue"}


def _endpoints() -> Resources:
    def service(name: str) -> dict[str, str]:
        return {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{name}"}

    https = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "SourceSecurityGroupId": {"Fn::Select": [0, {"Ref": GROUPS}]},
        "Description": "dumpers",
    }
    return {
        "S3Endpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Condition": MAKES_S3,
            "Properties": {
                "VpcEndpointType": "Gateway",
                "ServiceName": service("s3"),
                "VpcId": {"Ref": VPC},
                "RouteTableIds": {"Ref": ROUTES},
            },
        },
        "SecretsEndpointGroup": {
            "Type": "AWS::EC2::SecurityGroup",
            "Condition": MAKES_SECRETS,
            "Properties": {
                "GroupDescription": "Calls of Secrets Manager by the dumpers",
                "VpcId": {"Ref": VPC},
                "SecurityGroupIngress": [https],
            },
        },
        "SecretsManagerEndpoint": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Condition": MAKES_SECRETS,
            "Properties": {
                "VpcEndpointType": "Interface",
                "ServiceName": service("secretsmanager"),
                "VpcId": {"Ref": VPC},
                "SubnetIds": {"Ref": SUBNETS},
                "SecurityGroupIds": [{"Fn::GetAtt": ["SecretsEndpointGroup", "GroupId"]}],
                "PrivateDnsEnabled": True,
            },
        },
    }
