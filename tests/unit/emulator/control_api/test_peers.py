"""Whom the control API answers."""

import ipaddress

import pytest

from wavetank.emulator.control_api import peers
from wavetank.emulator.stack.environment import CONTROL_PEERS

BRIDGE = ipaddress.ip_network("172.17.0.0/16")
LOOPBACK = ("127.0.0.1", "127.8.0.1", "::1")
STRANGERS = ("172.18.0.1", "192.168.1.7", "8.8.8.8", "", "localhost", "not an address")


@pytest.mark.parametrize("peer", LOOPBACK)
def test_loopback_is_always_answered(peer: str) -> None:
    assert peers.is_among(peer, [])


@pytest.mark.parametrize("peer", STRANGERS)
def test_nobody_outside_the_named_networks_is_answered(peer: str) -> None:
    assert not peers.is_among(peer, [BRIDGE])


def test_a_peer_on_a_named_network_is_answered() -> None:
    assert peers.is_among("172.17.0.1", [BRIDGE])


def test_without_the_setting_only_this_machine_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONTROL_PEERS, raising=False)
    assert peers.is_answered("127.0.0.1")
    own = [str(network[1]) for network in peers.own_networks() if not network.is_loopback and network.num_addresses > 2]
    assert not any(peers.is_answered(address) for address in [*own, "10.0.0.1"])


def test_own_stands_for_the_networks_of_the_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "own_networks", lambda: iter([BRIDGE]))
    monkeypatch.setenv(CONTROL_PEERS, "own,192.168.65.0/24")
    assert peers.is_answered("172.17.0.1")
    assert peers.is_answered("192.168.65.1")
    assert not peers.is_answered("192.168.1.7")


def test_loopback_is_among_the_networks_of_this_machine() -> None:
    assert any(network.is_loopback for network in peers.own_networks())
