"""Attacks that learn about a board or the audit trail indirectly: completions, shared searches, lists, metrics."""

from __future__ import annotations

from functools import cache
from itertools import product

import httpx
from websockets.exceptions import ConnectionClosed

from tests.access.table import LIVE_PAGES
from tests.intrude.attack import attack, check
from tests.intrude.target import Target, event
from tests.waiting import wait_until

SECRET = "qvxwzj"  # in everything on the other board, and nowhere else
FIELDS = ("type", "source", "agent", "task", "board", "category", "importance", "text", "board_id", "label")


@cache
def publish_secret(target: Target) -> None:
    about = {"task_id": f"{SECRET}-1", "task_name": SECRET, "agent_id": f"agent_{SECRET}", "project_name": SECRET}
    types = ("project_created", "task_created", "task_blocked", f"{SECRET}_event")
    data = about | {"description": SECRET, "labels": [SECRET]}
    target.publish(
        *(event(name, board=f"{SECRET}-board", source=f"{SECRET}-source", data=data) for name in types),
        *(event(name, board="quiet", data={"task_id": "q1"}) for name in types[:2]),
        *(event(name, board="shop", data={"task_id": "s1", "description": "No key"}) for name in types[:3]),
    )
    wait_until(lambda: "task_blocked" in target.admin.get("/history/complete/?word=type:task_b").text)


@cache
def person(target: Target, role: str) -> httpx.Client:
    """Return a person who sees only the board `shop`."""
    publish_secret(target)
    return target.person(role, ["shop"])[1]


@attack("What is typed is completed by nothing of a board that one does not see")
def completions(target: Target) -> int:
    publish_secret(target)
    viewer = target.person("viewer", ["quiet"])[1]  # nobody has acted on this board
    asked = [
        f"{minus}{field}:{word}" for minus, field, word in product(("", "-"), FIELDS, ("", SECRET[:2], "a", "task"))
    ]
    asked += ["source:user:", "type:role_", "type:token_", "source:program:", f"task:s1,{SECRET[:2]}"]
    for word in asked:
        found = viewer.get("/history/complete/", params={"word": word}).text
        check(SECRET not in found.replace(word, ""), f"{word} is completed: {found}")
        check("user:" not in found and "role_" not in found, f"{word} tells of the audit trail: {found}")
    return len(asked)


@attack("A search that is shared tells its words to nobody who sees fewer boards than its owner")
def shared_searches(target: Target) -> int:
    publish_secret(target)
    looks = (f"q={SECRET}", f"board={SECRET}-board", f"q=-board:{SECRET}-board", "q=type:task_blocked")
    for n, look in enumerate(looks):
        target.post_form(target.admin, f"/history/saved/?{look}", {"name": f"{SECRET} {n}", "shared": "on"})
    check(SECRET in target.admin.get("/history/").text, "the owner does not see what they shared")
    viewer = person(target, "viewer")
    for path in ("/history/", "/activity/", "/"):
        check(SECRET not in viewer.get(path).text, f"{path} shows another board's words")
    return len(looks)


@attack("No page's WebSocket sends what only an administrator may open")
def regions(target: Target) -> int:
    publish_secret(target)
    viewer = person(target, "manager")
    looks = (
        "",
        f"&board={SECRET}-board",
        f"&task={SECRET}-1&board={SECRET}-board",
        f"&agent=agent_{SECRET}",
        "&board=shop",
    )
    asked = [f"/ws/live/?page={page}{look}" for page, look in product(LIVE_PAGES, looks)]
    for path in asked:
        with target.socket(path, client=viewer) as page:
            try:
                sent = str(page.recv(timeout=30))
            except ConnectionClosed:
                sent = ""
        check('id="verified"' not in sent and "refused-title" not in sent, f"{path} sends an administrator's region")
        named = sent.replace(f"{SECRET}-board", "").replace(f"{SECRET}-1", "").replace(f"agent_{SECRET}", "")
        check(SECRET not in named, f"{path} sends words of another board")
    return len(asked)


@attack("Nobody without a token learns a board's words from what needs no sign-in")
def strangers(target: Target) -> int:
    publish_secret(target)
    paths = ["/metrics", "/readyz", "/healthz", "/api/docs", "/api/openapi.json", "/api/asyncapi.json", "/sign-in/"]
    paths += ["/nowhere", "/api/nowhere", f"/boards/{SECRET[:3]}/", "/history/complete/?word=type:"]
    with target.client() as stranger:
        for path in paths:
            check(SECRET not in stranger.get(path, follow_redirects=True).text, f"{path} tells of a board")
    return len(paths)


@attack("Who sees one board learns of no person who does not see it")
def people(target: Target) -> int:
    publish_secret(target)
    name, other = target.person("manager", [f"{SECRET}-board"])
    manager = person(target, "manager")
    blocker = manager.get("/api/blockers").json()["blockers"][0]["blocker_id"]
    check(name not in manager.get(f"/blocked/{blocker}/").text, "the form to assign names people of other boards")
    form = {"act": "assign", "assignee": name}
    answer = target.post_form(manager, f"/blocked/{blocker}/", form)
    check(answer.status_code == httpx.codes.CONFLICT, "a blocker is given to somebody who cannot see it")
    check(name not in str(target.admin.get("/api/blockers").json()), "a blocker was given to somebody else")
    shown = other.get(f"/blocked/{blocker}/")
    other.close()
    check(shown.status_code == httpx.codes.NOT_FOUND, "another board's blocker is shown")
    return 4
