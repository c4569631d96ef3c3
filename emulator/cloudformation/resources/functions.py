"""`AWS::Lambda::Function`, `AWS::Lambda::LayerVersion` and `AWS::Lambda::Permission`."""

import json
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    Context,
    Gone,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag_function,
    tag_list,
    tags_of,
    wait_until,
)
from wavetank.pipeline.names import log_group

CONFIGURATION: Model = {
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": None,
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": None,
}
"""Properties that UpdateFunctionConfiguration sets → what a removed one becomes; None keeps it."""
CREATION = ("Architectures", "PackageType", *CONFIGURATION)


CONDITIONS = {
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "SourceAccount": "AWS:SourceAccount",
    "SourceArn": "AWS:SourceArn",
}
"""Property of a permission → the condition key in the policy that it becomes."""


class Function:
    """A function."""

    schema = Schema(
        type="AWS::Lambda::Function",
        identifier="FunctionName",
        name="FunctionName",
        create_only=names("FunctionName PackageType"),
        mutable=names("Architectures Code CodeSigningConfigArn RecursiveLoop ReservedConcurrentExecutions Tags")
        | CONFIGURATION.keys(),
        refused=names(
            """CapacityProviderConfig DurableConfig FileSystemConfigs FunctionScalingConfig ImageConfig KmsKeyArn
            PublishToLatestPublished
            RuntimeManagementConfig TenancyConfig"""
        ),
        read_only=names("Arn SnapStartResponse"),
        write_only=names("Code"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the function and wait until it is active."""
        lambda_, name = context.clients.lambda_, model["FunctionName"]
        request = {key: model[key] for key in CREATION if key in model}
        if tags := tags_of(model):
            request["Tags"] = tags
        arn = lambda_.create_function(FunctionName=name, Code=_code(model), **_texts(request))["FunctionArn"]
        wait_until(lambda: self._configuration(lambda_, name)["State"] != "Pending", f"Active of {name}")
        configuration = self._configuration(lambda_, name)
        if configuration["State"] == "Failed":
            lambda_.delete_function(FunctionName=name)
            raise Refused(configuration.get("StateReason") or f"{name} failed")
        return {"Arn": arn}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set what the call that creates a function does not, and everything where it was there before."""
        lambda_, name = context.clients.lambda_, model["FunctionName"]
        if before is not None:
            self._update(lambda_, model, before)
        reserved = model.get("ReservedConcurrentExecutions")
        if reserved is not None:
            lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=int(reserved))
        elif before is not None and "ReservedConcurrentExecutions" in before:
            lambda_.delete_function_concurrency(FunctionName=name)
        if signing := model.get("CodeSigningConfigArn"):
            lambda_.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=signing)
        elif before is not None and before.get("CodeSigningConfigArn"):
            lambda_.delete_function_code_signing_config(FunctionName=name)
        if model.get("RecursiveLoop") != (before or {}).get("RecursiveLoop"):
            loop = model.get("RecursiveLoop") or "Terminate"
            lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop=loop)

    def remove(self, context: Context, model: Model) -> None:
        """Delete the function."""
        context.clients.lambda_.delete_function(FunctionName=model["FunctionName"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The function as GetFunction shows it."""
        lambda_, name = context.clients.lambda_, model["FunctionName"]
        function = lambda_.get_function(FunctionName=name)
        if function["Configuration"].get("LastUpdateStatus") == "InProgress":
            self._updated(lambda_, name)
            function = lambda_.get_function(FunctionName=name)
        configuration = dict(function["Configuration"])
        configuration["Layers"] = [layer["Arn"] for layer in configuration.get("Layers") or ()]
        concurrency = function.get("Concurrency") or {}
        configuration["ReservedConcurrentExecutions"] = concurrency.get("ReservedConcurrentExecutions")
        configuration["Tags"] = tag_list(function.get("Tags") or {})
        if "RecursiveLoop" in expected:
            configuration |= lambda_.get_function_recursion_config(FunctionName=name)
        if "CodeSigningConfigArn" in expected:
            configuration |= lambda_.get_function_code_signing_config(FunctionName=name)
        return configuration

    def _update(self, lambda_: Any, model: Model, before: Properties) -> None:
        name = model["FunctionName"]
        self._updated(lambda_, name)
        if any(model.get(key) != before.get(key) for key in ("Code", "Architectures")):
            architectures = {"Architectures": model.get("Architectures") or ["x86_64"]}
            lambda_.update_function_code(FunctionName=name, **_code(model), **architectures)
            self._updated(lambda_, name)
        if any(model.get(key) != before.get(key) for key in CONFIGURATION):
            removed = {key: value for key, value in CONFIGURATION.items() if key not in model and value is not None}
            request = removed | {key: model[key] for key in CONFIGURATION if key in model}
            # The call keeps the log group where it is told of none.
            request["LoggingConfig"] = {"LogGroup": log_group(name), **request["LoggingConfig"]}
            lambda_.update_function_configuration(FunctionName=name, **_texts(request))
            self._updated(lambda_, name)
        retag_function(lambda_, model["Arn"], model)

    def _updated(self, lambda_: Any, name: str) -> None:
        def updated() -> bool:
            return self._configuration(lambda_, name).get("LastUpdateStatus") != "InProgress"

        wait_until(updated, f"Successful of {name}")
        configuration = self._configuration(lambda_, name)
        if configuration.get("LastUpdateStatus") == "Failed":
            raise Refused(configuration.get("LastUpdateStatusReason") or f"the update of {name} failed")

    def _configuration(self, lambda_: Any, name: str) -> Model:
        return dict(lambda_.get_function_configuration(FunctionName=name))


class LayerVersion:
    """A version of a layer; any change makes another one."""

    schema = Schema(
        type="AWS::Lambda::LayerVersion",
        identifier="LayerVersionArn",
        create_only=names("CompatibleArchitectures CompatibleRuntimes Content Description LayerName LicenseInfo"),
        mutable=frozenset(),
        read_only=names("LayerVersionArn"),
        write_only=names("Content"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Publish the version."""
        request = {"LayerName": context.generated_name(140)} | {
            key: model[key] for key in self.schema.create_only & model.keys()
        }
        version = context.clients.lambda_.publish_layer_version(**request)
        return {"LayerVersionArn": version["LayerVersionArn"]}

    def apply(self, _context: Context, _model: Model, _before: Properties | None) -> None:
        """Nothing of a version can be changed."""

    def remove(self, context: Context, model: Model) -> None:
        """Delete the version."""
        layer, _, version = model["LayerVersionArn"].rpartition(":")
        context.clients.lambda_.delete_layer_version(LayerName=layer, VersionNumber=int(version))

    def read(self, context: Context, model: Model, _expected: Properties) -> Properties:
        """The version as GetLayerVersion shows it."""
        version = context.clients.lambda_.get_layer_version_by_arn(Arn=model["LayerVersionArn"])
        return {**version, "LayerName": version["LayerArn"].rsplit(":", 1)[-1]}


class Permission:
    """A statement in the policy of a function; any change makes another one."""

    schema = Schema(
        type="AWS::Lambda::Permission",
        identifier="Id",
        create_only=names(
            """Action EventSourceToken FunctionName FunctionUrlAuthType Principal PrincipalOrgID SourceAccount
            SourceArn"""
        ),
        mutable=frozenset(),
        refused=names("InvokedViaFunctionUrl"),
        read_only=names("Id"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Add the statement."""
        request = {key: model[key] for key in self.schema.create_only & model.keys()}
        answer = context.clients.lambda_.add_permission(StatementId=context.generated_name(100), **request)
        return {"Id": json.loads(answer["Statement"])["Sid"]}

    def apply(self, _context: Context, _model: Model, _before: Properties | None) -> None:
        """Nothing of a statement can be changed."""

    def remove(self, context: Context, model: Model) -> None:
        """Remove the statement."""
        context.clients.lambda_.remove_permission(FunctionName=model["FunctionName"], StatementId=model["Id"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The statement in the function's policy, as the call that made it."""
        policy = json.loads(context.clients.lambda_.get_policy(FunctionName=model["FunctionName"])["Policy"])
        statement = next((entry for entry in policy["Statement"] if entry["Sid"] == model["Id"]), None)
        if statement is None:
            raise Gone(model["Id"])
        operators = (statement.get("Condition") or {}).values()
        conditions = {key: value for operands in operators for key, value in operands.items()}
        principal = statement["Principal"]
        return {
            "Action": statement["Action"],
            "FunctionName": expected.get("FunctionName"),
            "Principal": principal if isinstance(principal, str) else next(iter(principal.values())),
            **{name: conditions[key] for name, key in CONDITIONS.items() if key in conditions},
        }


def _code(model: Properties) -> Model:
    """The code as the API takes it; LocalStack makes a package of inline source."""
    from localstack.services.lambda_.resource_providers.aws_lambda_function import _get_lambda_code_param

    return dict(_get_lambda_code_param({"Code": {}, "Runtime": "", **model}))


def _texts(request: Model) -> Model:
    """The request with the values of variables as texts."""
    if "Environment" in request:
        variables = (request["Environment"] or {}).get("Variables") or {}
        request = {**request, "Environment": {"Variables": {key: str(value) for key, value in variables.items()}}}
    return request
