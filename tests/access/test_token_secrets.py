"""Tokens: shown once, kept hashed, found by their secret alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.models import Token

pytestmark = pytest.mark.django_db


def test_a_token_is_found_by_its_secret() -> None:
    secret = tokens.create("ci", ["read", "publish", "read"], ["shop"])
    found = tokens.find(secret)
    assert found is not None
    assert (found.name, found.scopes, found.boards) == ("ci", ["read", "publish"], ["shop"])


def test_the_secret_is_kept_nowhere_and_its_beginning_tells_tokens_apart() -> None:
    secret = tokens.create("ci", ["read"])
    row = Token.objects.values().get()
    assert secret not in str(row)
    assert secret.startswith(row["prefix"])
    assert len(row["prefix"]) < len(secret) / 4


def test_no_two_tokens_are_alike_and_each_is_long() -> None:
    secrets = {tokens.create(f"t{n}", ["read"]) for n in range(10)}
    assert len(secrets) == 10
    assert all(len(secret) >= 43 for secret in secrets)  # 256 bits in base64


def test_what_is_nearly_the_secret_finds_nothing() -> None:
    secret = tokens.create("ci", ["read"])
    row = Token.objects.get()
    nearly = [secret[:-1], secret + "x", secret.upper(), secret.removeprefix("mev_"), "", row.prefix]
    nearly += [bytes(row.digest).hex(), "é\udce9".encode("utf-8", "replace").decode()]
    assert [tokens.find(guess) for guess in nearly] == [None] * len(nearly)


def test_a_revoked_token_finds_nothing() -> None:
    secret = tokens.create("ci", ["read"])
    Token.objects.update(revoked_at=utc_now())
    assert tokens.find(secret) is None


@pytest.mark.parametrize("scopes", [[], ["write"], ["read", "admin"], [""], ["READ"]])
def test_a_scope_that_is_none_is_refused(scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="permissions must be publish or read"):
        tokens.create("ci", scopes)
    assert not Token.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "a\0", "a\udcff", "x" * 600])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^name: "):
        tokens.create(name, ["read"])


def test_one_that_would_have_ended_is_refused() -> None:
    with pytest.raises(ValueError, match="expiry is in the past"):
        tokens.create("ci", expires_at=utc_now() - timedelta(seconds=1))
    assert not Token.objects.exists()


@pytest.mark.parametrize(("boards", "sources"), [([""], []), (["a\0"], []), ([], [" "]), ([], ["x" * 600])])
def test_what_can_be_no_board_or_source_is_refused(boards: list[str], sources: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^(board|source): "):
        tokens.create("ci", ["read"], boards, sources)
    assert not Token.objects.exists()


def test_it_is_revoked_once_by_its_name() -> None:
    secret = tokens.create("ci")
    assert (tokens.revoke("another"), tokens.revoke("ci"), tokens.revoke("ci")) == (False, True, False)
    assert tokens.find(secret) is None


def test_its_state_is_told_in_words() -> None:
    tokens.create("ci")
    token = Token.objects.get()
    assert token.state == "never expires"
    token.expires_at = utc_now() + timedelta(days=1)
    assert token.state.startswith("expires 2")
    token.expires_at = utc_now() - timedelta(days=1)
    assert token.state.startswith("expired 2")
    token.revoked_at = utc_now()
    assert token.state.startswith("revoked 2")


def test_a_name_is_given_once() -> None:
    tokens.create("ci", ["read"])
    with pytest.raises(IntegrityError):
        tokens.create("ci", ["read"])


def test_its_use_is_noted_now_and_then_and_not_with_every_request() -> None:
    secret = tokens.create("ci", ["read"])
    tokens.find(secret)
    first = Token.objects.get().last_used_at
    tokens.find(secret)
    assert first is not None
    assert Token.objects.get().last_used_at == first
    long_ago = utc_now() - timedelta(minutes=2)
    Token.objects.update(last_used_at=long_ago)
    tokens.find(secret)
    assert (Token.objects.get().last_used_at or long_ago) > first
