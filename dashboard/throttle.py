"""Sign-in that cannot be tried without end: django-axes counts the failures, in the database, for all processes.

1. After AXES_FAILURE_LIMIT failed tries of one name from one address, that name is refused from there for
   AXES_COOLOFF_TIME, with the right password too. Whether there is somebody of that name changes nothing.
2. The address is the one that the API counts by (`doors.access.Caller`): behind a proxy the one that the proxy saw.
   Of IPv6 it is the network, since everybody has one.
3. What is tried during the pause does not prolong it, so that nobody can be kept out for long.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from axes.backends import AxesStandaloneBackend
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest

from dashboard.typed_names import typed_name
from marcus_events import audit
from marcus_events.core.event import utc_now
from marcus_events.doors.access import network


class Throttle(AxesStandaloneBackend):  # type: ignore[misc]  # axes has no types
    """The first backend: it knows nobody, and stops who has failed too often. It is asked of passwords alone."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None
    ) -> None:
        super().authenticate(request, username, password)

    async def aauthenticate(self, *values: Any, **named: Any) -> None:
        await sync_to_async(self.authenticate)(*values, **named)


def address_of(request: HttpRequest) -> str | None:
    """None where the server does not know it."""
    try:
        return str(ipaddress.ip_network(network(audit.address_of(request))).network_address)
    except ValueError:
        return None


def pause_until(request: HttpRequest) -> datetime:
    """When the name that this request tried may be tried again from its address."""
    name = typed_name(request, request.axes_credentials)  # type: ignore[attr-defined]
    of = {"username": name, "ip_address": request.axes_ip_address}  # type: ignore[attr-defined]
    last: datetime | None = AccessAttempt.objects.filter(**of).aggregate(last=Max("attempt_time"))["last"]
    return (last or utc_now()) + settings.AXES_COOLOFF_TIME
