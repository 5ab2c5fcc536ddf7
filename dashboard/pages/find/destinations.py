"""The pages and actions that can be found by name, by what a person may do."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse

from dashboard.queries.found_names import FoundName
from dashboard.queries.name_match import WORDS, rank
from marcus_events.access.visibility import ADMINISTER

# name, URL name, other words for it
PAGES = (
    ("Now", "now", "home start dashboard"),
    ("Boards", "boards", "projects"),
    ("Activity", "activity", "stream live events"),
    ("Blocked", "blocked", "blockers inbox"),
    ("Agents", "agents", "timeline workers"),
    ("History", "history", "search events log"),
    ("Alerts", "alerts", "notifications quiet hours sound"),
    ("Integrations", "integrations", "tokens webhooks folders api"),
    ("Health", "health", "sources lag disk status"),
    ("Your account", "account", "profile password sessions email settings"),
)
PAGES_OF_ADMINISTRATORS = (
    ("People", "people", "users accounts roles"),
    ("Audit", "audit", "trail hash chain"),
    ("Retention", "retention", "policies delete"),
    ("Admin", "admin:index", "django tables"),
)
LINKS = (("API documentation", "/api/docs", "openapi http"),)
# name, URL of a field, whose form the browser then opens, other words for it
ACTIONS_OF_ADMINISTRATORS = (
    ("New token", "/integrations/#id_name", "create api key"),
    ("Follow a Marcus folder", "/integrations/#id_path", "add source"),
    ("New webhook", "/integrations/#id_url", "add"),
    ("Add person", "/people/#id_username", "invite user account"),
)
# name, action (see static/js/palette.js), other words for it
ACTIONS = (
    ("Keyboard shortcuts", "help", "keys"),
    ("Pause or resume the stream", "pause", "stop events"),
    ("Theme: light", "theme-light", "light mode"),
    ("Theme: dark", "theme-dark", "dark mode"),
    ("Theme: as the system", "theme-auto", "auto mode"),
    ("Sign out", "sign-out", "log out logout"),
)


def destinations(user: User | AnonymousUser) -> list[tuple[FoundName, str]]:
    """Return pages, then actions, each with the other words for it."""
    administers = user.has_perm(ADMINISTER)
    pages = [*PAGES, *(PAGES_OF_ADMINISTRATORS if administers else ())]
    links = [("page", *link) for link in LINKS]
    links += [("action", *link) for link in (ACTIONS_OF_ADMINISTRATORS if administers else ())]
    return [
        *((FoundName("page", name, reverse(route)), others) for name, route, others in pages),
        *((FoundName(kind, name, href), others) for kind, name, href, others in links),
        *((FoundName("action", name, action=action), others) for name, action, others in ACTIONS),
    ]


def best_rank(text: str, name: str, others: str) -> int | None:
    """Return the rank of the name; the beginnings of its other words count as words of it."""
    best = rank(text, name)
    return best if best is not None and best <= WORDS else WORDS if is_among(text, others) else best


def is_among(text: str, others: str) -> bool:
    found = rank(text, others)
    return found is not None and found <= WORDS
