"""One-time sign-in links: the holder signs in once, within a day, without a password.

1. Opening the link shows a page with a button; submitting its form signs in. So mail scanners and chat previews do not
   use the link up.
2. Links are rows with a digest of the secret. A link is redeemed under a lock on its user: of several attempts at the
   same moment one succeeds, and none while the user is being deactivated.
3. A sign-in, a new password, and deactivation or reactivation void a person's other unused links.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from dashboard.pages.sign_in.login_throttle import remember_address
from marcus_events.access.session_store import SessionStore
from marcus_events.access.tokens import digest
from marcus_events.core.event import utc_now
from marcus_events.models import SignInLink

VALID_FOR = timedelta(days=1)
USED_ON = "used_on"


def one_time_path(user: User) -> str:
    """Return the path of a new link for this user. Deletes expired links."""
    secret, now = secrets.token_urlsafe(32), utc_now()
    SignInLink.objects.filter(expires_at__lte=now).delete()
    SignInLink.objects.create(user=user, digest=digest(secret), made_at=now, expires_at=now + VALID_FOR)
    return reverse("sign-in-link", args=[secret])


def unused_until(user: User) -> datetime | None:
    """Return when the user's last unused link expires; None if there is none."""
    links = user.sign_in_links.filter(used_at=None, expires_at__gt=utc_now())
    return links.order_by("expires_at").values_list("expires_at", flat=True).last()


def user_of(secret: str) -> User | None:
    """Return the link's user; None if it is unknown, used or expired, or the user is inactive."""
    return User.objects.filter(is_active=True, sign_in_links__in=usable(secret)).first()


def redeem(secret: str) -> User | None:
    """Use up the link. Call in a transaction, which locks the user until the sign-in is complete."""
    user = User.objects.select_for_update(of=("self",), no_key=True).filter(sign_in_links__in=usable(secret)).first()
    if user is None or not user.is_active:
        return None
    return user if usable(secret).update(used_at=utc_now()) else None


def usable(secret: str) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(digest=digest(secret), used_at=None, expires_at__gt=utc_now())


@receiver(user_logged_in)
def signed_in(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """Void other links after any kind of sign-in. Also deletes expired sessions."""
    user.sign_in_links.filter(used_at=None).delete()
    SessionStore.clear_expired()
    if request is not None and request.META:
        remember_address(user, request)


def stay_signed_in(request: HttpRequest) -> None:
    """Extend the session to SESSION_COOKIE_AGE after its last day of use, with at most one write per day."""
    today = utc_now().date().isoformat()
    if request.session.get(USED_ON) != today:
        request.session[USED_ON] = today
