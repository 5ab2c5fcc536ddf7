"""All pages by name, as used in URLs and by the WebSocket."""

from __future__ import annotations

from dashboard.live.regions import Page
from dashboard.pages.activity import regions as activity
from dashboard.pages.agents import regions as agents
from dashboard.pages.audit import regions as audit
from dashboard.pages.blocked import regions as blocked
from dashboard.pages.boards import regions as boards
from dashboard.pages.chrome import CHROME
from dashboard.pages.health import regions as health
from dashboard.pages.integrations import regions as integrations
from dashboard.pages.now import regions as now
from dashboard.pages.tasks import regions as tasks

OWN_PARTS = {
    "now": now.PAGE,
    "boards": boards.BOARDS,
    "board": boards.BOARD,
    "board-dependencies": boards.DEPENDENCIES,
    "board-timeline": boards.TIMELINE,
    "board-knowledge": boards.KNOWLEDGE,
    "task": tasks.PAGE,
    "activity": activity.PAGE,
    "event": Page(),
    "find": Page(),
    "history": Page(of_boards=True),
    "empty": now.EMPTY,
    "alerts": Page(),
    "retention": Page(is_for_administrators=True),
    "people": Page(is_for_administrators=True),
    "account": Page(),
    "no-boards": Page(),
    "audit": audit.PAGE,
    "integrations": integrations.PAGE,
    "health": health.PAGE,
    "agents": agents.PAGE,
    "agent": agents.AGENT,
    "blocked": blocked.PAGE,
    "blocker": Page(),
}
PAGES = {name: page.within(CHROME) for name, page in OWN_PARTS.items()}
