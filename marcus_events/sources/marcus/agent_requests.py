"""Decides which requests of agents Marcus accepted. A request counts only if Marcus acknowledged it.

1. A request in the conversations waits for its reply. Other acts, even of the same agent, are not delayed.
2. The board's record of a blocker and Marcus's record of a registration count as acceptance.
3. A refused request is published as refused and changes no state. So is a request without a reply if Marcus answered a
   later request of the same agent, because an agent waits for each call. Where Marcus also logs successful calls, no
   such inference is needed.
4. A request without any reply is published as unanswered ten minutes later, or one minute after Marcus restarted. A
   reply that arrives even later makes it count after all.
5. Records that Marcus writes beside a request wait a few seconds for the request itself. If the conversations have no
   such request, Marcus's reply cannot be known, and the record counts.
6. Marcus writes `task_completed` to `marcus.db` before the completion is decided, so it follows the report's outcome.
7. Marcus's reply to a blocker names no task. It belongs to the agent's latest open blocker, preferably one whose
   description it repeats.
8. Marcus also acknowledges reports on tasks that do not exist, and does nothing. They are published as refused.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reducers.tasks import DONE_WORDS
from marcus_events.core.text_search import texts_in
from marcus_events.sources.marcus.acts import MarcusAct, MarcusRefusal, RecentActs
from marcus_events.sources.marcus.marcus_replies import MarcusReply
from marcus_events.sources.marcus.records import RecordKind
from marcus_events.sources.marcus.sightings import ANSWER_WITHIN, SHORT_WINDOW, WINDOW, Sighting, key_text

MAX_REMEMBERED = 20  # requests per agent that a late reply or record may still belong to
IN_CONVERSATIONS = {"task_request", "worker_registration", "progress_update", T.TASK_BLOCKED}
ACCOMPANYING = {
    (RecordKind.DATABASE, "task_request"),
    (RecordKind.DATABASE, "task_completed"),
    (RecordKind.REALTIME, "task_request"),
    (RecordKind.AGENT_EVENTS, "task_request"),
    (RecordKind.AGENT_EVENTS, "progress_update"),
}
NOT_ACKNOWLEDGED = "it did not acknowledge it"
RESTARTED = "it was started again before it answered"
NO_SUCH_TASK = "it acknowledged it, but its board has no such task"
NO_ANSWER = f"it gave no answer within {ANSWER_WITHIN // timedelta(minutes=1)} minutes"


class AgentRequests:
    """The requests that wait for Marcus's reply, by agent.

    `has_conversations` says that there are files with replies. `has_no_task` says that Marcus's board cannot have a
    task.
    """

    def __init__(self, acts: RecentActs, has_no_task: Callable[[str], bool]) -> None:
        self._acts, self._has_no_task = acts, has_no_task
        self.has_conversations = False
        self._logs_successes = False
        self._open: dict[str, list[MarcusAct]] = defaultdict(list)
        self._abandoned: dict[str, deque[MarcusAct]] = defaultdict(lambda: deque(maxlen=MAX_REMEMBERED))
        self._completions: dict[str, deque[MarcusAct]] = defaultdict(lambda: deque(maxlen=MAX_REMEMBERED))
        self._held: list[MarcusAct] = []

    @property
    def waiting(self) -> int:
        """The number of requests not published yet."""
        return sum(act.awaits_answer for requests in self._open.values() for act in requests)

    @property
    def waiting_tasks(self) -> set[str]:
        """The tasks of those requests: one may still explain a change of the board."""
        waiting = [act for requests in self._open.values() for act in requests if act.awaits_answer]
        return {str(act.first.data["task_id"]) for act in waiting if "task_id" in act.first.data}

    def note(self, act: MarcusAct, sighting: Sighting) -> None:
        """Process a sighting that just joined `act`."""
        agent_id = agent_of(sighting)
        if sighting.kind is RecordKind.CONVERSATIONS and sighting.original_type in IN_CONVERSATIONS:
            self._begin(agent_id, act)
        elif is_acceptance(sighting):
            act.awaits_answer = False
        elif sighting.act == T.BLOCKER_SUGGESTION:
            act.cause = self._answered_blocker(agent_id, sighting)
            act.report = act.cause
        elif sighting.act == T.TASK_ASSIGNED and sighting.kind is RecordKind.CONVERSATIONS:
            self.apply_reply(MarcusReply(sighting.at, agent_id, T.TASK_REQUESTED, is_accepted=True))
        elif sighting.act == T.SYSTEM_STARTUP:
            self._shorten_deadlines(sighting.at)
        elif (sighting.kind, sighting.original_type) in ACCOMPANYING and self.has_conversations and is_new(act):
            act.is_held = True
            self._held.append(act)

    def _begin(self, agent_id: str, act: MarcusAct) -> None:
        act.is_held = False
        act.awaits_answer = not (act.is_settled or any(map(is_acceptance, act.sightings)))
        act.answer_by = act.at + ANSWER_WITHIN
        self._open[agent_id].append(act)
        if is_completion(act):
            self._completions[agent_id].append(act)

    def apply_reply(self, reply: MarcusReply) -> None:
        """Settle the request that the reply belongs to, and earlier ones that can no longer get a reply."""
        self._logs_successes |= reply.is_complete and reply.is_accepted
        fitting = [act for act in self._open[reply.agent_id] if matches(act, reply)]
        if not fitting:
            self._accept_late(reply)
        elif not reply.is_accepted:
            self._refuse(reply.agent_id, fitting[-1], reply.reason)
        elif len(fitting) == 1 or reply.is_complete or not self._logs_successes:
            self._accept(reply.agent_id, fitting[-1])

    def _accept(self, agent_id: str, act: MarcusAct) -> None:
        if self._is_on_no_task(act):
            refuse(act, T.REPORT_REFUSED, NO_SUCH_TASK)
        act.awaits_answer = False
        self._close(agent_id, act)

    def _is_on_no_task(self, act: MarcusAct) -> bool:
        return self._has_no_task(key_text(act.first.data.get("task_id", "")))

    def _refuse(self, agent_id: str, act: MarcusAct, reason: str) -> None:
        refuse(act, refusal_type(act), reason)
        self._close(agent_id, act)

    def _close(self, agent_id: str, act: MarcusAct) -> None:
        """Close an answered request and abandon earlier ones, unless the calls may be concurrent."""
        self._open[agent_id].remove(act)
        if self._logs_successes:
            return
        for earlier in [other for other in self._open[agent_id] if other.at < act.at]:
            self._abandon(agent_id, earlier, refusal_type(earlier), NOT_ACKNOWLEDGED)

    def _abandon(self, agent_id: str, act: MarcusAct, event_type: str, reason: str) -> None:
        self._open[agent_id].remove(act)
        if act.awaits_answer:
            refuse(act, event_type, reason)
            self._abandoned[agent_id].append(act)

    def _accept_late(self, reply: MarcusReply) -> MarcusAct | None:
        """Reopen an abandoned request that this reply accepts. Call records are skipped: they repeat the sentence
        before them.
        """
        abandoned = self._abandoned[reply.agent_id]
        late = [act for act in abandoned if matches(act, reply)]
        if not late or reply.is_complete or not reply.is_accepted or self._is_on_no_task(late[-1]):
            return None
        abandoned.remove(late[-1])
        return self._acts.open(MarcusAct(list(late[-1].sightings)))

    def _answered_blocker(self, agent_id: str, sighting: Sighting) -> MarcusAct | None:
        fields = {"severity": key_text(sighting.data["severity"])} if "severity" in sighting.data else {}
        reply = MarcusReply(sighting.at, agent_id, T.TASK_BLOCKED, is_accepted=True, fields=fields)
        fitting = [act for act in self._open[agent_id] if matches(act, reply)]
        if not fitting:
            return self._accept_late(reply)
        words = texts_in(sighting.data.get("suggestion"))
        repeated = [act for act in fitting if any(description_of(act) in text for text in words)]
        chosen = (repeated or fitting)[-1]
        self._accept(agent_id, chosen)
        return chosen

    def _shorten_deadlines(self, started_at: datetime) -> None:
        """Expect replies within WINDOW of a restart: another Marcus may have started beside the one that was asked."""
        for act in [act for requests in self._open.values() for act in requests if act.at < started_at]:
            act.answer_by = min(act.answer_by, started_at + WINDOW)

    def expire(self, now: datetime, *, is_last: bool = False) -> None:
        """Abandon requests past their deadline and release held acts; the last scan releases all of them."""
        for agent_id, requests in self._open.items():
            for act in [act for act in requests if act.answer_by <= now]:
                reason = RESTARTED if act.answer_by < act.at + ANSWER_WITHIN else NO_ANSWER
                self._abandon(agent_id, act, T.REPORT_UNANSWERED, reason)
        for act in self._held:
            if act.first.act == T.TASK_COMPLETED:
                act.report = act.report or self._report_of(act)
            act.is_held = act.is_held and not (act.report or is_last or act.at + SHORT_WINDOW <= now)
        self._held = [act for act in self._held if act.is_held]

    def _report_of(self, act: MarcusAct) -> MarcusAct | None:
        """Return the agent's latest completion report before the act."""
        key = act.first.key
        reports = self._completions[agent_of(act.first)]
        return next((other for other in reversed(reports) if other.first.key[:2] == key and other.at <= act.at), None)


def is_acceptance(sighting: Sighting) -> bool:
    """Return whether Marcus writes this record only for accepted requests."""
    if sighting.act == T.TASK_BLOCKED:
        return sighting.kind is RecordKind.BOARD
    return sighting.act == T.AGENT_REGISTERED and sighting.kind is not RecordKind.CONVERSATIONS


def is_new(act: MarcusAct) -> bool:
    """Return whether the act is unpublished and has no record in the conversations."""
    return not act.is_settled and all(other.kind is not RecordKind.CONVERSATIONS for other in act.sightings)


def is_completion(act: MarcusAct) -> bool:
    return act.first.act == T.TASK_PROGRESS and act.preferred.data.get("status") in DONE_WORDS


def matches(act: MarcusAct, reply: MarcusReply) -> bool:
    if act.first.act != reply.request:
        return False
    fields = request_in(act.sightings).data
    return all(key_text(fields.get(name)) == value for name, value in reply.fields.items())


def request_in(sightings: Iterable[Sighting]) -> Sighting:
    return next(sighting for sighting in sightings if sighting.kind is RecordKind.CONVERSATIONS)


def description_of(act: MarcusAct) -> str:
    return str(request_in(act.sightings).data.get("description", ""))


def refuse(act: MarcusAct, event_type: str, reason: str) -> None:
    """Refuse a request that still waits. An accepted one stays: Marcus may fail after it has written the board."""
    if act.awaits_answer:
        act.refusal = MarcusRefusal(event_type, reason)
    act.awaits_answer = False


def refusal_type(act: MarcusAct) -> str:
    return T.TASK_REQUEST_REFUSED if act.first.act == T.TASK_REQUESTED else T.REPORT_REFUSED


def agent_of(sighting: Sighting) -> str:
    return str(sighting.data.get("agent_id", ""))
