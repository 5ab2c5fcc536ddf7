"""Read a reverse proxy's headers: the client's address, the scheme and, for single sign-on, the user's name.

Any client can send these headers. They count only with MARCUS_HTTPS=1, and only on a connection from an address in
MARCUS_TRUSTED_PROXIES. `config.middleware.proxy_headers` reads them once for each request and WebSocket.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from django.conf import settings

from marcus_events.core.problem import Problem

Headers = Sequence[tuple[bytes, bytes]]

MAX_REMEMBERED = 1024  # addresses

SENT_TWICE = "The header {} was sent more than once or with several names. The proxy must replace what a client sends."
UNTRUSTED = (
    "The header {} names a user, but this request does not come from a trusted proxy. "
    "Only the addresses in MARCUS_TRUSTED_PROXIES may send it."
)
UNREADABLE = "The header {} contains an invalid username. Usernames are UTF-8 in Unicode form NFKC."


def is_trusted(address: str) -> bool:
    """Whether a connection from this address comes from a trusted proxy."""
    return settings.HTTPS and is_proxy(normalise_address(address))


def is_proxy(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a UNIX socket, or a server that does not know
        return False
    return any(found in network for network in settings.TRUSTED_PROXIES)


@lru_cache(MAX_REMEMBERED)
def normalise_address(address: str) -> str:
    """Return the address in canonical form; an IPv4-mapped IPv6 address becomes the IPv4 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


def client_address(peer: str, headers: Headers) -> str:
    """Return the right-most address in X-Forwarded-For that is not a trusted proxy; `peer` if there is none.

    Each proxy appends the address that it sees. Addresses to the left of the first untrusted one may be forged.
    """
    found = normalise_address(peer)
    stated = ",".join(value.decode("latin-1") for name, value in headers if name.lower() == b"x-forwarded-for")
    for word in reversed(stated.split(",")):
        if not is_trusted(found) or not (address := strip_port(word.strip())):
            break
        found = address
    return found


def strip_port(word: str) -> str:
    """Return the address without its port, as in 192.0.2.1:5678 or [2001:db8::1]:5678; "" if it is not an address."""
    host, colon, _ = word.rpartition(":")
    bare = host if colon and (host.startswith("[") or ":" not in host) else word
    try:
        return normalise_address(str(ipaddress.ip_address(bare.strip("[]"))))
    except ValueError:
        return ""


def is_tls(peer: str, headers: Headers) -> bool:
    """Whether the client speaks TLS with a trusted proxy. A header that was sent twice does not count."""
    stated = [value.strip().lower() for name, value in headers if name.lower() == b"x-forwarded-proto"]
    return stated == [b"https"] and is_trusted(peer)


def remote_user(peer: str, headers: Headers) -> str:
    """Return the user name that a trusted proxy sends, in Unicode NFC as Django stores it; "" for none. Raises Problem.

    A name that NFKC would change, such as `admin` in full-width letters, is refused: anybody could register such a
    look-alike with the proxy.
    """
    header = settings.REMOTE_USER_HEADER
    values = values_of(headers, header) if header else []
    if not any(values):  # a proxy may send it empty rather than not at all
        return ""
    if not is_trusted(peer):
        raise Problem(HTTPStatus.FORBIDDEN, UNTRUSTED.format(header))
    if is_sent_twice(headers) or b"," in values[0]:
        raise sent_twice_problem()
    try:
        name = unicodedata.normalize("NFC", values[0].strip(b" \t").decode())
    except UnicodeDecodeError:
        name = ""
    if not name or unicodedata.normalize("NFKC", name) != name:
        raise Problem(HTTPStatus.FORBIDDEN, UNREADABLE.format(header))
    return name


def is_sent_twice(headers: Headers) -> bool:
    return bool(settings.REMOTE_USER_HEADER) and len(values_of(headers, settings.REMOTE_USER_HEADER)) > 1


def sent_twice_problem() -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, SENT_TWICE.format(settings.REMOTE_USER_HEADER))


def values_of(headers: Headers, header: str) -> list[bytes]:
    """Return every value of the header.

    A header spelled with underscores does not count by itself; next to the proper one it counts as sent twice.
    """
    wanted = header.lower().encode()
    alike = [(name, value) for name, value in headers if name.lower().replace(b"_", b"-") == wanted]
    return [value for _, value in alike] if any(b"_" not in name for name, _ in alike) else []
