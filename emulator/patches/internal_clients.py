"""Calls of services to one another, which do not leave this process: they name who calls, and sign nothing.

A signature takes a hash of the whole body, and nobody here looks at it: who calls, and where, is taken from the
credential's scope (Signature Version 4). The user agent is that of the client, which the SDK would put together anew
for every call.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.runtime.on_import import when_imported

MODULE = "localstack.aws.client"
UNSIGNED = "SignedHeaders=host, Signature=none"


def install() -> None:
    """Change how LocalStack makes its internal clients."""
    when_imported(MODULE, name_the_caller)


def name_the_caller(module: ModuleType) -> None:
    """Make the module's clients that call the gateway in memory write down who calls, without a signature."""
    short_circuit = module.GatewayShortCircuit
    modify = short_circuit.modify_client

    def modify_client(client: Any, gateway: Any) -> None:
        modify(client, gateway)
        created = f"request-created.{client.meta.service_model.service_id.hyphenize()}"
        client.meta.events.unregister(created, client._user_agent_creator.rebuild_and_replace_user_agent_handler)
        client.meta.events.unregister(created, client._request_signer.handler)
        client.meta.events.register(created, _named(client))

    short_circuit.modify_client = staticmethod(modify_client)


def _named(client: Any) -> Any:
    signer, region = client._request_signer, client.meta.region_name

    def name(request: Any, **_: Any) -> None:
        credentials = signer._credentials
        if credentials is None:
            return
        scope = f"{credentials.access_key}/19700101/{region}/{signer.signing_name}/aws4_request"
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, {UNSIGNED}"
        if credentials.token:
            request.headers["X-Amz-Security-Token"] = credentials.token

    return name
