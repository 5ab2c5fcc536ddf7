"""The hash chain: what is changed behind the application's back is found, with its position."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from marcus_events.audit.hash_chain import seal_next, verify
from marcus_events.audit.hash_chain.chain import BLOCK
from marcus_events.audit.hash_chain.sealer import BlocksMissing
from marcus_events.audit.hash_chain.verification_runs import IsRunning, run_verification, verification_lock
from marcus_events.audit.redaction import redact
from marcus_events.log import read
from marcus_events.models import Checkpoint, LoggedEvent, Seal, Verification
from tests.audit.reading import behind_the_back, data_of, fill, on_record
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
NUMBER = 60


def seal_all() -> None:
    while seal_next(timeout_s=0):
        pass


@pytest.fixture(autouse=True)
def sealed(log: None) -> None:
    """Three blocks."""
    for start in (1, 21, 41):
        fill(20, start)
        seal_all()


def places() -> list[int]:
    return [fault.position for fault in verify().faults]


def test_a_log_that_nobody_touched_is_whole() -> None:
    told: list[tuple[int, int]] = []
    verdict = verify(lambda done, until: told.append((done, until)))
    assert (verdict.is_whole, verdict.verified_to, verdict.events) == (True, NUMBER, NUMBER)
    assert told == [(20, NUMBER), (40, NUMBER), (60, NUMBER)]
    assert verdict.head_hash == bytes(Seal.objects.get(last=NUMBER).hash).hex()


@pytest.mark.parametrize("position", [1, 20, 21, 37, 60])
@pytest.mark.parametrize(
    "change",
    [
        "data = jsonb_set(data, '{task_id}', '\"u\"')",
        "data = data || '{\"n\": 0.5}'",
        "metadata = metadata - 'board_id'",
        "event_type = 'task_completed'",
        "source = source || ' '",
        "timestamp = timestamp + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '1 microsecond'",
        "event_id = event_id || 'x'",
        "task_id = agent_id, agent_id = task_id",
        "board_id = NULL",
    ],
)
def test_a_byte_that_was_changed_is_found_at_its_position(position: int, change: str) -> None:
    behind_the_back("event", f"UPDATE event SET {change} WHERE position = %s", [position])
    assert places() == [position]


def test_a_deleted_event_is_found() -> None:
    behind_the_back("event", "DELETE FROM event WHERE position = 33")
    [fault] = verify().faults
    assert (fault.position, "missing" in fault.words) == (33, True)


def test_swapped_events_are_found() -> None:
    for old, new in ((7, 1_000), (52, 7), (1_000, 52)):
        behind_the_back("event", "UPDATE event SET position = %s WHERE position = %s", [new, old])
    assert places() == [7, 52]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("hash = decode(repeat('00', 32), 'hex') WHERE last = 40", [21, 41]),
        ("leaves = set_byte(leaves, 16 * 4 + 3, get_byte(leaves, 16 * 4 + 3) # 1) WHERE last = 40", [21, 25]),
        ("leaves = substring(leaves FROM 17) WHERE last = 60", [41]),
    ],
)
def test_a_changed_chain_is_found(change: str, found: list[int]) -> None:
    behind_the_back("seal", f"UPDATE seal SET {change}")
    assert places()[: len(found)] == found


def test_a_missing_block_is_found_wherever_it_was() -> None:
    behind_the_back("seal", "DELETE FROM seal WHERE last = 40")
    assert 21 in places()


def test_the_sealer_does_not_bless_what_stands_behind_a_block_that_was_taken_away() -> None:
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 50")
    behind_the_back("seal", "DELETE FROM seal WHERE last = 60")
    with pytest.raises(BlocksMissing):
        seal_next(timeout_s=0)
    assert places() == [41]


def test_a_chain_that_was_made_anew_is_told_by_a_hash_noted_elsewhere() -> None:
    noted = (verify().head_hash, NUMBER)
    assert verify(expected=noted).is_whole
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 50")
    behind_the_back("seal", "DELETE FROM seal")
    Checkpoint.objects.filter(projection="seal").delete()
    seal_all()
    assert verify().is_whole
    assert [fault.position for fault in verify(expected=noted).faults] == [NUMBER]


def test_from_a_position_on_only_that_is_looked_at() -> None:
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 10")
    assert verify(since=21).is_whole
    assert not verify(since=10).is_whole


def test_a_steady_stream_does_not_keep_the_log_from_being_sealed() -> None:
    numbers = iter(range(61, 10_000))

    def another_and_seal() -> bool:
        fill(1, next(numbers))
        return seal_next(timeout_s=0.2)

    wait_until(another_and_seal)
    assert verify().verified_to > NUMBER


def test_events_wait_for_company_but_not_for_long() -> None:
    fill(5, 61)
    assert not seal_next(timeout_s=3600)
    assert seal_next(timeout_s=0)
    assert (Seal.objects.count(), verify().verified_to) == (4, 65)


def test_a_full_block_does_not_wait() -> None:
    fill(BLOCK + 1, 61)
    assert seal_next(timeout_s=3600)
    assert not seal_next(timeout_s=3600)
    assert Seal.objects.latest("last").last == NUMBER + BLOCK


def test_another_epoch_has_another_chain_and_that_is_on_record() -> None:
    fill(BLOCK, 61)
    before = verify()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET epoch = gen_random_uuid()")
    seal_all()
    record = data_of("chain_begun")
    assert (record["position"], record["before"], record["before_at"]) == (1, before.head_hash, before.verified_to)
    assert verify().is_whole


def test_a_redacted_event_is_verified_by_what_it_was_and_what_it_is() -> None:
    redact(33, "ada", "a password")
    seal_all()
    verdict = verify()
    assert (verdict.is_whole, verdict.redacted) == (True, 1)
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 33")
    assert places() == [33]


def test_an_event_that_was_redacted_before_it_was_sealed_is_verified_too() -> None:
    fill(3, 61)
    redact(62, "ada", "a password")
    seal_all()
    assert (verify().is_whole, verify().redacted) == (True, 1)


@pytest.mark.parametrize(
    "change", ["leaf = decode(repeat('00', 16), 'hex')", "marked = decode(repeat('00', 16), 'hex')", "record = 1"]
)
def test_a_redaction_that_was_changed_is_found(change: str) -> None:
    redact(33, "ada", "a password")
    behind_the_back("redaction", f"UPDATE redaction SET {change}")
    assert places() == [33]


def test_the_command_says_how_far_and_prints_the_head() -> None:
    out = io.StringIO()
    call_command("verify", stdout=out, stderr=io.StringIO())
    head = bytes(Seal.objects.get(last=NUMBER).hash).hex()
    assert f"Verified up to position {NUMBER}" in out.getvalue()
    assert f"--expect {head}@{NUMBER}" in out.getvalue()
    call_command("verify", expect=f"{head}@{NUMBER}", stdout=io.StringIO(), stderr=io.StringIO())
    assert on_record("log_verified")[0].data["head_hash"] == head


def said_by_command() -> dict[str, Any]:
    return on_record("log_verified")[-1].data


def test_the_command_fails_and_says_where() -> None:
    behind_the_back("event", "UPDATE event SET source = 'x' WHERE position = 10")
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify", stdout=out, stderr=io.StringIO())
    assert "position 10: " in out.getvalue()
    assert said_by_command()["faults"][0][0] == 10
    with pytest.raises(CommandError, match="64-digit"):
        call_command("verify", expect="abc@1", stdout=out)


def test_a_check_is_on_record_with_its_outcome() -> None:
    row = run_verification("ada", "192.0.2.7")
    record = data_of("log_verified")
    assert (record["by"], record["address"], record["verified_to"]) == ("ada", "192.0.2.7", NUMBER)
    assert record["is_whole"]
    assert Verification.objects.get() == row
    assert LoggedEvent.objects.count() == NUMBER + 1 == read.head().position


def test_one_check_at_a_time() -> None:
    with verification_lock(), pytest.raises(IsRunning):
        run_verification("ada")
    run_verification("ada")
