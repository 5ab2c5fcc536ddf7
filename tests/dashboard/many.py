"""Fills tables with very many rows directly; publishing them would take minutes."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from dashboard.models import SavedSearch
from marcus_events.core.event import utc_now
from marcus_events.models import (
    Agent,
    Blocker,
    Board,
    BoardAccess,
    BoardRemoval,
    Facet,
    HourlyRate,
    Rate,
    RefusedRequest,
    RetentionPolicy,
    Task,
    Token,
)


def boards(numbers: range) -> None:
    now = utc_now()
    Board.objects.bulk_create(
        Board(
            board_id=f"board-{n:04}",
            from_position=1,
            from_time=now,
            name=f"Board {n}",
            demo=False,
            created_at=now - timedelta(days=1),
        )
        for n in numbers
    )


def removals(numbers: range) -> None:
    BoardRemoval.objects.bulk_create(BoardRemoval(board_id=f"gone-{n}", position=1, time=utc_now()) for n in numbers)


def agents(numbers: range) -> None:
    """One per board, each at a task that is blocked for a different reason."""
    now = utc_now() - timedelta(hours=1)
    on = [{"board_id": f"board-{n:04}", "from_position": 2, "from_time": now} for n in numbers]
    Agent.objects.bulk_create(
        Agent(
            **row,
            agent_id=f"agent_{n}",
            name=f"Agent {n}",
            role="Developer",
            skills=[],
            status="blocked",
            status_since=now,
            task_id="t",
        )
        for n, row in zip(numbers, on, strict=True)
    )
    Task.objects.bulk_create(
        Task(
            **row,
            task_id="t",
            name=f"Task {n}",
            description="",
            priority="",
            labels=[],
            status="blocked",
            status_since=now,
            agent_id=f"agent_{n}",
            progress=0,
            created_at=now,
        )
        for n, row in zip(numbers, on, strict=True)
    )
    Blocker.objects.bulk_create(
        Blocker(
            **row,
            blocker_id=n + 10,
            event_id=f"b{n}",
            task_id="t",
            agent_id=f"agent_{n}",
            description=f"No key {n}",
            severity="high",
            reported_severity="high",
            blocker_type="",
            opened_at=now,
            resolution="",
        )
        for n, row in zip(numbers, on, strict=True)
    )


def types(numbers: range) -> None:
    """Event types with recent events."""
    minute = utc_now().replace(second=0, microsecond=0)
    names = [f"made_up_{n}" for n in numbers]
    Rate.objects.bulk_create(Rate(board_id="board-0001", event_type=name, minute=minute, count=1) for name in names)
    hour = minute.replace(minute=0)
    HourlyRate.objects.bulk_create(
        HourlyRate(board_id="board-0001", event_type=name, hour=hour, count=1) for name in names
    )
    Facet.objects.bulk_create(Facet(board_id="board-0001", field="type", value=name, count=1) for name in names)


def people(numbers: range) -> None:
    """Each sees three boards and shares a saved search; one has as many grants as there are people."""
    users = User.objects.bulk_create(User(username=f"person-{n:04}", password="!") for n in numbers)
    BoardAccess.objects.bulk_create(
        BoardAccess(user=user, board_id=f"board-{n + more:04}")
        for n, user in zip(numbers, users, strict=True)
        for more in range(3)
    )
    first = User.objects.get(username="person-0000")
    BoardAccess.objects.bulk_create(
        [BoardAccess(user=first, board_id=f"board-{n:04}") for n in numbers], ignore_conflicts=True
    )
    SavedSearch.objects.bulk_create(
        SavedSearch(owner=user, name=f"Search {n}", query="q=key", shared=True)
        for n, user in zip(numbers, users, strict=True)
    )


def tokens(numbers: range) -> None:
    """Half of them revoked."""
    ids = [f"board-{n:04}" for n in range(20)]
    Token.objects.bulk_create(
        Token(
            name=f"token {n}",
            prefix="mev_",
            digest=n.to_bytes(32, "big"),
            scopes=["read"],
            boards=ids,
            revoked_at=utc_now() if n % 2 else None,
        )
        for n in numbers
    )
    now = utc_now()
    RefusedRequest.objects.bulk_create(
        RefusedRequest(
            status=401,
            reason=f"Reason {n}",
            address="127.0.0.1",
            prefix="",
            method="GET",
            path="/api/events",
            count=1,
            first_at=now,
            last_at=now,
        )
        for n in numbers
    )


def policies(numbers: range) -> None:
    RetentionPolicy.objects.bulk_create(
        RetentionPolicy(pattern=f"type_{n}", board_id=f"board-{n:04}", keep_days=90) for n in numbers
    )


def fill_all(numbers: range) -> None:
    for make in (boards, agents, types, people, tokens):
        make(numbers)
    removals(numbers)
    policies(range(numbers.start, min(numbers.stop, 100)))
