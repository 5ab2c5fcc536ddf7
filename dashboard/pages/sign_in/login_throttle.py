"""Limits password sign-ins by name and address.

django-axes counts failures in the database, for all processes. Within AXES_COOLOFF_TIME, after

1. AXES_FAILURE_LIMIT failures of one name from one address, that name is locked for that address;
2. MAX_FAILURES_PER_ADDRESS failures of any names from one address, every name is locked for that address;
3. MAX_FAILURES_PER_NAME failures of one name from any addresses, that name is locked everywhere,

even with the right password, and whether or not the name exists. Rules 2 and 3 do not apply at an address from which
the person has signed in before, so that strangers cannot lock them out. A sign-in link always works.

The address is the one that the API's limits use (`access.authentication.Caller`): behind a proxy, the one that the
proxy reports; for IPv6, the network. An attempt during the lock does not prolong it.
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
from marcus_events.access.authentication import network_of
from marcus_events.core.event import utc_now
from marcus_events.models import KnownAddress

MAX_FAILURES_PER_ADDRESS = 30  # more than an office behind one address mistypes
MAX_FAILURES_PER_NAME = 50  # needs at least ten addresses
MAX_KNOWN = 20  # addresses per person

Attempts = QuerySet[Any]


class LoginThrottle(AxesStandaloneBackend):  # type: ignore[misc]  # axes has no types
    """The first authentication backend: authenticates nobody, and stops locked names. Applies to passwords only."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None
    ) -> None:
        super().authenticate(request, username, password)

    async def aauthenticate(self, *values: Any, **named: Any) -> None:
        await sync_to_async(self.authenticate)(*values, **named)


class LoginFailures(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """The implementation of `AXES_HANDLER`."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures of the rule closest to its limit, scaled to AXES_FAILURE_LIMIT, which axes compares
        with.
        """
        counted = rules((credentials or {}).get("username"), request.axes_ip_address)
        return max(total(attempts) * settings.AXES_FAILURE_LIMIT // most for attempts, most in counted)

    def reset_attempts(self, *, username: str | None = None, **named: Any) -> int:
        """Hash the name first: axes' commands pass it as typed."""
        count: int = super().reset_attempts(username=None if username is None else name_digest(username), **named)
        return count


def rules(name: str | None, address: str | None) -> Iterator[tuple[Attempts, int]]:
    """Return for each rule that applies to the name and address its recent failures and its limit."""
    recent = AccessAttempt.objects.filter(attempt_time__gt=utc_now() - settings.AXES_COOLOFF_TIME)
    typed = None if name is None else name_digest(name)
    yield recent.filter(username=typed, ip_address=address), settings.AXES_FAILURE_LIMIT
    if not KnownAddress.objects.filter(user__username=name, address=address).exists():
        yield recent.filter(ip_address=address), MAX_FAILURES_PER_ADDRESS
        yield recent.filter(username=typed), MAX_FAILURES_PER_NAME


def total(attempts: Attempts) -> int:
    return sum(attempts.values_list("failures_since_start", flat=True))


def address_of(request: HttpRequest) -> str | None:
    """Return the address; None if the server does not know it."""
    try:
        return str(ipaddress.ip_network(network_of(audit.address_of(request))).network_address)
    except ValueError:
        return None


def pause_until(request: HttpRequest) -> datetime:
    """Return when the name of this request may be tried again from its address."""
    name = (request.axes_credentials or {}).get("username")  # type: ignore[attr-defined]
    address = request.axes_ip_address  # type: ignore[attr-defined]
    last = [found for attempts, most in rules(name, address) if (found := last_too_many(attempts, most))]
    return max(last, default=utc_now()) + settings.AXES_COOLOFF_TIME


def last_too_many(attempts: Attempts, most: int) -> datetime | None:
    """Return the failure that must expire until fewer than `most` remain."""
    made = list(attempts.order_by("attempt_time").values_list("attempt_time", "failures_since_start"))
    left, last = sum(failures for _, failures in made), None
    for at, failures in made:
        if left >= most:
            left, last = left - failures, at
    return last


def remember_address(user: User, request: HttpRequest) -> None:
    """Remember the address; keep the newest MAX_KNOWN."""
    if address := address_of(request):
        KnownAddress.objects.update_or_create(user=user, address=address, defaults={"seen_at": utc_now()})
        newest = user.known_addresses.order_by("-seen_at").values("pk")[:MAX_KNOWN]
        user.known_addresses.exclude(pk__in=newest).delete()


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """`AXES_USERNAME_CALLABLE`: the name that axes counts by and stores."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return None if name is None else name_digest(str(name))


def name_digest(name: str) -> str:
    """Return a keyed digest of a name. People type passwords into the wrong field; without the key the digest cannot
    be brute-forced.
    """
    return salted_hmac("dashboard.typed_names", name, algorithm="sha256").hexdigest()
