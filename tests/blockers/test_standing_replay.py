"""Standing replies in a replay of the blockers of the bundled and of simulated runs, one after another.

A person answers as the run did. Each reply is saved as a standing reply, and turned on where its shadow allows it; a
standing reply that answers otherwise than the run did is undone by the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from marcus_events.blockers import actions, replies, standing_uses
from marcus_events.blockers.standing_match import match_of, shadow_of
from marcus_events.blockers.standing_replies import save, turn_on
from marcus_events.blockers.standing_uses import give_standing_replies
from marcus_events.core.event import Event, utc_now
from marcus_events.models import Blocker, StandingReply
from marcus_events.sources.simulation import Simulation
from tests.blockers.test_standing_replies import LATE, ann, applied, events, now, reported
from tests.sources.installations import RUN, read_once

__all__ = ["ann"]
pytestmark = pytest.mark.usefixtures("projecting", "ann")

Case = tuple[str, str, str]  # question, type, reply


def bundled() -> list[Case]:
    """The blockers of the bundled run; its people wrote no replies, so each is answered with Marcus's first advice."""
    told = read_once(RUN)
    advice = {event.data["task_id"]: first_step(event) for event in told if event.event_type == "blocker_suggestion"}
    blocked = [event for event in told if event.event_type == "task_blocked"]
    return [(event.data["description"], "", advice[event.data["task_id"]]) for event in blocked]


def first_step(event: Event) -> str:
    return str(event.data["suggestion"]["resolution_steps"][0])


def simulated() -> list[Case]:
    told = Simulation(seed=3, agents=6, tasks=60).next_batch(2_500)
    blocked = {event.event_id: event.data for event in told if event.event_type == "task_blocked"}
    return [
        (str(report["description"]), str(report["blocker_type"]), str(event.data["resolution"]))
        for event in told
        if event.event_type == "blocker_resolved" and (report := blocked.get(str(event.data.get("blocker_event_id"))))
    ]


class Replay:
    def __init__(self, fields: list[str], max_uses: int) -> None:
        self.fields, self.max_uses = fields, max_uses
        self.counts: Counter[str] = Counter()

    def run(self, cases: list[Case]) -> None:
        for question, blocker_type, reply in cases:
            blocker = reported(question, blocker_type=blocker_type)
            give_standing_replies()
            if given := now(blocker.event_id).answer:
                self.judge(now(blocker.event_id), given, reply)
            if not now(blocker.event_id).answer:
                actions.answer([now(blocker.event_id)], "ann", reply)
                self.counts["by a person"] += 1
            replies.send_due_answers()
            give_standing_replies()
            applied()
            self.save(now(blocker.event_id))

    def judge(self, blocker: Blocker, given: str, reply: str) -> None:
        standing = StandingReply.objects.get(pk=int(blocker.standing_reply))
        match = match_of(standing)
        assert match
        assert given == match.reply
        if given == reply:
            self.counts["by a standing reply"] += 1
            return
        self.counts["undone"] += 1
        actions.withdraw([blocker], "ann")
        assert give_standing_replies() == 0
        assert StandingReply.objects.get(pk=standing.pk).stage == "off"

    def save(self, blocker: Blocker) -> None:
        with suppress(actions.ActionNotPossible):
            standing = save(blocker, "ann", self.fields, utc_now() + timedelta(days=1), self.max_uses)
            match = match_of(standing)
            is_unanimous = bool(match and shadow_of(match).is_unanimous)
            try:
                turn_on(standing.pk, "ann")
            except actions.ActionNotPossible:
                assert not is_unanimous
                self.counts["kept in shadow"] += 1
                raise
            assert is_unanimous
            self.counts["turned on"] += 1


@pytest.mark.parametrize("fields", [["question", "type"], ["type"]], ids=" and ".join)
@pytest.mark.parametrize("run", [bundled, simulated])
def test_every_blocker_of_a_run_has_one_answer_and_it_is_that_of_the_run(
    run: Callable[[], list[Case]], fields: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (replies, standing_uses):
        monkeypatch.setattr(module, "MARGIN", -LATE)  # what a person has left standing is sent at once
    cases = run()
    replay = Replay(fields, max_uses=5)
    replay.run(cases)
    resolved = Blocker.objects.now().exclude(resolved_at=None).order_by("blocker_id")
    assert [blocker.resolution for blocker in resolved] == [reply for _, _, reply in cases]
    assert len(events("blocker_resolved")) == len(cases)
    assert replay.counts["by a person"] + replay.counts["by a standing reply"] == len(cases)
    print(f"{run.__name__}, same {' and '.join(fields)}: {len(cases)} blockers, {dict(replay.counts)}")
