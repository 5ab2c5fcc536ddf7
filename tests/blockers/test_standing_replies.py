"""Standing replies: shadow, limits, exact matches, one answer each, conflicts, and off at once."""

from __future__ import annotations

import threading
import uuid
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
from marcus_events.core.payload import MAX_EVENT_BYTES
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
    applied()
    return event


def applied() -> None:
    """Wait until the tables have everything: the projector may be at it, so that `catch_up` finds nothing to do."""
    catch_up(PROJECTIONS)
    wait_until(lambda: not any(lag(projection.name) for projection in PROJECTIONS))


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
    applied()
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
    assert [give_standing_replies(), send_due_answers(), give_standing_replies()] == [1, 0, 0]
    applied()
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
    with pytest.raises(ActionNotPossible, match="replied differently"):
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
        (("severity", "agent"), timedelta(days=1), 5, "the question or the blocker type"),
        (("nonsense",), timedelta(days=1), 5, "the question or the blocker type"),
        (("type",), timedelta(days=1), 5, "the question or the blocker type"),  # the example has none
        (("question",), timedelta(seconds=-1), 5, "Choose an end"),
        (("question",), timedelta(days=85), 5, "Choose an end"),
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
    give_standing_replies()
    applied()
    with pytest.raises(ActionNotPossible, match="that a person wrote"):
        saved(now(blocker.event_id))


def test_it_answers_at_most_as_often_as_it_may_and_is_off_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_uses, "UNDO", -LATE)
    standing = turned_on(max_uses=3)
    blockers = [reported() for _ in range(5)]
    assert [give_standing_replies() for _ in range(3)] == [3, 0, 0]
    assert replies_to(*blockers) == ["The blue one"] * 3 + [""] * 2
    assert (fresh(standing).stage, fresh(standing).reason) == ("off", "its limit was reached")


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


def test_nothing_is_given_that_could_not_be_sent_before_the_end() -> None:
    standing = turned_on(ends_in=UNDO + MARGIN + timedelta(milliseconds=1))
    blocker = reported()
    assert give_standing_replies() == 0
    assert (replies_to(blocker), fresh(standing).stage) == ([""], "on")


@pytest.mark.parametrize("end", ["expired", "off", "no rights"])
def test_a_reply_that_is_due_when_it_is_no_longer_on_is_withdrawn(
    end: str, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an outage of the worker: it finds the reply overdue."""
    monkeypatch.setattr(standing_uses, "UNDO", -LATE)
    standing = turned_on()
    blocker = reported()
    give_standing_replies()
    if end == "expired":
        StandingReply.objects.update(ends_at=utc_now())
    elif end == "off":  # before the tables knew of the reply, which they do now
        StandingReply.objects.update(stage="off", turned_off_by="ann", turned_off_at=utc_now())
    else:
        User.objects.filter(pk=ann.pk).update(is_active=False)
    assert [give_standing_replies(), send_due_answers(), give_standing_replies()] == [0, 0, 0]
    assert (replies_to(blocker), now(blocker.event_id).resolved_at) == ([""], None)
    assert fresh(standing).stage == "off"


def test_one_in_shadow_mode_expires_as_well() -> None:
    standing = saved(answered())
    StandingReply.objects.update(ends_at=utc_now())
    give_standing_replies()
    assert (fresh(standing).stage, fresh(standing).reason) == ("off", "it expired")
    assert events("standing_reply_stopped")[-1].data["reason"] == "it expired"


def test_turned_off_it_withdraws_what_is_not_sent_and_answers_nothing_more() -> None:
    standing = turned_on()
    blocker = reported()
    give_standing_replies()
    turn_off(standing.pk, "bea")
    assert replies_to(blocker, reported()) == ["", ""]
    assert (give_standing_replies(), send_due_answers()) == (0, 0)
    assert (fresh(standing).stage, fresh(standing).turned_off_by, fresh(standing).reason) == ("off", "bea", "")
    assert [(event.source, event.data["change"]) for event in events("standing_reply_stopped")] == [
        ("user:bea", "turned off")
    ]
    with pytest.raises(ActionNotPossible, match="off already"):
        turn_off(standing.pk, "ann")
    with pytest.raises(ActionNotPossible, match="has been turned off"):
        turn_on(standing.pk, "ann")


def test_it_is_turned_off_when_a_reply_is_undone() -> None:
    standing = turned_on()
    first = reported()
    give_standing_replies()
    second = reported()
    actions.withdraw([now(first.event_id)], "bea")
    assert give_standing_replies() == 0
    assert replies_to(first, second) == ["", ""]
    assert fresh(standing).reason == f"its reply to the blocker on task {first.task_id} was undone"


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
        "another standing reply would reply differently to the same blocker"
    }
    assert len(events("standing_reply_stopped")) == 2


def test_a_different_answer_that_is_not_sent_yet_keeps_it_off() -> None:
    standing = saved(answered())
    actions.answer([reported()], "bea", "The red one")
    with pytest.raises(ActionNotPossible, match="replied differently"):
        turn_on(standing.pk, "ann")


def test_an_answer_from_before_that_an_agent_receives_later_is_no_conflict() -> None:
    old = answered(reply="The red one")
    for n in range(41):
        answered(f"Another question {n}?")
    standing = turned_on()
    about: dict[str, Any] = {"task_id": old.task_id, "blocker_event_id": old.event_id, "received_by": "a1"}
    publish("answer_seen", source="program:agent", **about)
    assert give_standing_replies() == 0
    assert fresh(standing).stage == "on"


def test_where_its_reply_did_not_help_a_person_is_asked() -> None:
    turned_on()
    first = reported()
    give_standing_replies()
    again = publish("task_blocked", task_id=first.task_id, description="Which key?", agent_id="a2")
    publish("blocker_resolved", task_id=first.task_id, resolution="Marcus found it", blocker_event_id=first.event_id)
    assert give_standing_replies() == 0
    assert not Blocker.objects.now().filter(event_id=again.event_id).exclude(answer_id="").exists()


def test_a_blocker_that_a_person_has_answered_and_undone_is_left_to_people() -> None:
    turned_on()
    blocker = reported()
    actions.answer([blocker], "bea", "The blue one")
    actions.withdraw([now(blocker.event_id)], "bea")
    assert give_standing_replies() == 0


def test_a_person_whose_answer_comes_second_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    turned_on()
    seen_before = reported()
    give_standing_replies()
    with pytest.raises(ActionNotPossible, match="A standing reply by ann has just replied"):
        actions.answer([seen_before], "bea", "The red one")
    assert replies_to(seen_before) == ["The blue one"]


def test_two_blockers_of_a_task_with_one_event_id_are_left_to_people() -> None:
    turned_on()
    about: dict[str, Any] = {"task_id": "twice", "event_id": "same"}
    publish("task_blocked", description="Which key?", **about)
    publish("task_blocked", description="May I delete everything?", source="another", **about)
    assert give_standing_replies() == 0


def test_one_whose_reply_is_too_large_to_be_given_is_off_and_the_others_go_on() -> None:
    large = turned_on(example=answered(reply="x" * (MAX_EVENT_BYTES - 190)))
    turned_on(example=answered("Which lock?", "The old one"))
    rejected, blocker = reported(), reported("Which lock?")
    assert give_standing_replies() == 1
    assert replies_to(rejected, blocker) == ["", "The old one"]
    assert (fresh(large).stage, "larger than" in fresh(large).reason) == ("off", True)


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


@pytest.mark.parametrize("gone", ["question", "report", "log"])
def test_an_example_that_is_gone_turns_it_off(gone: str) -> None:
    standing = turned_on()
    blocker = reported()
    if gone == "question":
        Blocker.objects.filter(blocker_id=standing.blocker_id).update(description="(redacted)")
    elif gone == "report":
        Blocker.objects.filter(blocker_id=standing.blocker_id).update(event_id="of a report that was removed")
        StandingReply.objects.update(blocker_id=read.head().position + 1_000)
    else:
        StandingReply.objects.update(epoch=uuid.uuid4())
    assert give_standing_replies() == 0
    assert replies_to(blocker) == [""]
    assert "redacted" in fresh(standing).reason


def test_while_the_tables_are_behind_the_log_nothing_is_answered(
    projecting: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_on()
    reported()
    projecting.set()
    monkeypatch.setattr(actions, "PROJECTION_TIMEOUT_S", 0.1)
    wait_until(lambda: is_behind())
    assert give_standing_replies() == 0
    applied()
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
