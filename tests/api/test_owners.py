"""Identities belong to an owner: a token that is limited to boards neither takes, learns nor attaches to what is of
another board.
"""

from __future__ import annotations

from typing import Any

import pytest

from marcus_events.access import tokens
from marcus_events.core.reserved import Authority
from marcus_events.ingest import event_from, ingest
from marcus_events.log import identities, read, related_events
from tests.api.program import Event, Program, event

pytestmark = pytest.mark.usefixtures("log")


def of_board(*boards: str) -> Program:
    return Program(tokens.create(f"of {' '.join(boards)} {read.head().position}", boards=boards))


def codes(program: Program, *stated: Event) -> list[int]:
    return [result["code"] for result in program.post(list(stated)).json()["results"]]


def on(board: str, event_id: str = "X", **data: Any) -> Event:
    return event("note", event_id, board=board, **data)


def test_two_tokens_of_different_boards_never_meet_and_are_answered_alike() -> None:
    shop, billing = of_board("shop"), of_board("billing")
    first, second = billing.post(on("billing", claimed=True)), shop.post(on("shop"))
    assert (first.status_code, second.status_code) == (201, 201)
    [taken], [probed] = first.json()["results"], second.json()["results"]
    assert taken | {"position": 0} == probed | {"position": 0}
    assert (codes(shop, on("shop")), codes(billing, on("billing", claimed=True))) == ([200], [200])


def test_a_new_token_of_the_same_board_recognises_what_the_old_one_sent() -> None:
    assert codes(of_board("shop"), on("shop")) == [201]
    assert codes(of_board("shop"), on("shop"), on("shop", other=True)) == [200, 409]
    assert codes(of_board("shop", "billing"), on("shop"), on("billing")) == [200, 201]


def test_whoever_may_publish_to_every_board_shares_one_space_of_identities(program: Program) -> None:
    assert codes(of_board("shop"), on("shop", "A")) == [201]
    assert codes(program, on("shop", "A", real=True), on("shop", "B")) == [201, 201]
    another = Program(tokens.create("another", ["publish"]))
    assert codes(another, on("shop", "A", real=True), on("billing", "B")) == [200, 409]
    assert [receipt.status for receipt in ingest([event_from(on("shop", "B"), default_id="")])] == ["duplicate"]


def test_within_a_batch_the_same_identity_on_two_boards_is_two_events() -> None:
    both = of_board("shop", "billing")
    assert codes(both, on("shop"), on("billing"), on("shop"), on("billing", n=2)) == [201, 201, 200, 409]
    assert read.head().position == 2


def published(stated: Event, authority: Authority = Authority.ANY_BOARD) -> int:
    [receipt] = ingest([event_from(stated, default_id="")], authority)
    assert receipt.position
    return receipt.position


def caused(board: str, cause: str, name: str) -> Event:
    stated = on(board, name)
    return stated | {"metadata": stated["metadata"] | {"causation_id": cause, "correlation_id": cause}}


@pytest.mark.parametrize("authority", [Authority.ANY_BOARD, Authority.OWN_BOARDS])
def test_an_event_that_claims_a_causes_id_is_not_taken_for_it(authority: Authority) -> None:
    published(on("billing", "cause"), Authority.OWN_BOARDS)
    real = published(on("shop", "cause"), authority)
    assert [found.position for found in related_events.causes_named(["cause"], "shop", None)] == [real]
    assert related_events.causes_named(["cause"], "shop", {"billing"}) == []
    assert related_events.causes_named(["cause"], "third", {"billing"}) == []


def test_a_cause_on_another_board_counts_where_its_producer_may_publish_to_every_board() -> None:
    real = published(on("billing", "cause"))
    assert [found.position for found in related_events.causes_named(["cause"], "shop", None)] == [real]
    assert related_events.causes_named(["cause"], "shop", {"shop"}) == []


def test_an_event_of_another_boards_token_does_not_attach_itself_to_a_correlation() -> None:
    published(on("shop", "begun"))
    attached = published(caused("billing", "begun", "attached"), Authority.OWN_BOARDS)
    own = published(caused("shop", "begun", "own"), Authority.OWN_BOARDS)
    general = published(caused("billing", "begun", "general"))
    found = [event.position for event in related_events.related_to(["begun"], "shop", 10)]
    assert (found, attached in found) == ([own, general], False)


def test_an_events_place_is_found_whoever_published_it() -> None:
    limited, own = event_from(on("shop", "A"), default_id=""), event_from(on("billing", "A", n=1), default_id="")
    ingest([limited], Authority.OWN_BOARDS)
    ingest([own], Authority.OWN_BOARDS)
    assert (identities.position_of(limited), identities.position_of(own)) == (1, 2)
    assert identities.position_of(event_from(on("third", "A"), default_id="")) is None
    assert identities.places_of([(limited.source, "A")]) == {}
