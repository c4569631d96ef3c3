"""Whom the control API answers: callers on this machine, and where the stack was told so those on named networks.

`WAVETANK_CONTROL_PEERS` lists networks in CIDR form, separated by commas; `own` stands for those that the stack's own
interfaces are on. A container needs it: who comes in through a published port has the address of the network's gateway.
"""

import ipaddress
import os
import socket
from collections.abc import Iterable, Iterator
from functools import cache

import psutil

from wavetank.emulator.stack.environment import CONTROL_PEERS

OWN = "own"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_answered(peer: str) -> bool:
    """Whether the control API answers this address. A text that is no address is not answered."""
    networks, own = _networks(os.environ.get(CONTROL_PEERS, ""))
    return is_among(peer, [*networks, *(own_networks() if own else ())])


def is_among(peer: str, networks: Iterable[Network]) -> bool:
    """Whether the address is on loopback or in one of `networks`."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in networks)


def own_networks() -> Iterator[Network]:
    """The networks of this machine's interfaces, as they are now: a container may be moved to another one."""
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family is socket.AF_INET and address.netmask:
                yield ipaddress.ip_network(f"{address.address}/{address.netmask}", strict=False)


@cache
def _networks(setting: str) -> tuple[tuple[Network, ...], bool]:
    """The networks that are written out, and whether `own` is among them. Raises ValueError for what is neither."""
    words = [word.strip() for word in setting.split(",") if word.strip()]
    return tuple(ipaddress.ip_network(word) for word in words if word != OWN), OWN in words
