"""Clients of LocalStack's own services that call its gateway in this process, without a socket in between.

`connect_to` goes over HTTP unless LocalStack is told IN_MEMORY_CLIENT for all of it. A batch is up to 6 MB of JSON,
and a read up to 10 MB: sent through a socket, the transport would cost more than the work.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from localstack import config as localstack_config
from localstack.aws.client import GatewayShortCircuit, botocore_in_memory_endpoint_patch
from localstack.aws.connect import connect_to
from localstack.runtime import get_current_runtime

CONFIG = Config(
    # One call is one attempt: retries are the mapping's own.
    retries={"total_max_attempts": 1},
    # Told apart by this from the clients that LocalStack shares, which stay as they are.
    user_agent_extra="event-source-mapping",
)


@cache
def internal_client(service: str, account: str, region: str) -> Any:
    """The client of a service for event source mappings in an account and region; safe to share between threads."""
    client = connect_to(aws_access_key_id=account, region_name=region, config=CONFIG).get_client(service)._client
    if not localstack_config.IN_MEMORY_CLIENT:
        if not botocore_in_memory_endpoint_patch.is_applied:
            botocore_in_memory_endpoint_patch.apply()
        GatewayShortCircuit.modify_client(client, get_current_runtime().components.gateway)
    return client
