"""The list of proxies in front of Marcus installations, with the state of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.headline import count
from marcus_events.core.event import utc_now
from marcus_events.models import ConnectedProxy

SILENT_AFTER = timedelta(seconds=20)  # proxies save their state every five seconds
SHOWN_FOR = timedelta(days=1)  # after the end of a proxy
MAX_SHOWN = 20

CONNECTED = ("Connected", "good", "check")
NO_CALLS = ("Waiting for agents", "", "pause")
NO_MARCUS = ("Marcus does not answer", "danger", "warning")
STOPPED = ("Stopped", "", "pause")
SILENT = ("Not running", "danger", "warning")
REASONS = {
    NO_CALLS: "No agent has called through this proxy yet. Point your agents at its URL.",
    SILENT: "The proxy has crashed or cannot reach the database. If it does not run, start it again.",
}


@dataclass(frozen=True)
class ProxyRow:
    proxy: ConnectedProxy
    words: str
    tone: str
    icon: str
    reason: str

    @property
    def counts(self) -> list[str]:
        """Texts of what there is; without those that are zero."""
        proxy = self.proxy
        named = ((proxy.calls, "call"), (proxy.agents, "agent"), (proxy.open_questions, "open question"))
        found = [count(number, noun) for number, noun in named if number]
        return [*found, f"{count(proxy.waiting, 'event')} not published yet"] if proxy.waiting else found


def connected() -> list[ProxyRow]:
    """Return the proxies that run or have ended lately, newest first."""
    now = utc_now()
    rows = ConnectedProxy.objects.filter(seen_at__gte=now - SHOWN_FOR).order_by("-started_at", "proxy_id")
    return [row(proxy, now) for proxy in rows[:MAX_SHOWN]]


def row(proxy: ConnectedProxy, now: datetime) -> ProxyRow:
    state = state_of(proxy, now)
    reason = proxy.problem if state is NO_MARCUS else REASONS.get(state, "")
    return ProxyRow(proxy, *state, reason)


def state_of(proxy: ConnectedProxy, now: datetime) -> tuple[str, str, str]:
    if proxy.ended_at:
        return STOPPED
    if now - proxy.seen_at > SILENT_AFTER:
        return SILENT
    if proxy.problem:
        return NO_MARCUS
    return CONNECTED if proxy.calls else NO_CALLS
