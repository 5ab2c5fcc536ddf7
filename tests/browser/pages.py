"""All pages, with URLs that work once the fixture `busy` has published."""

PATHS = {
    "now": "/",
    "boards": "/boards/",
    "board": "/boards/shop/",
    "activity": "/activity/",
    "an event": "/activity/?event=3",
    "event": "/activity/3/",
    "blocked": "/blocked/",
    "task": "/tasks/?board=shop&task=t2",
    "a task": "/boards/shop/?card=board%3Dshop%26task%3Dt2",
    "agents": "/agents/",
    "an agent": "/agents/agent_claude_1/?board=shop",
    "integrations": "/integrations/",
    "health": "/health/",
    "history": "/history/?q=type:task_*&columns=data.progress",
    "audit": "/audit/",
    "retention": "/retention/",
    "people": "/people/",
    "a person": "/people/1/",
}
