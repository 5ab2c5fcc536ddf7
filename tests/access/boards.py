"""A secret board and an outsider's board, with the people and data for access tests.

All text on the secret board contains MARK: names, descriptions, answers, data. Ids (board, task, agent) do not, so that
a page may repeat the id it was asked for, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from marcus_events import audit
from marcus_events.access import roles
from marcus_events.core.event import Event
from marcus_events.models import Blocker, BoardAccess
from marcus_events.sources.demo_script import BOARD as DEMO
from tests.dashboard.publishing import event, project, publish

MARK = "zqxwkvj"
BOARD, TASK, AGENT = "plot-7", "t-77", "agent_77"
OWN, BOTH = "garden", "agent_both"
IDS = (BOARD, TASK, AGENT)
PEOPLE = ("stranger", "outsider", "viewer", "manager", "administrator")


@dataclass(frozen=True)
class Places:
    """Positions and ids on the secret board and on the outsider's."""

    position: int
    blocker: int
    own_position: int
    own_blocker: int
    boardless: int


def publish_all() -> Places:
    """Publish events with causes in both directions and an agent on both boards."""
    own = project(OWN)
    plot = [*secret(), event("decision_logged", board=BOARD, task_id=TASK, what="zqxwkvj grows", agent_id=AGENT)]
    report = next(made for made in own if made.event_type == "task_blocked")
    effect = event(
        "decision_logged", board=BOARD, task_id=TASK, what="zqxwkvj", metadata={"causation_id": report.event_id}
    )
    caused = event("decision_logged", board=OWN, task_id=f"{OWN}-2", metadata={"causation_id": plot[-1].event_id})
    nowhere = event("agent_heartbeat", board="", agent_id=BOTH, message="zqxwkvj of no board")
    positions = publish(*own, *plot, effect, caused, nowhere)
    audit.record("role_changed", "zqxwkvj", user="zqxwkvj")
    return Places(
        position=positions[len(own) + len(plot) - 1],
        blocker=blocker_of(BOARD),
        own_position=positions[-2],
        own_blocker=blocker_of(OWN),
        boardless=positions[-1],
    )


def secret() -> list[Event]:
    """Return the secret board's events. The first blocker resembles the outsider's and is answered."""
    was = event(
        "task_blocked", board=BOARD, ago=20, task_id=TASK, agent_id=AGENT, description=f"No key for {OWN} zqxwkvj"
    )
    answer: dict[str, Any] = {"task_id": TASK, "blocker_event_id": was.event_id}
    return [
        event("project_created", board=BOARD, ago=60, project_name="Zqxwkvj plot"),
        event("agent_registered", board=BOARD, ago=59, agent_id=AGENT, name="Zqxwkvj Claude"),
        event("agent_registered", board=BOARD, ago=59, agent_id=BOTH, name="Zqxwkvj of both"),
        event("agent_registered", board=OWN, ago=59, agent_id=BOTH, name="Of both"),
        event("task_created", board=BOARD, ago=58, task_id=TASK, task_name="Zqxwkvj seeds", description="zqxwkvj"),
        event("task_created", board=BOARD, ago=58, task_id="t-78", task_name="Zqxwkvj harvest"),
        event("dependency_detected", board=BOARD, ago=57, task_id="t-78", depends_on_id=TASK),
        event("task_started", board=BOARD, ago=50, task_id=TASK, agent_id=AGENT),
        event("task_started", board=BOARD, ago=40, task_id="t-78", agent_id=BOTH),
        was,
        event("blocker_answered", board=BOARD, ago=15, by="zqxwkvj", answer="zqxwkvj: take the spade", **answer),
        event("blocker_resolved", board=BOARD, ago=14, resolution="zqxwkvj: take the spade", **answer),
        event("zqxwkvj_event", board=BOARD, ago=5, note="zqxwkvj"),
        event(
            "task_blocked",
            board=BOARD,
            ago=1,
            task_id=TASK,
            agent_id=AGENT,
            description="Zqxwkvj rain",
            severity="high",
        ),
    ]


def blocker_of(board: str) -> int:
    found: int = Blocker.objects.now().get(board_id=board, resolved_at=None).blocker_id
    return found


def people() -> dict[str, Client]:
    """Create people. Each member has access by another way: the viewer directly, the manager through a group."""
    users = {name: User.objects.create_user(name) for name in PEOPLE[1:]}
    for name, role in zip(PEOPLE[1:], (roles.VIEWER, roles.VIEWER, roles.MANAGER, roles.ADMINISTRATOR), strict=True):
        roles.assign_role(users[name], role)
    roles.grant_boards(users["outsider"], [OWN], every=False)
    roles.grant_boards(users["viewer"], [BOARD, DEMO], every=False)
    group = Group.objects.create(name="those of the plot")
    BoardAccess.objects.bulk_create([BoardAccess(group=group, board_id=board) for board in (BOARD, DEMO)])
    users["manager"].groups.add(group)
    return {"stranger": Client()} | {name: signed_in(user) for name, user in users.items()}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
