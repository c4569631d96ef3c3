"""Clients of LocalStack's own services for event source mappings, whose retries are the mapping's.

They call the gateway in this process, without a socket in between (IN_MEMORY_CLIENT, in
`emulator.stack.environment`): a batch is up to 6 MB of JSON and a read up to 10 MB, whose transport would cost more
than the work.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from localstack.aws.connect import connect_to

CONFIG = Config(
    # One call is one attempt: retries are the mapping's own.
    retries={"total_max_attempts": 1},
    # Told apart by this from the clients that LocalStack shares, which stay as they are.
    user_agent_extra="event-source-mapping",
)


@cache
def internal_client(service: str, account: str, region: str) -> Any:
    """The client of a service for event source mappings in an account and region; safe to share between threads."""
    return connect_to(aws_access_key_id=account, region_name=region, config=CONFIG).get_client(service)._client
