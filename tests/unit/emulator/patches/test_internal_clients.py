"""Calls between services say who calls and where, as signed ones do."""

import subprocess
import sys

CALL = """
from wavetank.emulator.patches import internal_clients
internal_clients.install()
import boto3
from botocore.config import Config
from localstack.aws.client import GatewayShortCircuit, botocore_in_memory_endpoint_patch
from localstack.utils.aws.request_context import (
    extract_access_key_id_from_auth_header, extract_region_from_auth_header, extract_service_name_from_auth_header)

botocore_in_memory_endpoint_patch.apply()

class Gateway:
    def handle(self, context, response):
        self.headers = context.request.headers
        response.set_json({"Messages": []})

def headers(service, call, **session):
    gateway = Gateway()
    endpoint = GatewayShortCircuit(gateway)._internal_url
    config = Config(user_agent_extra="reader-7")
    client = boto3.Session(region_name="eu-west-1", **session).client(service, endpoint_url=endpoint, config=config)
    GatewayShortCircuit.modify_client(client, gateway)
    call(client)
    return gateway.headers

account = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "s"}
sent = headers("sqs", lambda client: client.receive_message(QueueUrl="q"), **account)
assert extract_access_key_id_from_auth_header(sent) == "123456789012", sent
assert extract_region_from_auth_header(sent) == "eu-west-1"
assert extract_service_name_from_auth_header(sent) == "sqs"
assert "X-Amz-Security-Token" not in sent
assert sent["User-Agent"].startswith("Boto3/")
assert sent["User-Agent"].endswith("reader-7")
assert "X-Amz-Date" not in sent

sent = headers("cloudwatch", lambda client: client.list_metrics(), aws_session_token="t", **account)
assert extract_service_name_from_auth_header(sent) == "monitoring"
assert sent["X-Amz-Security-Token"] == "t"
"""


def test_a_call_names_its_account_region_service_and_session() -> None:
    done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
