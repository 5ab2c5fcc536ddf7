"""What Django tells of people: sign-ins, sign-outs, failures, and every change of what somebody may do.

Signals, so that the admin, pages and code are covered alike. A change of a role is recorded when it is committed.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.http import HttpRequest

from marcus_events import audit
from marcus_events.audit.actor import actor
from marcus_events.audit.failed_logins import NOBODY, failed_logins
from marcus_events.core.event_types import EventTypes

WATCHED = {"is_active": "active", "is_superuser": "superuser", "is_staff": "staff"}
DONE = {"post_add": "added {}", "post_remove": "removed {}", "pre_clear": "removed {}"}
MAX_NAMED = 20  # groups or permissions in a sentence


def wires() -> list[tuple[Any, Any, Any]]:
    """Each signal with who hears it, and of which sender."""
    heard = [(user_logged_in, signed_in, None), (user_logged_out, signed_out, None), (user_login_failed, failed, None)]
    saves = [(pre_save, compared, User), (post_save, saved, User), (post_delete, deleted, User)]
    through = (User.groups.through, User.user_permissions.through, Group.permissions.through)
    return [*heard, *saves, *((m2m_changed, granted, relation) for relation in through)]


def listen() -> None:
    for signal, receiver, sender in wires():
        signal.connect(receiver, sender=sender)


def unlisten() -> None:
    for signal, receiver, sender in wires():
        signal.disconnect(receiver, sender=sender)


def soon(event_type: str, by: str, address: str, **data: Any) -> None:
    transaction.on_commit(partial(audit.record, event_type, by, address, **data), robust=True)


def signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """A session that code makes, without a request from anywhere, is nobody's signing in."""
    if request is not None and request.META:
        soon(EventTypes.USER_SIGNED_IN, user.get_username(), audit.address_of(request))


def signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and request is not None and request.META:
        soon(EventTypes.USER_SIGNED_OUT, user.get_username(), audit.address_of(request))


def failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    name = str(credentials.get("username") or "")
    known = get_user_model()._default_manager.filter(username=name[: audit.MAX_NAME].replace("\0", "")).exists()
    failed_logins().add(name if known else NOBODY, audit.address_of(request) if request is not None else "")


def compared(sender: Any, instance: User, update_fields: frozenset[str] | None = None, **kwargs: Any) -> None:
    """Before it is saved: what will have changed. A sign-in saves the time of it alone, and costs no question."""
    looked_at = {*WATCHED, "password"} & (set(update_fields) if update_fields is not None else {*WATCHED, "password"})
    before = User.objects.filter(pk=instance.pk).first() if looked_at and instance.pk else None
    instance._audited = changes(before, instance, looked_at) if before else []  # type: ignore[attr-defined]


def changes(before: User, after: User, looked_at: set[str]) -> list[str]:
    differing = [name for name in WATCHED if name in looked_at and getattr(before, name) != getattr(after, name)]
    words = [f"{'now' if getattr(after, name) else 'no longer'} {WATCHED[name]}" for name in differing]
    is_new = "password" in looked_at and before.password != after.password
    return [*words, "password changed"] if is_new else words


def saved(sender: Any, instance: User, created: bool, **kwargs: Any) -> None:
    rights = [words for name, words in WATCHED.items() if name != "is_active" and getattr(instance, name)]
    change = ["created", *rights] if created else instance.__dict__.pop("_audited", [])
    if change:
        changed(instance.get_username(), ", ".join(change))


def deleted(sender: Any, instance: User, **kwargs: Any) -> None:
    changed(instance.get_username(), "deleted")


def granted(sender: Any, instance: Any, action: str, reverse: bool, model: Any, pk_set: Any, **kwargs: Any) -> None:
    """Groups and permissions of a user, users of a group, permissions of a group."""
    if action not in DONE:
        return
    others = model._default_manager.filter(pk__in=pk_set) if pk_set is not None else related(sender, instance, model)
    names = [name_of(other) for other in others[:MAX_NAMED]]
    if names and reverse:
        for name in names:
            changed(name, DONE[action].format(name_of(instance)))
    elif names:
        changed(name_of(instance), DONE[action].format(", ".join(names)))


def related(sender: Any, instance: Any, model: Any) -> Any:
    """Those that a relation which is being cleared still has."""
    own, other = (
        next(field.name for field in sender._meta.fields if field.related_model is kind)
        for kind in (type(instance), model)
    )
    return model._default_manager.filter(pk__in=sender._default_manager.filter(**{own: instance}).values(other))


def name_of(thing: Any) -> str:
    if isinstance(thing, Group):
        return f"group {thing.name}"
    return str(thing.get_username() if isinstance(thing, User) else thing.name)


def changed(user: str, change: str) -> None:
    who = actor()
    soon(EventTypes.ROLE_CHANGED, who.by or audit.COMMAND_LINE, who.address, user=user, change=change)
