"""Carries out one action on one resource, and says what came of it as CloudFormation's handlers do."""

import logging
import uuid
from types import ModuleType
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.cloudformation.properties import unsupported
from wavetank.emulator.cloudformation.resource import AlreadyThere, Context, Model, Refused, ResourceType

LOG = logging.getLogger(__name__)

CODES = {
    "NotFound": "NotFound",
    "NoSuch": "NotFound",
    "AlreadyExists": "AlreadyExists",
    "LimitExceeded": "ServiceLimitExceeded",
    "Throttl": "Throttling",
    "AccessDenied": "AccessDenied",
    "InUse": "ResourceConflict",
    "Conflict": "ResourceConflict",
}
"""Part of a service's error code → the handler's (CloudFormation CLI user guide, "Handler error codes")."""


class Provider:
    """A resource type of ours as LocalStack's engine wants it: a resource provider."""

    def __init__(self, emulated: ResourceType, module: ModuleType) -> None:
        self.emulated = emulated
        self.module = module
        schema = emulated.schema
        self.SCHEMA = {
            "typeName": schema.type,
            "primaryIdentifier": [f"/properties/{schema.identifier}"],
            "createOnlyProperties": [f"/properties/{name}" for name in sorted(schema.create_only)],
        }

    def create(self, request: Any) -> Any:
        """Make the resource; what could not be finished is removed, since CloudFormation is not told of it."""
        context, model = _context(request), dict(request.desired_state)
        name = self.emulated.schema.name
        if name and not model.get(name):
            model[name] = context.generated_name(self.emulated.schema.longest_name)
        model |= self.emulated.make(context, model)
        try:
            self.emulated.apply(context, model, None)
        except Exception:
            self.emulated.remove(context, model)
            raise
        return _event(self.module, "SUCCESS", model)

    def update(self, request: Any) -> Any:
        """Change the resource to what is asked for; it keeps its name and its read-only attributes."""
        before, schema = request.previous_state, self.emulated.schema
        kept = schema.read_only | ({schema.name} if schema.name else frozenset())
        model: Model = dict(request.desired_state) | {name: before[name] for name in kept & before.keys()}
        self.emulated.apply(_context(request), model, before)
        return _event(self.module, "SUCCESS", model)

    def delete(self, request: Any) -> Any:
        """Remove the resource."""
        self.emulated.remove(_context(request), dict(request.desired_state))
        return _event(self.module, "SUCCESS", {})


def message(error: Exception, request: Any) -> str:
    """The reason of the event, as CloudFormation words it."""
    if isinstance(error, NotImplementedError):
        return (
            f"Updates of {request.resource_type} are not emulated, so {request.logical_resource_id} stays as it was: "
            "delete the resource and create it again, or give it another logical id."
        )
    if isinstance(error, ClientError):
        text, code = error.response["Error"].get("Message", ""), error.response["Error"].get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        text = f"{text} (Service: {code}, Status Code: {status})"
        handler = next((name for part, name in CODES.items() if part in code), "InvalidRequest")
    else:
        text = str(error) or type(error).__name__
        kinds = {AlreadyThere: "AlreadyExists", Refused: "InvalidRequest", TimeoutError: "NotStabilized"}
        handler = next((code for kind, code in kinds.items() if isinstance(error, kind)), "GeneralServiceException")
    return f'Resource handler returned message: "{text}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {handler})'


def act(module: ModuleType, provider: Any, request: Any) -> Any:
    """Have a provider do what a request asks for; the event that tells how it ended, in terms of LocalStack's `module`.

    Raises TypeError where nothing handles resources of the type.
    """
    if provider is None:
        raise TypeError(f"nothing handles {request.resource_type}")
    try:
        if request.action == "Remove":
            return provider.delete(request)
        problems = unsupported(provider, request.desired_state)
        if problems and isinstance(provider, Provider):
            raise Refused("; ".join(problems))
        if problems and not request.custom_context:
            LOG.warning("%s (%s): %s", request.logical_resource_id, request.resource_type, "; ".join(problems))
        return provider.create(request) if request.action == "Add" else provider.update(request)
    except Exception as error:
        is_missing = module.check_not_found_exception
        if request.action == "Remove" and is_missing(error, request.resource_type, request.desired_state):
            return _event(module, "SUCCESS", {})
        return _event(module, "FAILED", {}, message(error, request), error)


def _context(request: Any) -> Context:
    return Context(
        clients=request.aws_client_factory,
        stack_name=request.stack_name,
        logical_id=request.logical_resource_id,
        account=request.account_id,
        region=request.region_name,
    )


def _event(module: Any, status: str, model: Model, text: str = "", error: Exception | None = None) -> Any:
    context = {} if error is None else {"exception": error}
    return module.ProgressEvent(
        status=module.OperationStatus[status], resource_model=model, message=text, custom_context=context
    )
