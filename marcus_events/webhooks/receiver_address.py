"""Which URLs and addresses a webhook may have.

Link-local addresses are refused, because cloud machines find credentials there. Loopback and private addresses are
allowed, because agents often run on the same machine or network. A name is resolved for each request, and the request
goes to an address that was checked, so a name cannot lead elsewhere between the check and the request.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2 as httpx

MAX_URL = 600  # characters; fits into an index as UTF-8
NAT64 = IPv6Network("64:ff9b::/96")  # stands for an IPv4 address in its last 32 bits
NOT_A_URL = "Enter a URL such as https://example.org/webhook."
WITH_CREDENTIALS = "Enter a URL without a user name and password. Receivers verify the signature instead."
WITH_FRAGMENT = "Enter a URL without “#”."
TOO_LONG = f"Enter a URL of at most {MAX_URL} characters."
FORBIDDEN = "Link-local, multicast and unspecified addresses are not allowed."


class ForbiddenAddress(ValueError):
    """A webhook may not call this address."""


def check_url(text: str) -> str:
    """Return the URL as it is called. Raises ValueError with a reason for people."""
    try:
        url = httpx.URL(text)
        normal = str(url)
    except (httpx.InvalidURL, UnicodeError):
        raise ValueError(NOT_A_URL) from None
    if url.scheme not in ("http", "https") or not is_host(url.host) or not has_valid_port(url):
        raise ValueError(NOT_A_URL)
    if url.userinfo:
        raise ValueError(WITH_CREDENTIALS)
    if "#" in text:
        raise ValueError(WITH_FRAGMENT)
    if len(normal) > MAX_URL:
        raise ValueError(TOO_LONG)
    check_address(url.host)
    return normal


def is_host(host: str) -> bool:
    """Whether this can be a name or an address. Characters that no host has are percent-encoded by then."""
    return bool(host) and "%" not in host and not host.startswith(".") and ".." not in host


def has_valid_port(url: httpx.URL) -> bool:
    return url.port is None or 0 < url.port < 65_536


def check_address(host: str) -> None:
    """Raises ForbiddenAddress for a forbidden address. A name is not resolved."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return
    if any(map(is_forbidden, (address, *embedded(address)))):
        raise ForbiddenAddress(FORBIDDEN)


def is_forbidden(address: IPv4Address | IPv6Address) -> bool:
    return address.is_link_local or address.is_multicast or address.is_unspecified


def embedded(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return []
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return [found for found in (address.ipv4_mapped, address.sixtofour, translated) if found]


async def allowed_addresses(host: str, port: int) -> list[str]:
    """Resolve a name. Raises OSError if that fails, and ForbiddenAddress if any of its addresses is forbidden."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
    for address in addresses:
        check_address(address)
    return addresses
