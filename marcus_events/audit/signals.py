"""Record sign-ins, sign-outs, failed sign-ins and changes of permissions, by Django's signals.

Signals cover the admin, the pages and code alike. A change is recorded when it is committed.
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

WATCHED_FIELDS = {"is_active": "active", "is_superuser": "superuser", "is_staff": "staff"}
PROFILE_FIELDS = {"first_name": "name changed", "last_name": "name changed", "email": "email address changed"}
LOOKED_AT = {*WATCHED_FIELDS, *PROFILE_FIELDS, "password"}
CHANGE_PHRASES = {"post_add": "added {}", "post_remove": "removed {}", "pre_clear": "removed {}"}
MAX_NAMED = 20  # groups or permissions in a sentence


def signal_receivers() -> list[tuple[Any, Any, Any]]:
    """Return the signals with their receivers and senders."""
    heard = [
        (user_logged_in, on_signed_in, None),
        (user_logged_out, on_signed_out, None),
        (user_login_failed, on_login_failed, None),
    ]
    saves = [
        (pre_save, before_user_saved, User),
        (post_save, on_user_saved, User),
        (post_delete, on_user_deleted, User),
    ]
    through = (User.groups.through, User.user_permissions.through, Group.permissions.through)
    return [*heard, *saves, *((m2m_changed, on_relation_changed, relation) for relation in through)]


def connect_receivers() -> None:
    for signal, receiver, sender in signal_receivers():
        signal.connect(receiver, sender=sender)


def disconnect_receivers() -> None:
    for signal, receiver, sender in signal_receivers():
        signal.disconnect(receiver, sender=sender)


def record_on_commit(event_type: str, by: str, address: str, **data: Any) -> None:
    transaction.on_commit(partial(audit.record, event_type, by, address, **data), robust=True)


def on_signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a sign-in. A session that code makes without a request is not one."""
    if request is not None and request.META:
        record_on_commit(EventTypes.USER_SIGNED_IN, user.get_username(), audit.address_of(request))


def on_signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None and request is not None and request.META:
        record_on_commit(EventTypes.USER_SIGNED_OUT, user.get_username(), audit.address_of(request))


def on_login_failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    name = str(credentials.get("username") or "")
    known = get_user_model()._default_manager.filter(username=name[: audit.MAX_NAME].replace("\0", "")).exists()
    failed_logins().add(name if known else NOBODY, audit.address_of(request) if request is not None else "")


def before_user_saved(sender: Any, instance: User, update_fields: frozenset[str] | None = None, **kwargs: Any) -> None:
    """Collect the changes before a user is saved. A sign-in saves only its time, and needs no query."""
    looked_at = LOOKED_AT & (set(update_fields) if update_fields is not None else LOOKED_AT)
    before = User.objects.filter(pk=instance.pk).first() if looked_at and instance.pk else None
    instance._audited = describe_changes(before, instance, looked_at) if before else []  # type: ignore[attr-defined]
    instance._audited_profile = profile_changes(before, instance, looked_at) if before else []  # type: ignore[attr-defined]


def describe_changes(before: User, after: User, looked_at: set[str]) -> list[str]:
    differing = [name for name in WATCHED_FIELDS if name in looked_at and getattr(before, name) != getattr(after, name)]
    words = [f"{'now' if getattr(after, name) else 'no longer'} {WATCHED_FIELDS[name]}" for name in differing]
    is_new = "password" in looked_at and before.password != after.password
    return [*words, "password changed"] if is_new else words


def profile_changes(before: User, after: User, looked_at: set[str]) -> list[str]:
    """Name what changed, without the values: a log that is kept for good is no place for addresses."""
    changed = [name for name in PROFILE_FIELDS if name in looked_at and getattr(before, name) != getattr(after, name)]
    return list(dict.fromkeys(PROFILE_FIELDS[name] for name in changed))


def on_user_saved(sender: Any, instance: User, created: bool, **kwargs: Any) -> None:
    rights = [words for name, words in WATCHED_FIELDS.items() if name != "is_active" and getattr(instance, name)]
    change = ["created", *rights] if created else instance.__dict__.pop("_audited", [])
    if change:
        record_role_change(instance.get_username(), ", ".join(change))
    if profile := instance.__dict__.pop("_audited_profile", []):
        record_change(EventTypes.ACCOUNT_CHANGED, instance.get_username(), ", ".join(profile))


def on_user_deleted(sender: Any, instance: User, **kwargs: Any) -> None:
    record_role_change(instance.get_username(), "deleted")


def on_relation_changed(
    sender: Any, instance: Any, action: str, reverse: bool, model: Any, pk_set: Any, **kwargs: Any
) -> None:
    """Record a change of a user's groups or permissions, or of a group's users or permissions."""
    if action not in CHANGE_PHRASES:
        return
    others = (
        model._default_manager.filter(pk__in=pk_set)
        if pk_set is not None
        else related_before_clear(sender, instance, model)
    )
    names = [display_name(other) for other in others[:MAX_NAMED]]
    if names and reverse:
        for name in names:
            record_role_change(name, CHANGE_PHRASES[action].format(display_name(instance)))
    elif names:
        record_role_change(display_name(instance), CHANGE_PHRASES[action].format(", ".join(names)))


def related_before_clear(sender: Any, instance: Any, model: Any) -> Any:
    """Return the objects of a relation that is about to be cleared."""
    own, other = (
        next(field.name for field in sender._meta.fields if field.related_model is kind)
        for kind in (type(instance), model)
    )
    return model._default_manager.filter(pk__in=sender._default_manager.filter(**{own: instance}).values(other))


def display_name(thing: Any) -> str:
    if isinstance(thing, Group):
        return f"group {thing.name}"
    return str(thing.get_username() if isinstance(thing, User) else thing.name)


def record_role_change(user: str, change: str) -> None:
    record_change(EventTypes.ROLE_CHANGED, user, change)


def record_change(event_type: str, user: str, change: str) -> None:
    who = actor()
    record_on_commit(event_type, who.by or audit.COMMAND_LINE, who.address, user=user, change=change)
