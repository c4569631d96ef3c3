"""`wavetank triage` on a real pipeline: whose trouble it is, what changed, and what to try first."""

import json
import uuid
from typing import Any

import pytest

from tests.e2e.commands import Ran, wavetank
from tests.e2e.log_lines import put_lines
from wavetank.scenarios.observability.triage.model import Dependency
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack


def triage(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, "triage", *arguments)


def findings(site: Site, subject: str, *arguments: str) -> list[dict[str, Any]]:
    """The findings about a subject."""
    ran = triage(site, "--json", *arguments)
    assert ran.exit_code == bool(ran.document["findings"])
    return [finding for finding in ran.document["findings"] if finding["subject"] == subject]


def test_every_service_is_asked_and_what_changed_last_is_told(site: Site) -> None:
    site.stack.client("lambda").invoke(FunctionName=site.names.replayer, Payload=b'{"time": "2019-11-24T12:00:00Z"}')
    site.settle()
    read = triage(site, "--json").document
    assert {probe["dependency"]: probe["error"] for probe in read["probes"]} == dict.fromkeys(Dependency, "")
    invocations = {each["resource"]: each["value"] for each in read["readings"] if each["metric"] == "Invocations"}
    assert invocations.keys() == set(site.topology.functions)
    assert invocations[site.names.replayer] >= 1
    assert {change["kind"] for change in read["changes"]} == {"stack", "schema", "function", "reference"}
    assert [change["at"] for change in read["changes"]] == sorted((c["at"] for c in read["changes"]), reverse=True)
    shown = triage(site).stdout
    assert all(f"\n{dependency} " in shown for dependency in Dependency)


def test_a_service_that_does_not_answer_is_the_providers_trouble(site: Site) -> None:
    with site.stack.faults.error_before("aws.call", match={"service": "s3", "operation": "ListObjectsV2"}):
        ran = triage(site, "--json")
    assert ran.exit_code == 1
    first = ran.document["findings"][0]
    assert (first["side"], first["subject"]) == ("provider", "S3")
    assert "SlowDown" in first["sentence"]


def test_a_consumer_that_is_switched_off_is_ours_with_the_command_that_switches_it_on(site: Site) -> None:
    lambdas, event = site.stack.client("lambda"), site.topology.event("click")
    [mapping] = lambdas.list_event_source_mappings(FunctionName=event.processor)["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    site.settle()
    try:
        [found] = findings(site, event.raw_stream)
        assert (found["side"], mapping["UUID"] in found["command"]) == ("us", True)
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        site.settle()
    assert findings(site, event.raw_stream) == []


def test_errors_in_the_log_are_told_with_what_to_try(site: Site) -> None:
    name, function = f"Odd{uuid.uuid4().hex[:8]}Error", site.names.rescuer
    put_lines(site.stack, function, json.dumps({"level": "ERROR", "errorType": name, "errorMessage": "at sea"}))
    [found] = [each for each in findings(site, function, "--last", "5m") if name in each["sentence"]]
    assert found["side"] == "us"
    assert found["command"] in ("wavetank deploy --plan", f"wavetank cycle {function}")
    assert f"us: {function} failed once with {name}" in triage(site, "--last", "5m").stdout


def test_a_span_that_is_none_is_wrong_usage(site: Site) -> None:
    assert triage(site, "--last", "long").exit_code == 2
