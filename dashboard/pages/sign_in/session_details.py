"""Where and when a session began, kept in the session itself, and the list of a person's sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from dashboard.pages.sign_in.one_time_links import USED_ON
from marcus_events import audit
from marcus_events.access.session_store import SessionStore, digest
from marcus_events.core.event import utc_now
from marcus_events.models import Session

SIGN_IN = "sign_in"
MAX_AGENT = 300  # characters of a User-Agent header
MAX_LISTED = 100
# What a User-Agent header contains, and the name; the first match applies, since browsers also name each other.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


@dataclass(frozen=True)
class SessionRow:
    """`id` names the session in forms, and gives no access. What is not known is "" or None."""

    id: str
    browser: str
    address: str
    since: datetime | None
    used_on: date | None
    is_current: bool


@receiver(user_logged_in)
def note_sign_in(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    if request is not None and request.META:
        note_details(request)


def note_details(request: HttpRequest) -> None:
    request.session[SIGN_IN] = {
        "at": utc_now().isoformat(),
        "address": audit.address_of(request),
        "agent": request.META.get("HTTP_USER_AGENT", "")[:MAX_AGENT],
    }


def session_rows(user: User, current_key: str | None) -> list[SessionRow]:
    """Return the valid sessions of the user, the current one first, then the newest."""
    here = digest(current_key or "")
    found = user.sessions.filter(expire_date__gt=utc_now()).order_by("-expire_date")[:MAX_LISTED]
    rows = [session_row(session, session.session_key == here) for session in found]
    return sorted(rows, key=lambda row: not row.is_current)


def session_row(session: Session, is_current: bool) -> SessionRow:
    data = SessionStore().decode(session.session_data)
    details: dict[str, str] = data.get(SIGN_IN) or {}
    return SessionRow(
        id=form_id(session),
        browser=browser_of(details.get("agent", "")),
        address=details.get("address", ""),
        since=datetime.fromisoformat(details["at"]) if "at" in details else None,
        used_on=date.fromisoformat(data[USED_ON]) if USED_ON in data else None,
        is_current=is_current,
    )


def form_id(session: Session) -> str:
    return digest(session.session_key)


def end_session(user: User, chosen: str, current_key: str | None) -> bool:
    """End another session of the user; return whether there was one."""
    here = digest(current_key or "")
    others: list[Any] = [one for one in user.sessions.exclude(session_key=here) if form_id(one) == chosen]
    return any(one.delete()[0] for one in others)


def end_other_sessions(user: User, current_key: str | None) -> int:
    """End all sessions of the user but this one; return how many."""
    return user.sessions.exclude(session_key=digest(current_key or "")).delete()[0]


def browser_of(agent: str) -> str:
    names = [next((name for part, name in known if part in agent), "") for known in (BROWSERS, SYSTEMS)]
    return " on ".join(name for name in names if name)
