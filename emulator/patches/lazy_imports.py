"""Preparations that LocalStack makes when a service is loaded, and that few ever need, wait until somebody does.

Together it was a fifth of the time of a first deployment.
"""

import importlib
import os
import sys
from functools import cache, cached_property
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import Patch, when_imported

SAM = "samtranslator.translator.transform"
"""Hundreds of pydantic models, for templates that say `Transform: AWS::Serverless-2016-10-31`."""
EC2 = "localstack.aws.api.ec2"
"""Thousands of types, of which CloudFormation's engine names two in annotations."""
ENGINE = "localstack.services.cloudformation.engine.v2"
NAMES_TYPES = f"{ENGINE}.change_set_model_preproc"
STAND_IN = "Stands in for a module until somebody needs it."
POLICIES = "localstack.services.iam.provider"
CODE = "localstack.services.lambda_.invocation.lambda_models"

OPENAPI = {
    "openapi_core": ("OpenAPI",),
    "openapi_core.contrib.werkzeug": ("WerkzeugOpenAPIRequest", "WerkzeugOpenAPIResponse"),
    "openapi_core.exceptions": ("OpenAPIError",),
    "openapi_core.validation.request.exceptions": ("RequestValidationError",),
    "openapi_core.validation.response.exceptions": ("ResponseValidationError",),
}
"""What LocalStack's validation of its own requests imports, and uses only where these variables say so."""
VALIDATES = ("OPENAPI_VALIDATE_REQUEST", "OPENAPI_VALIDATE_RESPONSE")
VALIDATION = "localstack.aws.handlers.validation"


def install() -> None:
    """Stand in for what nobody may need, and patch the providers of IAM and Lambda when they are imported.

    To be called before LocalStack is imported.
    """
    if SAM not in sys.modules:
        sys.modules[SAM] = _transform_later()
    if not any(name in os.environ for name in VALIDATES) and not OPENAPI.keys() & sys.modules.keys():
        stand_in_for_validation()
        when_imported(VALIDATION, _step_aside("OpenAPI", *OPENAPI))
    when_imported(ENGINE, stand_in_for_types)
    when_imported(NAMES_TYPES, _step_aside("AvailabilityZoneList", EC2))
    when_imported(POLICIES, read_policies_later)
    when_imported(CODE, share_clients)


def _transform_later() -> ModuleType:
    stand_in = ModuleType(SAM)

    def transform(*args: Any, **kwargs: Any) -> Any:
        if sys.modules.get(SAM) is stand_in:
            del sys.modules[SAM]
        return importlib.import_module(SAM).transform(*args, **kwargs)

    vars(stand_in)["transform"] = transform
    return stand_in


def stand_in_for_validation() -> None:
    """Be the validating library while its names are imported, of which none is used."""
    for module, names in OPENAPI.items():
        sys.modules[module] = ModuleType(module, STAND_IN)
        vars(sys.modules[module]).update(dict.fromkeys(names))


def stand_in_for_types(module: ModuleType) -> None:
    """Be EC2's types where the engine is imported, until it was; all others who ask get the types themselves.

    Raises TypeError where the engine is no package, of which a module names the types.
    """
    original(module, "__path__")
    if EC2 in sys.modules:
        return
    stand_in = ModuleType(EC2, STAND_IN)

    def the_real(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _step_aside("__getattr__", EC2)(stand_in)
        return getattr(importlib.import_module(EC2), name)

    vars(stand_in).update(AvailabilityZoneList=Any, DescribeAvailabilityZonesResult=Any, __getattr__=the_real)
    sys.modules[EC2] = stand_in


def _step_aside(taken: str, *names: str) -> Patch:
    """Let modules that are stood in for be imported by all who need them from then on.

    Raises TypeError where the module that they were for has not `taken` a thing of that name from them.
    """

    def step_aside(module: ModuleType) -> None:
        original(module, taken)
        for name in names:
            if getattr(sys.modules.get(name), "__doc__", None) == STAND_IN:
                del sys.modules[name]

    return step_aside


def read_policies_later(module: ModuleType) -> None:
    """Let the provider read the thousand managed policies of AWS when it is asked for one.

    Raises TypeError where it reads them otherwise.
    """
    provider, name = original(module, "IamProvider"), "_aws_managed_policy_cache"
    policies = cached_property(original(module, "IamProvider._build_aws_managed_policy_cache"))
    policies.__set_name__(provider, name)
    setattr(provider, name, policies)
    replace(module, "IamProvider.on_after_init", lambda self: delattr(self, name))


def share_clients(module: ModuleType) -> None:
    """Give the module a `boto3.client` that makes a client once: it asks for one each time a function is described.

    Raises TypeError where it asks boto3 for none.
    """
    original(module, "boto3.client")
    replace(module, "boto3", SimpleNamespace(client=cache(boto3.client)))
