"""What a sight shows, where it comes from, and that nothing is shown where nobody has said what may be seen."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.page_state import PageState
from dashboard.queries import counters, current_state, filter_choices
from dashboard.visibility import EVERYTHING, NOTHING, Scope, Visibility, visibility_of
from marcus_events.access import roles
from marcus_events.access.visibility import visibility_of_token
from marcus_events.core import event_types
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.models import BoardAccess, Token
from tests.core.drawn_events import recorded
from tests.dashboard.publishing import event, publish

BOARDS = ["shop", "bank", None]
visibilities = st.builds(Visibility, st.none() | st.frozensets(st.sampled_from(["shop", "bank", "zoo"])), st.booleans())


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch) -> str:
    """A type of the audit trail."""
    meaning = event_types.Meaning(cast(Any, "audit"), "Looked", "{by} looked")
    monkeypatch.setitem(event_types.MEANINGS, "somebody_looked", meaning)
    return "somebody_looked"


def of(board: str | None, event_type: str = "task_started") -> RecordedEvent:
    return recorded(event_type, metadata={"board_id": board} if board else {})


@given(visibilities, st.sampled_from(BOARDS))
def test_a_narrowed_filter_matches_what_is_shown_and_nothing_else(visibility: Visibility, board: str | None) -> None:
    found = of(board)
    assert visibility.narrow(EventFilter()).matches(found) is visibility.shows(found) is visibility.allows(board)


@pytest.mark.parametrize(
    ("visibility", "shown"), [(EVERYTHING, True), (Visibility(None), False), (Visibility(frozenset({"a"})), False)]
)
def test_the_audit_trail_is_for_those_who_administer(audited: str, visibility: Visibility, shown: bool) -> None:
    found = of("a", audited)
    assert visibility.shows(found) is visibility.narrow(EventFilter()).matches(found) is shown
    assert (audited in visibility.hidden_types) is not shown


def test_the_log_is_read_as_narrowly_as_an_event_is_matched(log: None, audited: str) -> None:
    publish(*(event(name, board=board) for name in ("task_started", audited) for board in ("shop", "bank", "")))
    every = read.events(EventFilter())
    for visibility in (
        EVERYTHING,
        NOTHING,
        Visibility(None),
        Visibility(frozenset({"shop"})),
        Visibility(frozenset({"shop"}), audit=True),
    ):
        assert read.events(visibility.narrow(EventFilter())) == list(filter(visibility.shows, every)), visibility
        scope = Scope(visibility)
        assert sum(counters.ever(scope).values()) == len(list(filter(visibility.shows, every))), visibility


@given(visibilities, st.sampled_from(["", "shop", "zoo"]))
def test_a_scope_holds_no_board_that_is_not_seen(visibility: Visibility, board: str) -> None:
    boards = Scope(visibility, board).boards
    assert all(map(visibility.allows, boards)) if boards is not None else visibility.boards is None
    assert not board or boards in ([board], [])


def test_where_nobody_has_said_it_a_look_shows_nothing(log: None) -> None:
    publish(event("project_created", project_name="Shop"))
    page_state = PageState.from_query("now", {"visibility": "everything", "board": "shop"})
    assert page_state.visibility == NOTHING
    assert current_state.boards(page_state.scope) == []
    assert filter_choices.types(page_state.scope) == []
    assert "visibility" not in PageState("now", visibility=EVERYTHING, board="shop").query()


def test_looks_of_different_sights_are_never_shared() -> None:
    assert (
        len(
            {
                PageState("now", visibility=visibility)
                for visibility in (EVERYTHING, NOTHING, Visibility(None), Visibility(frozenset({"a"})))
            }
        )
        == 4
    )


def test_a_token_sees_its_boards_and_never_the_audit_trail() -> None:
    assert visibility_of_token(Token(boards=["shop"])) == Visibility(frozenset({"shop"}))
    assert visibility_of_token(Token(boards=[])) == Visibility(None, audit=False)


def test_a_role_says_what_is_seen(log: None) -> None:
    ann = User.objects.create_user("ann")
    seen = {}
    for role in roles.ROLES:
        roles.assign_role(ann, role)
        fresh = User.objects.get(pk=ann.pk)
        seen[role] = visibility_of(fresh)
        assert (roles.role_of(fresh), fresh.is_staff) == (role, role == roles.ADMINISTRATOR)
        assert fresh.has_perm(roles.HANDLE_BLOCKER) is (role != roles.VIEWER)
    assert seen == {roles.VIEWER: NOTHING, roles.MANAGER: NOTHING, roles.ADMINISTRATOR: EVERYTHING}


def test_boards_are_given_to_a_person_and_to_a_group(log: None) -> None:
    ann, group = User.objects.create_user("ann"), Group.objects.create(name="shopkeepers")
    roles.grant_boards(ann, ["bank"], every=False)
    BoardAccess.objects.create(group=group, board_id="shop")
    assert visibility_of(ann) == Visibility(frozenset({"bank"}))
    ann.groups.add(group)
    assert visibility_of(ann) == Visibility(frozenset({"bank", "shop"}))
    roles.grant_boards(ann, ["bank"], every=True)
    assert visibility_of(User.objects.get(pk=ann.pk)) == Visibility(None)
    roles.grant_boards(ann, [], every=False)
    assert visibility_of(User.objects.get(pk=ann.pk)) == Visibility(frozenset({"shop"}))


def test_a_superuser_sees_everything_and_who_is_out_or_nobody_sees_nothing(log: None) -> None:
    root = User.objects.create_superuser("root")
    assert visibility_of(root) == EVERYTHING
    root.is_active = False
    assert visibility_of(root) == visibility_of(AnonymousUser()) == NOTHING


def test_access_is_of_one_and_to_a_board(log: None) -> None:
    ann, group = User.objects.create_user("ann"), Group.objects.create(name="g")
    for wrong in (
        {"user": ann, "board_id": ""},
        {"board_id": "shop"},
        {"user": ann, "group": group, "board_id": "shop"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            BoardAccess.objects.create(**wrong)


def test_the_migration_locks_nobody_out(log: None) -> None:
    """Who was there before goes on to see every board; who comes later is given boards."""
    before = User.objects.create_user("before")
    migration = import_module("marcus_events.migrations.0015_access")
    with connection.schema_editor() as editor:
        migration.make_roles(apps, editor)
        migration.make_roles(apps, editor)
    assert visibility_of(User.objects.get(pk=before.pk)) == Visibility(None)
    assert visibility_of(User.objects.create_user("later")) == NOTHING
    for role, allowed in roles.PERMISSIONS.items():
        found = Group.objects.get(name=role).permissions.values_list("codename", flat=True)
        assert set(found) == set(allowed) == set(migration.ROLES[role])
