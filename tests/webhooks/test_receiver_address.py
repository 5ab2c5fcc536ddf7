"""Which URLs are accepted, and how they are written down."""

from __future__ import annotations

import re

import pytest

from marcus_events.webhooks.receiver_address import (
    FORBIDDEN,
    MAX_URL,
    NOT_A_URL,
    TOO_LONG,
    WITH_CREDENTIALS,
    WITH_FRAGMENT,
    ForbiddenAddress,
    allowed_addresses,
    check_url,
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("http://127.0.0.1:8080/hook", "http://127.0.0.1:8080/hook"),
        ("http://10.1.2.3/", "http://10.1.2.3/"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("HTTPS://Example.org/Hook?a=b&c", "https://example.org/Hook?a=b&c"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
    ],
)
def test_accepted(text: str, normal: str) -> None:
    assert check_url(text) == normal


REFUSED = {
    NOT_A_URL: (
        *("", "hook", "/hook", "//example.org", "ftp://example.org", "file:///etc/passwd", "javascript:alert(1)"),
        *("http://", "http:///x", "http://?x", "http://:80/", "http://..", "http://[::1/"),
        *("http://exa mple/", "http://a\nb/", "http://a\0/"),
        *("http://h:0/", "http://h:65536/", "http://h:-1/", "http://h:x/"),
    ),
    WITH_CREDENTIALS: (
        *("http://ann@example.org/", "http://ann:secret@example.org/", "http://example.org\\@169.254.169.254/"),
    ),
    WITH_FRAGMENT: ("http://example.org/#part", "http://example.org/#"),
    TOO_LONG: ("http://example.org/" + "x" * MAX_URL, "http://example.org/" + "ü" * 200),
    FORBIDDEN: (
        *("http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/", "http://224.0.0.1/"),
        *("http://[::]/", "http://[fe80::1]/", "http://[ff02::1]/", "http://[::ffff:169.254.169.254]/"),
        *("http://[::ffff:0:0]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:a9fe:a9fe::1]/"),
    ),
}
AS_NAMES = ("2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518", "0", "fe80::1")  # the resolver knows


@pytest.mark.parametrize(("reason", "text"), [(reason, text) for reason, texts in REFUSED.items() for text in texts])
def test_refused_with_a_reason(reason: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        check_url(text)


@pytest.mark.parametrize("host", AS_NAMES)
async def test_a_name_is_refused_by_the_address_that_it_resolves_to(host: str) -> None:
    with pytest.raises(ForbiddenAddress):
        await allowed_addresses(host, 80)


async def test_loopback_is_allowed() -> None:
    assert "127.0.0.1" in await allowed_addresses("localhost", 80)
