"""Which hosts there can be, and whether an IP address may be dialled: one rule for pages, webhooks and mail servers.

Everything that is not part of the public internet is refused unless its network is listed in the config. Nothing is
resolved or dialled here; who dials must check every address that a name resolves to and dial one that was checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

WEB_PORTS = frozenset({80, 443, 8080, 8443})
"""The ports that are dialled on public addresses. In listed private networks any port is."""

_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_PLATFORM = IPv4Address("168.63.129.16")  # public by its number, but the inside of one cloud's hosts


def refuse_reason(address: Address, allowed: Iterable[Network], port: int | None = None) -> str | None:
    """Why `address` (and, if given, `port` on it) must not be dialled, in words; None: it may be."""
    inner = _embedded(address)
    if _listed(address, allowed) or (inner and all(_listed(one, allowed) for one in inner)):
        return None
    for one in inner or (address,):
        if not _public(one):
            return f"{address} is not a public address, and no network in allow_private_networks holds it"
    if port is not None and port not in WEB_PORTS:
        return f"port {port} is not a web port ({', '.join(map(str, sorted(WEB_PORTS)))})"
    return None


def wire_name(host: str) -> str:
    """A host's name as it goes over the wire. Raises ValueError for what no name server and no certificate can name."""
    name = host.encode("idna").decode("ascii").lower()
    for label in name.split("."):
        if label.startswith("xn--") and label[4:].encode("ascii").decode("punycode").isascii():
            raise ValueError("a part of it says that it is encoded, and is not")
    return name


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks as written in a config. Raises ValueError with the text that is none."""
    return tuple(ip_network(text) for text in texts)


def _listed(address: Address, allowed: Iterable[Network]) -> bool:
    return any(address in network for network in allowed if network.version == address.version)


def _public(address: Address) -> bool:
    if address.is_multicast or address.is_unspecified or address.is_reserved or not address.is_global:
        return False
    if isinstance(address, IPv6Address):
        return address in _GLOBAL_UNICAST
    return address != _PLATFORM


def _embedded(address: Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address really leads to: mapped, 6to4, Teredo (server and client), NAT64."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()
