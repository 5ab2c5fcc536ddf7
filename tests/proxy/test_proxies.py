"""Which address, scheme and name a request has, by its connection and what a proxy says."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from config import environment
from marcus_events.access import trusted_proxies
from marcus_events.access.authentication import network_of
from marcus_events.core.problem import Problem
from tests.proxy.site import HEADER

NAME = "MARCUS_TRUSTED_PROXIES"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(NAME, "127.0.0.0/8,::1,10.0.0.0/24,2001:db8:9::/48")
    settings.TRUSTED_PROXIES = environment.networks(NAME, default=[])
    settings.HTTPS = True
    settings.REMOTE_USER_HEADER = HEADER
    return settings


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode()) for value in values]


@pytest.mark.parametrize(
    ("peer", "values", "client"),
    [
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["6.6.6.6,203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3,10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["6.6.6.6,2001:db8::7"], "2001:db8::7"),
        ("2001:db8:9::1", ["6.6.6.6"], "6.6.6.6"),
        ("::ffff:127.0.0.1", ["6.6.6.6"], "6.6.6.6"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["6.6.6.6, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["6.6.6.6, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["", "<script>", "203.0.113.9"], "203.0.113.9"),
        ("10.0.1.1", ["6.6.6.6"], "10.0.1.1"),
        ("192.0.2.1", ["127.0.0.1"], "192.0.2.1"),
        ("", ["127.0.0.1"], ""),
        ("unix:", ["127.0.0.1"], "unix:"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_trusted_proxy(
    peer: str, values: list[str], client: str
) -> None:
    assert trusted_proxies.client_address(peer, forwarded(*values)) == client


def test_without_tls_in_front_there_is_no_proxy(settings: Settings) -> None:
    settings.HTTPS = False
    assert trusted_proxies.client_address("127.0.0.1", forwarded("6.6.6.6")) == "127.0.0.1"
    assert not trusted_proxies.is_tls("127.0.0.1", [(b"x-forwarded-proto", b"https")])


def test_a_client_of_ipv4_on_a_socket_of_ipv6_is_itself() -> None:
    """Otherwise all of IPv4 would be one network, and one client's requests would count for everybody."""
    assert network_of(trusted_proxies.client_address("::ffff:203.0.113.9", [])) == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "values", "is_tls"),
    [
        ("10.0.0.1", [b"https"], True),
        ("10.0.0.1", [b" HTTPS "], True),
        ("10.0.0.1", [b"http"], False),
        ("10.0.0.1", [], False),
        ("10.0.0.1", [b"https", b"http"], False),
        ("10.0.0.1", [b"http,https"], False),
        ("10.0.1.1", [b"https"], False),
    ],
)
def test_the_scheme_is_believed_from_a_proxy_that_says_it_once(peer: str, values: list[bytes], is_tls: bool) -> None:
    assert trusted_proxies.is_tls(peer, [(b"x-forwarded-proto", value) for value in values]) is is_tls


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ([], ""),
        ([(b"x-remote-user", b"")], ""),
        ([(b"x-remote-user", b"ann@example.org")], "ann@example.org"),
        ([(b"X-Remote-User", b"ann")], "ann"),
        ([(b"x_remote_user", b"admin")], ""),
        ([(b"http-x-remote-user", b"admin")], ""),
    ],
)
def test_the_name_stands_in_the_configured_header(headers: list[tuple[bytes, bytes]], name: str) -> None:
    assert trusted_proxies.remote_user("10.0.0.1", headers) == name


@pytest.mark.parametrize("second", [b"x-remote-user", b"X-Remote-User", b"x_remote_user", b"x-remote_user"])
def test_a_name_that_comes_twice_is_refused(second: bytes) -> None:
    with pytest.raises(Problem, match="more than once"):
        trusted_proxies.remote_user("10.0.0.1", [(b"x-remote-user", b"ann"), (second, b"admin")])


@pytest.mark.parametrize("peer", ["10.0.1.1", "192.0.2.1", "", "unix:", "::2", "2001:db8:8::1"])
def test_a_name_from_elsewhere_is_refused(peer: str) -> None:
    with pytest.raises(Problem, match="does not come from a trusted proxy"):
        trusted_proxies.remote_user(peer, [(b"x-remote-user", b"ann")])


@pytest.mark.parametrize("stated", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1;10.0.0.2", "0.0.0.0/0", "::/0"])
def test_what_names_no_proxy_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv(NAME, stated)
    with pytest.raises(ImproperlyConfigured, match=NAME):
        environment.networks(NAME, default=[])


@pytest.mark.parametrize("header", ["Cookie", "Authorization", "HOST", "X-Forwarded-For", "Origin"])
def test_a_header_that_means_something_else_cannot_name_a_user(monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    monkeypatch.setenv("MARCUS_REMOTE_USER_HEADER", header)
    with pytest.raises(ImproperlyConfigured, match="already in use"):
        environment.header("MARCUS_REMOTE_USER_HEADER", behind_proxy=True)
