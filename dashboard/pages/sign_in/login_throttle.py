"""Sign-in by password that cannot be tried without end.

Failures are counted by django-axes, in the database, for all processes together. Within AXES_COOLOFF_TIME, after

1. AXES_FAILURE_LIMIT failures of one name from one address, that name is refused from there;
2. MOST_OF_ADDRESS failures of any names from one address, every name is refused from there;
3. MOST_OF_NAME failures of one name from any addresses, that name is refused from everywhere,

with the right password too, and whether or not there is somebody of that name. 2 and 3 do not hold for people at an
address from which they have signed in before: so strangers cannot keep them out. A sign-in link always works.

The address is the one that the API counts by (`access.authentication.Caller`): behind a proxy the one that the proxy
saw. Of IPv6 it is the network, since everybody has one. A try during the pause does not prolong it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from marcus_events import audit
from marcus_events.access.authentication import network
from marcus_events.core.event import utc_now
from marcus_events.models import KnownAddress

MOST_OF_ADDRESS = 30  # an office behind one address mistypes less
MOST_OF_NAME = 50  # from ten addresses at least
MAX_KNOWN = 20  # addresses of a person

Attempts = QuerySet[Any]


class LoginThrottle(AxesStandaloneBackend):  # type: ignore[misc]  # axes has no types
    """The first backend: it knows nobody, and stops who has failed too often. It is asked of passwords alone."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None
    ) -> None:
        super().authenticate(request, username, password)

    async def aauthenticate(self, *values: Any, **named: Any) -> None:
        await sync_to_async(self.authenticate)(*values, **named)


class LoginFailures(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """`AXES_HANDLER`."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Of the rule that is closest to its limit, in proportion to AXES_FAILURE_LIMIT, to which axes compares it."""
        counted = rules((credentials or {}).get("username"), request.axes_ip_address)
        return max(total(attempts) * settings.AXES_FAILURE_LIMIT // most for attempts, most in counted)

    def reset_attempts(self, *, username: str | None = None, **named: Any) -> int:
        """For the commands of axes, which are given the name as it was typed."""
        count: int = super().reset_attempts(username=None if username is None else stored(username), **named)
        return count


def rules(name: str | None, address: str | None) -> Iterator[tuple[Attempts, int]]:
    """The recent failures of each rule that holds for this name and address, and how many it allows."""
    recent = AccessAttempt.objects.filter(attempt_time__gt=utc_now() - settings.AXES_COOLOFF_TIME)
    typed = None if name is None else stored(name)
    yield recent.filter(username=typed, ip_address=address), settings.AXES_FAILURE_LIMIT
    if not KnownAddress.objects.filter(user__username=name, address=address).exists():
        yield recent.filter(ip_address=address), MOST_OF_ADDRESS
        yield recent.filter(username=typed), MOST_OF_NAME


def total(attempts: Attempts) -> int:
    return sum(attempts.values_list("failures_since_start", flat=True))


def address_of(request: HttpRequest) -> str | None:
    """None where the server does not know it."""
    try:
        return str(ipaddress.ip_network(network(audit.address_of(request))).network_address)
    except ValueError:
        return None


def pause_until(request: HttpRequest) -> datetime:
    """When the name that this request tried may be tried again from its address."""
    name = (request.axes_credentials or {}).get("username")  # type: ignore[attr-defined]
    address = request.axes_ip_address  # type: ignore[attr-defined]
    last = [found for attempts, most in rules(name, address) if (found := last_too_many(attempts, most))]
    return max(last, default=utc_now()) + settings.AXES_COOLOFF_TIME


def last_too_many(attempts: Attempts, most: int) -> datetime | None:
    """The failure that has to be forgotten before fewer than `most` are left."""
    made = list(attempts.order_by("attempt_time").values_list("attempt_time", "failures_since_start"))
    left, last = sum(failures for _, failures in made), None
    for at, failures in made:
        if left >= most:
            left, last = left - failures, at
    return last


def remember_address(user: User, request: HttpRequest) -> None:
    """The newest MAX_KNOWN are kept."""
    if address := address_of(request):
        KnownAddress.objects.update_or_create(user=user, address=address, defaults={"seen_at": utc_now()})
        newest = user.known_addresses.order_by("-seen_at").values("pk")[:MAX_KNOWN]
        user.known_addresses.exclude(pk__in=newest).delete()


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """`AXES_USERNAME_CALLABLE`: what django-axes counts by, and writes down."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return None if name is None else stored(str(name))


def stored(name: str) -> str:
    """A keyed digest of a name that was tried: people type passwords into the wrong field, and without the secret key
    nobody can try words against it.
    """
    return salted_hmac("dashboard.typed_names", name, algorithm="sha256").hexdigest()
