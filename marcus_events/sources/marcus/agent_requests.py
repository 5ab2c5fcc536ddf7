"""Which requests of agents Marcus accepted. What an agent reports, or asks for, counts when Marcus acknowledged it.

1. A request in the conversations waits for its answer. Other agents' acts, and other acts of the same agent, go on.
2. The board's own record of a blocker, and Marcus's record of a registration, are as good as an answer.
3. What Marcus refused is told as refused, and moves nothing. So is what it left without an answer although it answered
   a later request of the same agent: an agent waits for each call. Where Marcus logs its successful calls too, nothing
   needs to be concluded.
4. A request without any answer is told as unanswered: ten minutes after it, or a minute after Marcus was started again.
   An answer that comes even later makes it count after all.
5. What Marcus writes beside a request, before it looks at it, waits a few seconds for the request itself. Where the
   conversations have no such request, Marcus's answer cannot be known, and the record counts.
6. `task_completed` in `marcus.db` is written before the completion is settled: it shares the fate of the report.
7. Marcus's answer to a blocker names no task. It belongs to the same agent's latest blocker that has no answer yet,
   of those whose words it repeats if it does.
8. Marcus also acknowledges reports on tasks that do not exist, and does nothing. They are told as refused.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.text_search import texts_in
from marcus_events.sources.marcus.acts import MarcusAct, MarcusRefusal, RecentActs
from marcus_events.sources.marcus.marcus_replies import MarcusReply
from marcus_events.sources.marcus.records import RecordKind
from marcus_events.sources.marcus.sightings import ANSWER_WITHIN, CLOSE, WINDOW, Sighting, plain

REMEMBERED = 20  # requests of one agent that a late answer, or a late record, may still be for
IN_CONVERSATIONS = {"task_request", "worker_registration", "progress_update", T.TASK_BLOCKED}
BESIDE = {
    (RecordKind.DATABASE, "task_request"),
    (RecordKind.DATABASE, "task_completed"),
    (RecordKind.REALTIME, "task_request"),
    (RecordKind.AGENT_EVENTS, "task_request"),
    (RecordKind.AGENT_EVENTS, "progress_update"),
}
DONE_WORDS = ("completed", "done")
NOT_ACKNOWLEDGED = "it did not acknowledge it"
STARTED_AGAIN = "it was started again before it answered"
NO_SUCH_TASK = "it acknowledged it, but its board has no such task"
NO_ANSWER = f"it gave no answer within {ANSWER_WITHIN // timedelta(minutes=1)} minutes"


class Requests:
    """The requests that wait for Marcus's answer, by agent. `has_conversations`: there are files that would have it.

    `lacks` says of a task's id that Marcus's board cannot have such a task.
    """

    def __init__(self, acts: RecentActs, lacks: Callable[[str], bool]) -> None:
        self._acts, self._lacks = acts, lacks
        self.has_conversations = False
        self._logs_successes = False
        self._open: dict[str, list[MarcusAct]] = defaultdict(list)
        self._given_up: dict[str, deque[MarcusAct]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._completions: dict[str, deque[MarcusAct]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._held: list[MarcusAct] = []

    @property
    def waiting(self) -> int:
        """How many requests are not told yet."""
        return sum(act.awaits_answer for requests in self._open.values() for act in requests)

    @property
    def waiting_tasks(self) -> set[str]:
        """The tasks that such requests are about: what the board says of them may still be explained by one."""
        waiting = [act for requests in self._open.values() for act in requests if act.awaits_answer]
        return {str(act.first.data["task_id"]) for act in waiting if "task_id" in act.first.data}

    def note(self, act: MarcusAct, sighting: Sighting) -> None:
        """Take note of a sighting that was just joined to `act`."""
        agent_id = agent_of(sighting)
        if sighting.kind is RecordKind.CONVERSATIONS and sighting.original_type in IN_CONVERSATIONS:
            self._begin(agent_id, act)
        elif is_acceptance(sighting):
            act.awaits_answer = False
        elif sighting.act == T.BLOCKER_SUGGESTION:
            act.cause = self._answered_blocker(agent_id, sighting)
            act.report = act.cause
        elif sighting.act == T.TASK_ASSIGNED and sighting.kind is RecordKind.CONVERSATIONS:
            self.hear(MarcusReply(sighting.at, agent_id, T.TASK_REQUESTED, is_accepted=True))
        elif sighting.act == T.SYSTEM_STARTUP:
            self._hurry(sighting.at)
        elif (sighting.kind, sighting.original_type) in BESIDE and self.has_conversations and is_new(act):
            act.is_held = True
            self._held.append(act)

    def _begin(self, agent_id: str, act: MarcusAct) -> None:
        act.is_held = False
        act.awaits_answer = not (act.is_settled or any(map(is_acceptance, act.sightings)))
        act.answer_by = act.at + ANSWER_WITHIN
        self._open[agent_id].append(act)
        if is_completion(act):
            self._completions[agent_id].append(act)

    def hear(self, answer: MarcusReply) -> None:
        """Settle the request that the answer is for, and those before it that can no longer get one."""
        self._logs_successes |= answer.is_whole and answer.is_accepted
        fitting = [act for act in self._open[answer.agent_id] if fits(act, answer)]
        if not fitting:
            self._accept_late(answer)
        elif not answer.is_accepted:
            self._refuse(answer.agent_id, fitting[-1], answer.reason)
        elif len(fitting) == 1 or answer.is_whole or not self._logs_successes:
            self._accept(answer.agent_id, fitting[-1])

    def _accept(self, agent_id: str, act: MarcusAct) -> None:
        if self._is_on_no_task(act):
            refuse(act, T.REPORT_REFUSED, NO_SUCH_TASK)
        act.awaits_answer = False
        self._close(agent_id, act)

    def _is_on_no_task(self, act: MarcusAct) -> bool:
        return self._lacks(plain(act.first.data.get("task_id", "")))

    def _refuse(self, agent_id: str, act: MarcusAct, reason: str) -> None:
        refuse(act, refusal_type(act), reason)
        self._close(agent_id, act)

    def _close(self, agent_id: str, act: MarcusAct) -> None:
        """The request is answered. Those before it are not going to be, except in calls at the same time."""
        self._open[agent_id].remove(act)
        if self._logs_successes:
            return
        for earlier in [other for other in self._open[agent_id] if other.at < act.at]:
            self._give_up(agent_id, earlier, refusal_type(earlier), NOT_ACKNOWLEDGED)

    def _give_up(self, agent_id: str, act: MarcusAct, event_type: str, reason: str) -> None:
        self._open[agent_id].remove(act)
        if act.awaits_answer:
            refuse(act, event_type, reason)
            self._given_up[agent_id].append(act)

    def _accept_late(self, answer: MarcusReply) -> MarcusAct | None:
        """An answer to what was given up. The record of a call comes right after the sentence, and says no more."""
        given_up = self._given_up[answer.agent_id]
        late = [act for act in given_up if fits(act, answer)]
        if not late or answer.is_whole or not answer.is_accepted or self._is_on_no_task(late[-1]):
            return None
        given_up.remove(late[-1])
        return self._acts.open(MarcusAct(list(late[-1].sightings)))

    def _answered_blocker(self, agent_id: str, sighting: Sighting) -> MarcusAct | None:
        said = {"severity": plain(sighting.data["severity"])} if "severity" in sighting.data else {}
        answer = MarcusReply(sighting.at, agent_id, T.TASK_BLOCKED, is_accepted=True, fields=said)
        fitting = [act for act in self._open[agent_id] if fits(act, answer)]
        if not fitting:
            return self._accept_late(answer)
        words = list(texts_in(sighting.data.get("suggestion")))
        repeated = [act for act in fitting if any(description_of(act) in text for text in words)]
        chosen = (repeated or fitting)[-1]
        self._accept(agent_id, chosen)
        return chosen

    def _hurry(self, started_at: datetime) -> None:
        """Another Marcus may have been started beside the one that is asked, so there is still a little time."""
        for act in [act for requests in self._open.values() for act in requests if act.at < started_at]:
            act.answer_by = min(act.answer_by, started_at + WINDOW)

    def expire(self, now: datetime, *, is_last: bool = False) -> None:
        """Let go of what has waited long enough; after the last look, of all that only waits for other records."""
        for agent_id, requests in self._open.items():
            for act in [act for act in requests if act.answer_by <= now]:
                reason = STARTED_AGAIN if act.answer_by < act.at + ANSWER_WITHIN else NO_ANSWER
                self._give_up(agent_id, act, T.REPORT_UNANSWERED, reason)
        for act in self._held:
            if act.first.act == T.TASK_COMPLETED:
                act.report = act.report or self._report_of(act)
            act.is_held = act.is_held and not (act.report or is_last or act.at + CLOSE <= now)
        self._held = [act for act in self._held if act.is_held]

    def _report_of(self, act: MarcusAct) -> MarcusAct | None:
        """The report that an agent's completion follows from: the latest before it."""
        key = act.first.key
        reports = self._completions[agent_of(act.first)]
        return next((it for it in reversed(reports) if it.first.key[:2] == key and it.at <= act.at), None)


def is_acceptance(sighting: Sighting) -> bool:
    """A record that Marcus makes only of what it accepted."""
    if sighting.act == T.TASK_BLOCKED:
        return sighting.kind is RecordKind.BOARD
    return sighting.act == T.AGENT_REGISTERED and sighting.kind is not RecordKind.CONVERSATIONS


def is_new(act: MarcusAct) -> bool:
    """Nothing of it stands in the conversations, and it has not been told."""
    return not act.is_settled and all(other.kind is not RecordKind.CONVERSATIONS for other in act.sightings)


def is_completion(act: MarcusAct) -> bool:
    return act.first.act == T.TASK_PROGRESS and act.preferred.data.get("status") in DONE_WORDS


def fits(act: MarcusAct, answer: MarcusReply) -> bool:
    said = request_in(act.sightings).data
    return act.first.act == answer.request and all(plain(said.get(name)) == it for name, it in answer.fields.items())


def request_in(sightings: Iterable[Sighting]) -> Sighting:
    return next(sighting for sighting in sightings if sighting.kind is RecordKind.CONVERSATIONS)


def description_of(act: MarcusAct) -> str:
    return str(request_in(act.sightings).data.get("description", ""))


def refuse(act: MarcusAct, event_type: str, reason: str) -> None:
    """What counts already stays as it is: Marcus may fail after it has written the board."""
    if act.awaits_answer:
        act.refusal = MarcusRefusal(event_type, reason)
    act.awaits_answer = False


def refusal_type(act: MarcusAct) -> str:
    return T.TASK_REQUEST_REFUSED if act.first.act == T.TASK_REQUESTED else T.REPORT_REFUSED


def agent_of(sighting: Sighting) -> str:
    return str(sighting.data.get("agent_id", ""))
