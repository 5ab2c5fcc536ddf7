"""The one-time sign-in link: who holds it is signed in once, within a day, without a password.

The token is a keyed hash over the user's password and last sign-in, so the sign-in that it allows makes it void;
nothing is stored. The salt keeps it apart from password resets: neither opens the other's door.
"""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from marcus_events.core.event import utc_now

VALID_FOR = timedelta(days=1)
USED_ON = "used_on"


class OneTimeTokens(PasswordResetTokenGenerator):
    key_salt = "dashboard.signin.OneTimeTokens"

    def check_token(self, user: User | None, token: str | None) -> bool:
        return super().check_token(user, token) and self.is_fresh(token or "")

    def is_fresh(self, token: str) -> bool:
        """A day, though PASSWORD_RESET_TIMEOUT allows a reset more. The token begins with its time, in base 36."""
        made = int(token.partition("-")[0], 36)
        return self._num_seconds(self._now()) - made <= VALID_FOR.total_seconds()


tokens = OneTimeTokens()


def one_time_path(user: User) -> str:
    """The path that signs this user in, once."""
    return reverse("sign-in-link", args=[urlsafe_base64_encode(force_bytes(user.pk)), tokens.make_token(user)])


def user_of(uidb64: str, token: str) -> User | None:
    """Whom the link signs in; nobody where it is used, old, or was never made by us."""
    try:
        user = User.objects.get(pk=urlsafe_base64_decode(uidb64).decode())
    except (User.DoesNotExist, ValueError, OverflowError):
        return None
    return user if user.is_active and tokens.check_token(user, token) else None


def stay_signed_in(request: HttpRequest) -> None:
    """A session ends SESSION_COOKIE_AGE after the last day on which it was used. A write a day tells of that."""
    today = utc_now().date().isoformat()
    if request.session.get(USED_ON) != today:
        request.session[USED_ON] = today
