"""The one-time sign-in link: whoever holds it can sign in once, within a day, without a password.

1. Opening the link shows a page with a button; sending that page's form signs in. A mail scanner or a chat preview that
   opens the link uses nothing up.
2. Links are rows. Only the digest of a link's secret is stored. The link is used under a lock on its user, so that of
   several attempts at the same moment one succeeds, and none beside a lock-out.
3. A sign-in, a new password, and being locked out or let in again make a person's other unused links void.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

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
    """The path of a new link that signs this user in, once. Links that have expired are deleted."""
    secret, now = secrets.token_urlsafe(32), utc_now()
    SignInLink.objects.filter(expires_at__lte=now).delete()
    SignInLink.objects.create(user=user, digest=digest(secret), made_at=now, expires_at=now + VALID_FOR)
    return reverse("sign-in-link", args=[secret])


def user_of(secret: str) -> User | None:
    """The user whom the link signs in; None if it is unknown, used, expired, or of somebody who may not sign in."""
    return User.objects.filter(is_active=True, sign_in_links__in=usable(secret)).first()


def use(secret: str) -> User | None:
    """Use the link up. Call it in a transaction, which keeps its user locked until the sign-in is complete."""
    user = User.objects.select_for_update(of=("self",), no_key=True).filter(sign_in_links__in=usable(secret)).first()
    if user is None or not user.is_active:
        return None
    return user if usable(secret).update(used_at=utc_now()) else None


def usable(secret: str) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(digest=digest(secret), used_at=None, expires_at__gt=utc_now())


@receiver(user_logged_in)
def signed_in(sender: object, request: HttpRequest | None, user: User, **kwargs: object) -> None:
    """By whatever way. Sessions that have ended are deleted by the way."""
    user.sign_in_links.filter(used_at=None).delete()
    SessionStore.clear_expired()
    if request is not None and request.META:
        remember_address(user, request)


def stay_signed_in(request: HttpRequest) -> None:
    """A session ends SESSION_COOKIE_AGE after the last day on which it was used. A write a day tells of that."""
    today = utc_now().date().isoformat()
    if request.session.get(USED_ON) != today:
        request.session[USED_ON] = today
