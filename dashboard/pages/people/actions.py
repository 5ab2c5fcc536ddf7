"""Changes people's roles and access. Each action is recorded as an event with actor and address."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from dashboard.queries.current_state import board_names
from marcus_events import audit
from marcus_events.access import roles

MAX_NAMED = 10  # boards in a sentence
EVERY, SOME = "every", "some"  # boards that somebody sees


def is_taken(name: str) -> bool:
    return User.objects.filter(username__iexact=name).exists()


def create(name: str) -> User:
    """Create a person without a password: a link signs them in."""
    return User.objects.create_user(name)


def role_and_boards(user: User) -> dict[str, Any]:
    return {"role": roles.role_of(user), "sees": EVERY if roles.has_every_board(user) else SOME}


def change_role(user: User, role: str, by: User, address: str) -> None:
    before = roles.role_of(user) if user.groups.filter(name__in=roles.ROLES).exists() else ""
    if role == before:
        return
    roles.assign_role(user, role)
    audit.record("role_changed", by.get_username(), address, user=user.get_username(), role=role, before=before)


def change_boards(user: User, boards: set[str], every: bool, by: User, address: str) -> None:
    before, saw_every = roles.granted_boards(user), roles.has_every_board(user)
    if (boards, every) == (before, saw_every):
        return
    roles.grant_boards(user, boards, every=every)
    given, taken = sorted(boards - before), sorted(before - boards)
    change = {"every_board": every, "given": given, "taken": taken}
    names = board_names([*given[:MAX_NAMED], *taken[:MAX_NAMED]])
    words = [
        *(["all boards"] if every else ["no longer all boards"] if saw_every else []),
        *([f"added {listed(given, names)}"] if given else []),
        *([f"removed {listed(taken, names)}"] if taken and not every else []),
    ]
    words_of_change = "; ".join(words)
    audit.record(
        "board_access_changed", by.get_username(), address, user=user.get_username(), change=words_of_change, **change
    )


def listed(ids: list[str], names: dict[str, str]) -> str:
    """Name the boards as they are called now; the trail keeps their ids beside it."""
    shown = ", ".join(names.get(board_id) or board_id for board_id in ids[:MAX_NAMED])
    more = len(ids) - MAX_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def set_active(user: User, by: User, address: str, *, is_active: bool) -> None:
    """Activate or deactivate. Deactivation ends sessions at once and open connections within a minute."""
    if user.is_active == is_active:
        return
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    state = "reactivated" if is_active else "deactivated"
    audit.record("role_changed", by.get_username(), address, user=user.get_username(), state=state)
