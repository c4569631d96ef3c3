"""Settle answers when everything has arrived and not before, and says what it waits for."""

import json
import uuid

import pytest

from tests.parity.test_faults import ACCOUNT, MINUTES_S, Chain
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

ROUNDS = 15
A_BURST = 20


@pytest.fixture(scope="module")
def chain(stack: EmbeddedStack) -> Chain:
    return Chain(stack, f"settle-{uuid.uuid4().hex[:8]}").build()


def test_settle_waits_for_every_notification_of_a_burst(chain: Chain) -> None:
    keys = sorted(f"burst/{n}" for n in range(A_BURST))
    chain.put(*keys)
    assert chain.arrived() == keys


def test_settle_never_answers_between_two_hops(chain: Chain) -> None:
    """One object at a time: the moment between notification, publication and delivery is asked about often."""
    for n in range(ROUNDS):
        chain.put(f"round/{n}")
        assert chain.arrived() == [f"round/{n}"]


def test_settle_says_what_is_still_in_flight(chain: Chain) -> None:
    chain.add("s3.notification", "delay", parameters={"delay_s": 3600})
    chain.put("held")
    with pytest.raises(NotSettled) as refusal:
        chain.stack.settle(timeout_s=0.05)
    [held] = refusal.value.pending
    assert (held.hop, held.resource, held.by_fault) == ("s3.notification", chain.name, True)
    assert held.until == pytest.approx(chain.stack.control.now() + 3600, abs=30)
    chain.stack.control.clear_faults()
    chain.stack.control.advance_clock(3600)
    assert chain.arrived() == ["held"]


def test_a_notification_that_cannot_be_delivered_does_not_stay_in_flight(stack: EmbeddedStack) -> None:
    lost = Chain(stack, f"lost-{uuid.uuid4().hex[:8]}").build()
    stack.client("sns").delete_topic(TopicArn=lost.topic_arn)
    lost.put("nowhere")
    stack.settle(timeout_s=MINUTES_S)


def test_an_event_is_in_flight_until_its_targets_were_called(stack: EmbeddedStack) -> None:
    name = f"events-{uuid.uuid4().hex[:8]}"
    events, sqs = stack.client("events"), stack.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"}
    events.put_targets(Rule=name, Targets=[target])
    for n in range(ROUNDS):
        entry = {"Source": name, "DetailType": "test", "Detail": json.dumps({"n": n})}
        events.put_events(Entries=[entry])
        stack.settle(timeout_s=MINUTES_S)
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"])["detail"] == {"n": n}
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
