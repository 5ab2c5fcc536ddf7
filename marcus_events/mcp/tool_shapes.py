"""The arguments and results of the tools, from which their JSON schemas are made."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from marcus_events.api.resources import Severity, TaskResource
from marcus_events.blockers.reply_options import MAX_OPTIONS
from marcus_events.core.json_schema import Keywords
from marcus_events.http.event_shapes import Name, Position, PublishedEvent, PublishWarning, Time

MAX_WAIT_S = 45  # shorter than the minute after which clients and proxies give up a call
MAX_ID, MAX_QUESTION, MAX_CONTEXT, MAX_OPTION = 200, 2_000, 8_000, 300  # characters
MAX_TICKET = 512  # characters: the id of an event
MAX_ROWS, DEFAULT_ROWS = 100, 20
NOT_BLANK = r"\S"


def words(description: str, most: int) -> Keywords:
    return Keywords(description, minLength=1, maxLength=most, pattern=NOT_BLANK)


TaskId = Annotated[str, words("Id of the task.", MAX_ID)]
BoardArgument = Annotated[str, words("Id or name of the board. Needed only if the task's board is unclear.", MAX_ID)]
AgentArgument = Annotated[
    str, words("Your agent id, the same in every call. Defaults to the name of the token.", MAX_ID)
]
Ticket = Annotated[str, words("The ticket that report_blocker has returned.", MAX_TICKET)]
Limit = Annotated[int, Keywords(f"At most so many (default {DEFAULT_ROWS}).", minimum=1, maximum=MAX_ROWS)]
Percent = Annotated[float, Keywords("Percentage that is done.", minimum=0, maximum=100)]


class ReportBlockerArguments(TypedDict):
    task: TaskId
    question: Annotated[str, words("One question that a person can answer without further context.", MAX_QUESTION)]
    options: NotRequired[
        Annotated[
            list[Annotated[str, words("", MAX_OPTION)]],
            Keywords("Possible answers, which the person can choose with one click.", maxItems=MAX_OPTIONS),
        ]
    ]
    recommendation: NotRequired[Annotated[str, words("The option that you would choose, word by word.", MAX_OPTION)]]
    severity: NotRequired[Annotated[Severity, Keywords("How much it stops (default medium).")]]
    context: NotRequired[
        Annotated[str, words("What the person needs to know: what was tried, what goes on meanwhile.", MAX_CONTEXT)]
    ]
    accept: NotRequired[
        Annotated[
            str, words("Ticket of an answer in answered_before: act on it, without asking a person again.", MAX_TICKET)
        ]
    ]
    ask_anyway: NotRequired[
        Annotated[
            bool,
            Keywords("true if the status was rephrase or answered_before, and a person has to be asked all the same."),
        ]
    ]
    board: NotRequired[BoardArgument]
    agent: NotRequired[AgentArgument]


class WaitForAnswerArguments(TypedDict):
    ticket: Ticket
    timeout: NotRequired[
        Annotated[
            float, Keywords(f"Seconds to wait (default and maximum {MAX_WAIT_S}).", minimum=0, maximum=MAX_WAIT_S)
        ]
    ]
    agent: NotRequired[AgentArgument]


class PublishEventArguments(TypedDict):
    event_type: Annotated[Name, Keywords("What happened, such as decision_logged or deploy_finished.")]
    data: NotRequired[Annotated[dict[str, Any], Keywords("Details, as a JSON object.")]]
    task: NotRequired[TaskId]
    event_id: NotRequired[
        Annotated[Name, Keywords("Identifies the event, so that a repeated call does not publish it twice.")]
    ]
    board: NotRequired[BoardArgument]
    agent: NotRequired[AgentArgument]


class ReportProgressArguments(TypedDict):
    task: TaskId
    progress: NotRequired[Percent]
    message: NotRequired[Annotated[str, words("What was done, in a sentence.", MAX_QUESTION)]]
    status: NotRequired[Annotated[str, Keywords("in_progress (default), or done.", enum=["in_progress", "done"])]]
    board: NotRequired[BoardArgument]
    agent: NotRequired[AgentArgument]


class GetTaskArguments(TypedDict):
    task: TaskId
    board: NotRequired[BoardArgument]
    agent: NotRequired[AgentArgument]


class ListBlockersArguments(TypedDict):
    state: NotRequired[Annotated[str, Keywords("Which blockers (default open).", enum=["open", "resolved", "all"])]]
    mine: NotRequired[Annotated[bool, Keywords("true for your own blockers only.")]]
    task: NotRequired[TaskId]
    board: NotRequired[BoardArgument]
    limit: NotRequired[Limit]
    agent: NotRequired[AgentArgument]


class SearchHistoryArguments(TypedDict):
    query: NotRequired[
        Annotated[
            str,
            Keywords(
                'Words, phrases in quotation marks, and fields: `type:task_blocked -agent:claude_2 since:2h "exact '
                'words"`. A minus excludes. Empty for the newest events.',
                maxLength=MAX_QUESTION,
            ),
        ]
    ]
    board: NotRequired[BoardArgument]
    before: NotRequired[Annotated[Position, Keywords("Only events before this position: the `next` of a result.")]]
    limit: NotRequired[Limit]
    agent: NotRequired[AgentArgument]


ReportStatus = Literal["asked", "asked_before", "rephrase", "answered_before", "accepted"]


class WaitingAnswer(TypedDict):
    """An answer that you have not received yet. Call wait_for_answer with the ticket."""

    ticket: str
    task: str
    question: str


class ToolResult(TypedDict):
    answers_waiting: NotRequired[
        Annotated[list[WaitingAnswer], Keywords("Answers to your blockers that you have not received yet.")]
    ]


class EarlierAnswer(TypedDict):
    """A person's answer to the same question, asked before on this board."""

    ticket: str
    task: str
    answer: str
    answered_by: str
    answered_at: Time


class AskedPeople(TypedDict):
    """The people who can answer; `assigned_to` is the one whose task it is, if somebody has been chosen."""

    people: list[str]
    assigned_to: str | None


class BlockerReport(ToolResult):
    ticket: Annotated[
        str | None,
        Keywords(
            "Keep it: it identifies the question for wait_for_answer, for any length of time. null if nobody was asked."
        ),
    ]
    status: Annotated[
        ReportStatus,
        Keywords(
            "asked: a person sees the question. asked_before: it was still open on the task, and this is its ticket. "
            "rephrase and answered_before: nobody was asked yet, see next. accepted: you act on an earlier answer."
        ),
    ]
    task: str
    board: str
    asked: AskedPeople
    answered_before: list[EarlierAnswer]
    next: Annotated[str, Keywords("What to do now.")]


class ReportedBlocker(TypedDict):
    """A blocker. `answered`: a person has answered. `resolved`: it ended without a person's answer."""

    ticket: str
    status: Literal["waiting", "answered", "resolved"]
    task: str
    board: str
    agent: str | None
    question: str
    severity: str
    reported_at: Time
    answer: str | None
    answered_by: str | None
    answered_at: Time | None
    acknowledged_by: str | None
    assigned_to: str | None


class AnswerResult(ReportedBlocker, ToolResult):
    next: Annotated[str, Keywords("What to do now.")]


class EventReceipt(ToolResult):
    event_id: str
    position: Position
    status: Literal["accepted", "duplicate"]
    warnings: NotRequired[Annotated[list[PublishWarning], Keywords("Fields whose value is ignored.", minItems=1)]]


class TaskResult(ToolResult):
    task: TaskResource
    blockers: Annotated[list[ReportedBlocker], Keywords("Its blockers, newest first.")]


class BlockerList(ToolResult):
    blockers: Annotated[list[ReportedBlocker], Keywords("Newest first.")]


class FoundEvents(ToolResult):
    events: Annotated[list[PublishedEvent], Keywords("Newest first.")]
    next: Annotated[int | None, Keywords("Pass it as `before` for the next page; null on the last one.")]
