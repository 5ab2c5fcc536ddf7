"""Standing replies: shadow, limits, exact matches, one answer each, conflicts, and off at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from marcus_events.access import roles
from marcus_events.blockers import actions, standing_uses
from marcus_events.blockers.actions import UNDO, ActionNotPossible
from marcus_events.blockers.replies import MARGIN, send_due_answers
from marcus_events.blockers.standing_match import match_of, shadow_of
from marcus_events.blockers.standing_replies import MAX_USES, save, turn_off, turn_on
from marcus_events.blockers.standing_uses import give_standing_replies
from marcus_events.core.event import Event, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest, log_refused
from marcus_events.log import read
from marcus_events.models import Blocker, BoardAccess, StandingReply
from marcus_events.projections import PROJECTIONS, catch_up, lag
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("projecting", "ann")
numbers = count(1)
LATE = UNDO + MARGIN + timedelta(seconds=1)


@pytest.fixture
def ann(log: None) -> User:
    person = User.objects.create_user("ann")
    roles.assign_role(person, roles.MANAGER)
    BoardAccess.objects.create(board_id="shop", user=person)
    return person


def publish(event_type: str, ago: timedelta = timedelta(0), *, source: str = "marcus", **data: Any) -> Event:
    board = data.pop("board", "shop")
    event_id = data.pop("event_id", f"e{next(numbers)}")
    event = Event(event_id, utc_now() - ago, event_type, source, data, {"board_id": board})
    assert not log_refused(ingest([event], Authority.SYSTEM), event_type)
    catch_up(PROJECTIONS)
    return event


def reported(question: str = "Which key?", **more: Any) -> Blocker:
    """Report a blocker on a task of its own."""
    event = publish("task_blocked", timedelta(minutes=1), task_id=f"t{next(numbers)}", description=question, **more)
    return now(event.event_id)


def now(event_id: str) -> Blocker:
    found: Blocker = Blocker.objects.now().get(event_id=event_id)
    return found


def answered(question: str = "Which key?", reply: str = "The blue one", by: str = "ann", **more: Any) -> Blocker:
    """Report a blocker that a person has answered, and whose answer was sent."""
    blocker = reported(question, **more)
    about = {"task_id": blocker.task_id, "blocker_event_id": blocker.event_id, "by": by, "board": blocker.board_id}
    due = utc_now() - MARGIN - timedelta(seconds=1)
    publish("blocker_answered", UNDO, source=f"user:{by}", answer=reply, due=due.isoformat(), **about)
    send_due_answers()
    catch_up(PROJECTIONS)
    return now(blocker.event_id)


def saved(example: Blocker, *fields: str, ends_in: timedelta = timedelta(days=1), max_uses: int = 20) -> StandingReply:
    return save(example, "ann", fields or ("question",), utc_now() + ends_in, max_uses)


def turned_on(*fields: str, example: Blocker | None = None, **limits: Any) -> StandingReply:
    standing = saved(example or answered(), *fields, **limits)
    turn_on(standing.pk, "ann")
    return fresh(standing)


def fresh(standing: StandingReply) -> StandingReply:
    return StandingReply.objects.get(pk=standing.pk)


def events(event_type: str) -> list[Event]:
    return [found.event for found in read.following(0, 1_000) if found.event_type == event_type]


def replies_to(*blockers: Blocker) -> list[str]:
    return [now(blocker.event_id).answer for blocker in blockers]


def test_a_matching_blocker_is_answered_like_its_example_and_the_answer_is_sent_like_a_persons() -> None:
    standing = turned_on()
    same, other = reported(), reported("Which lock?")
    assert give_standing_replies() == 1
    assert replies_to(same, other) == ["The blue one", ""]
    [use] = [event for event in events("blocker_answered") if "standing_reply" in event.data]
    assert (use.source, use.data["by"], use.data["standing_reply"]) == ("user:ann", "ann", standing.pk)
    assert datetime.fromisoformat(use.data["due"]) >= utc_now() + UNDO - timedelta(minutes=1)
    assert (give_standing_replies(), send_due_answers()) == (0, 0)  # not before it can no longer be undone


def test_its_answer_names_it_where_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_uses, "UNDO", -LATE)
    standing = turned_on()
    blocker = reported()
    give_standing_replies()
    assert send_due_answers() == 1
    catch_up(PROJECTIONS)
    assert events("blocker_resolved")[-1].data["standing_reply"] == standing.pk
    assert (now(blocker.event_id).resolution, now(blocker.event_id).standing_reply) == (
        "The blue one",
        str(standing.pk),
    )


def test_in_shadow_it_answers_nothing_and_says_what_it_would_have_answered() -> None:
    for _ in range(3):
        answered()
    for n in range(4):
        answered(f"Another question {n}?", "Something else")
    standing = saved(answered())
    reported()
    assert give_standing_replies() == 0
    match = match_of(standing)
    assert match
    shadow = shadow_of(match)
    assert (shadow.examined, len(shadow.agreed), len(shadow.differed)) == (8, 4, 0)
    assert shadow.is_unanimous


def test_it_is_turned_on_only_where_its_shadow_agreed_each_time() -> None:
    answered(reply="The red one", by="bea")
    standing = saved(answered())
    with pytest.raises(ActionNotPossible, match="differently to 1 matching"):
        turn_on(standing.pk, "ann")
    assert fresh(standing).stage == "shadow"


def test_an_example_that_is_too_old_to_be_in_the_shadow_cannot_be_turned_on() -> None:
    standing = saved(answered())
    for n in range(40):
        answered(f"Another question {n}?")
    with pytest.raises(ActionNotPossible, match="None of the latest replies"):
        turn_on(standing.pk, "ann")


@pytest.mark.parametrize(
    ("fields", "stated", "is_match"),
    [
        (("question",), {}, True),
        (("question",), {"question": "which key?"}, False),
        (("question",), {"board": "other"}, False),
        (("type",), {"question": "Anything?", "blocker_type": "credentials"}, True),
        (("type",), {"question": "Anything?", "blocker_type": "design"}, False),
        (("question", "options"), {"options": ["a", "b"]}, True),
        (("question", "options"), {"options": ["a", "c"]}, False),
        (("question", "severity"), {"severity": "high"}, False),
        (("question", "agent"), {"agent_id": "a1"}, True),
        (("question", "agent"), {"agent_id": "a2"}, False),
        (("question", "task"), {}, False),
    ],
)
def test_the_match_is_exact_in_each_chosen_field(
    fields: tuple[str, ...], stated: dict[str, Any], is_match: bool
) -> None:
    usual: dict[str, Any] = {
        "blocker_type": "credentials",
        "options": ["a", "b"],
        "severity": "low",
        "agent_id": "a1",
    }
    turned_on(*fields, example=answered(**usual))
    blocker = reported(**usual | stated)
    assert give_standing_replies() == is_match
    assert replies_to(blocker) == ["The blue one" if is_match else ""]


@pytest.mark.parametrize(
    ("fields", "ends_in", "max_uses", "error"),
    [
        (("severity", "agent"), timedelta(days=1), 5, "same question or the same type"),
        (("nonsense",), timedelta(days=1), 5, "same question or the same type"),
        (("type",), timedelta(days=1), 5, "same question or the same type"),  # the example has none
        (("question",), timedelta(seconds=-1), 5, "Choose an end"),
        (("question",), timedelta(days=93), 5, "Choose an end"),
        (("question",), timedelta(days=1), 0, "between 1 and"),
        (("question",), timedelta(days=1), MAX_USES + 1, "between 1 and"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    fields: tuple[str, ...], ends_in: timedelta, max_uses: int, error: str
) -> None:
    with pytest.raises(ActionNotPossible, match=error):
        save(answered(), "ann", fields, utc_now() + ends_in, max_uses)
    assert not StandingReply.objects.exists()


def test_only_a_persons_sent_reply_can_become_one_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ActionNotPossible, match="that a person wrote"):
        saved(reported())
    monkeypatch.setattr(standing_uses, "UNDO", -LATE)
    example = answered()
    turned_on(example=example)
    with pytest.raises(ActionNotPossible, match="already"):
        saved(example)
    blocker = reported()
    give_standing_replies()
    send_due_answers()
    catch_up(PROJECTIONS)
    with pytest.raises(ActionNotPossible, match="that a person wrote"):
        saved(now(blocker.event_id))


def test_it_answers_at_most_as_often_as_it_may_and_is_off_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_uses, "UNDO", -LATE)
    standing = turned_on(max_uses=3)
    blockers = [reported() for _ in range(5)]
    assert [give_standing_replies() for _ in range(3)] == [3, 0, 0]
    send_due_answers()
    catch_up(PROJECTIONS)
    assert give_standing_replies() == 0
    assert replies_to(*blockers) == ["The blue one"] * 3 + [""] * 2
    assert (fresh(standing).stage, fresh(standing).reason) == ("off", "all 3 replies were given")


def test_processes_that_give_replies_at_once_give_each_once_and_no_more_than_allowed() -> None:
    turned_on(max_uses=7)
    for _ in range(10):
        reported()
    with ThreadPoolExecutor(6) as givers:
        assert sum(givers.map(give_and_let_go, range(12))) == 7
    assert len([event for event in events("blocker_answered") if "standing_reply" in event.data]) == 7


def give_and_let_go(_: int) -> int:
    try:
        return give_standing_replies()
    finally:
        connection.close()


def test_a_reply_whose_process_ended_before_it_could_note_anything_is_counted() -> None:
    standing = turned_on(max_uses=1)
    match = match_of(standing)
    blocker = reported()
    assert match
    ingest([standing_uses.use(standing, match, blocker)], Authority.SYSTEM)
    reported()
    assert give_standing_replies() == 0


def test_nothing_is_sent_after_the_end() -> None:
    standing = turned_on(ends_in=UNDO + MARGIN + timedelta(milliseconds=1))
    blocker = reported()
    assert give_standing_replies() == 0
    assert replies_to(blocker) == [""]
    assert (fresh(standing).stage, fresh(standing).reason) == ("off", "its end was reached")
    assert events("standing_reply_stopped")[-1].data["reason"] == "its end was reached"


def test_turned_off_it_withdraws_what_is_not_sent_and_answers_nothing_more() -> None:
    standing = turned_on()
    blocker = reported()
    give_standing_replies()
    turn_off(standing.pk, "bea")
    assert replies_to(blocker, reported()) == ["", ""]
    assert (give_standing_replies(), send_due_answers()) == (0, 0)
    assert (fresh(standing).stage, fresh(standing).reason) == ("off", "by bea")
    with pytest.raises(ActionNotPossible, match="off already"):
        turn_off(standing.pk, "ann")
    with pytest.raises(ActionNotPossible, match="off already"):
        turn_on(standing.pk, "ann")


def test_it_is_turned_off_when_a_reply_is_undone() -> None:
    standing = turned_on()
    first = reported()
    give_standing_replies()
    second = reported()
    actions.withdraw([now(first.event_id)], "bea")
    assert give_standing_replies() == 0
    assert replies_to(first, second) == ["", ""]
    assert fresh(standing).reason == f"a reply was undone for the blocker on task {first.task_id}"


def test_it_is_turned_off_and_its_waiting_replies_withdrawn_when_a_person_answers_differently() -> None:
    standing = turned_on()
    before = reported()
    give_standing_replies()
    by_hand = reported()
    actions.answer([by_hand], "bea", "The red one")
    after = reported()
    assert give_standing_replies() == 0
    assert replies_to(before, by_hand, after) == ["", "The red one", ""]
    assert fresh(standing).reason == f"bea replied differently to the blocker on task {by_hand.task_id}"


def test_a_person_who_answers_the_same_changes_nothing() -> None:
    standing = turned_on()
    actions.answer([reported()], "bea", "The blue one")
    reported()
    assert give_standing_replies() == 1
    assert fresh(standing).stage == "on"


def test_two_that_would_answer_differently_answer_nothing_and_are_off() -> None:
    by_question = turned_on(example=answered(blocker_type="credentials"))
    by_type = turned_on("type", example=answered("Another?", "The red one", blocker_type="keys"))
    harmless = reported(blocker_type="credentials")
    assert give_standing_replies() == 1
    in_doubt = reported(blocker_type="keys")
    assert give_standing_replies() == 0
    assert replies_to(harmless, in_doubt) == ["", ""]
    assert {fresh(by_question).reason, fresh(by_type).reason} == {
        "another standing reply answers the same blocker differently"
    }


def test_a_blocker_that_a_person_has_taken_is_left_to_people() -> None:
    turned_on()
    acknowledged, assigned, snoozed = reported(), reported(), reported()
    actions.acknowledge([acknowledged], "bea")
    actions.assign([assigned], "bea", "ann")
    actions.snooze([snoozed], "bea", utc_now() + timedelta(hours=1))
    assert give_standing_replies() == 0


@pytest.mark.parametrize("change", ["inactive", "no role", "no board"])
def test_it_ends_with_the_rights_of_the_person_in_whose_name_it_replies(ann: User, change: str) -> None:
    standing = turned_on()
    blocker = reported()
    if change == "inactive":
        User.objects.filter(pk=ann.pk).update(is_active=False)
    elif change == "no role":
        roles.assign_role(ann, roles.VIEWER)
    else:
        BoardAccess.objects.all().delete()
    assert give_standing_replies() == 0
    assert replies_to(blocker) == [""]
    assert "can no longer reply" in fresh(standing).reason


def test_an_example_that_is_gone_turns_it_off() -> None:
    standing = turned_on()
    blocker = reported()
    Blocker.objects.filter(blocker_id=standing.blocker_id).update(description="(redacted)")
    assert give_standing_replies() == 0
    assert replies_to(blocker) == [""]
    assert "redacted" in fresh(standing).reason


def test_while_the_tables_are_behind_the_log_nothing_is_answered(
    projecting: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_on()
    reported()
    projecting.set()
    monkeypatch.setattr(standing_uses, "PROJECTION_TIMEOUT_S", 0.1)
    wait_until(lambda: is_behind())
    assert give_standing_replies() == 0
    catch_up(PROJECTIONS)
    assert give_standing_replies() == 1


def is_behind() -> bool:
    """Append an event, and return whether nobody has applied it: the projector may be in its last step."""
    ingest([Event(f"e{next(numbers)}", utc_now(), "note", "marcus", {}, {})], Authority.SYSTEM)
    return lag("state") > 0


def test_it_is_given_by_itself() -> None:
    turned_on()
    blocker, stop = reported(), threading.Event()
    running = threading.Thread(target=standing_uses.run_standing_replies, args=(stop,))
    running.start()
    try:
        wait_until(lambda: replies_to(blocker) == ["The blue one"])
    finally:
        stop.set()
        running.join()
