"""Calls of services to one another, which do not leave this process, name who calls, and sign nothing.

A signature takes a hash of the whole body, and nobody here looks at it: who calls, and where, is taken from the
credential's scope (Signature Version 4). The user agent is that of the client, which the SDK would put together anew
for every call.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

UNSIGNED = "SignedHeaders=host, Signature=none"


def install() -> None:
    """Change how LocalStack makes its internal clients."""
    when_imported("localstack.aws.client", name_the_caller)


def name_the_caller(module: ModuleType) -> None:
    """Make the module's clients that call the gateway in memory write down who calls, without a signature.

    Raises TypeError where it has no such clients.
    """
    modify = original(module, "GatewayShortCircuit.modify_client", "client", "gateway")

    def modify_client(client: Any, gateway: Any) -> None:
        modify(client, gateway)
        signer, region, events = client._request_signer, client.meta.region_name, client.meta.events
        created = f"request-created.{client.meta.service_model.service_id.hyphenize()}"

        def name(request: Any, **_: Any) -> None:
            credentials = signer._credentials
            if credentials is None:
                return
            scope = f"{credentials.access_key}/19700101/{region}/{signer.signing_name}/aws4_request"
            request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, {UNSIGNED}"
            if credentials.token:
                request.headers["X-Amz-Security-Token"] = credentials.token

        events.unregister(created, client._user_agent_creator.rebuild_and_replace_user_agent_handler)
        events.unregister(created, signer.handler)
        events.register(created, name)

    replace(module, "GatewayShortCircuit.modify_client", staticmethod(modify_client))
