"""Headers and responses without Django's objects, for what is answered on the event loop in front of its middleware."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.utils.http import parse_header_parameters

Headers = Sequence[tuple[bytes, bytes]]  # as ASGI has them


class PlainResponse(NamedTuple):
    """A response without the headers that the middleware adds to every one."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def parse_content_type(stated: str) -> tuple[str, dict[str, Any]]:
    """Return the type in lower case and its parameters. An invalid header counts as missing."""
    try:
        return parse_header_parameters(stated)
    except ValueError:
        return "", {}


def decode_headers(sent: Headers) -> dict[str, str]:
    """Return the headers of an ASGI scope. One that was sent twice has both values, joined by a comma, as in Django."""
    headers: dict[str, str] = {}
    for name_bytes, value_bytes in sent:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def encode_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return headers as ASGI sends them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def django_response(plain: PlainResponse) -> HttpResponse:
    return HttpResponse(plain.body, status=plain.status, content_type=plain.content_type, headers=dict(plain.headers))


async def send_plain(plain: PlainResponse, added: Headers, send: Any) -> None:
    """Send a response over ASGI, with the headers `added`."""
    headers = [
        (b"content-type", plain.content_type.encode("latin-1")),
        *encode_headers(plain.headers),
        *added,
        (b"content-length", b"%d" % len(plain.body)),
    ]
    await send({"type": "http.response.start", "status": plain.status, "headers": headers})
    await send({"type": "http.response.body", "body": plain.body})
