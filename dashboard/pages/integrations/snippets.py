"""Sample programs that publish a first event; {site} and {token} are replaced.

Text from producers or users is never inserted unchecked: a board or source that is not a plain name is left for the
reader to fill in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dashboard.pages.integrations.forms import NewToken

PLACEHOLDER = "$TOKEN"
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
BOARD, SOURCE = "first-steps", "agent_my_agent"


@dataclass(frozen=True)
class Snippet:
    """`key` names its tab, `where` says how to run it."""

    key: str
    title: str
    where: str
    code: str


SNIPPETS = (
    Snippet(
        "curl",
        "curl",
        "For a shell. You can send it again safely: the same source and id identify the same event.",
        """\
curl {site}/api/events \\
  -H "Authorization: Bearer {token}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "event_id": "first-1",
    "event_type": "task_started",
    "source": "{source}",
    "data": {"task_id": "try", "task_name": "Try it"},
    "metadata": {"board_id": "{board}"}
  }'
""",
    ),
    Snippet(
        "client",
        "Python",
        "Needs httpx, and this project on PYTHONPATH. Events are stored on disk first, so they survive an outage.",
        """\
from marcus_events.client import Client

with Client("{site}", "{token}") as marcus:
    marcus.send(
        "task_progress",
        "{source}",
        {"task_id": "try", "task_name": "Try it", "progress": 40},
        {"board_id": "{board}"},
    )
""",
    ),
    Snippet(
        "urllib",
        "urllib",
        "Plain Python, no dependencies.",
        """\
import json
import urllib.request

event = {
    "event_id": "first-2",
    "event_type": "task_progress",
    "source": "{source}",
    "data": {"task_id": "try", "task_name": "Try it", "progress": 60},
    "metadata": {"board_id": "{board}"},
}
request = urllib.request.Request(
    "{site}/api/events",
    data=json.dumps(event).encode(),
    headers={"Authorization": "Bearer {token}", "Content-Type": "application/json"},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))
""",
    ),
    Snippet(
        "javascript",
        "JavaScript",
        "For a server: Node.js (as first.mjs), Deno or Bun. Never put a token in a web page.",
        """\
const answer = await fetch("{site}/api/events", {
  method: "POST",
  headers: { Authorization: "Bearer {token}", "Content-Type": "application/json" },
  body: JSON.stringify({
    event_id: "first-3",
    event_type: "task_progress",
    source: "{source}",
    data: { task_id: "try", task_name: "Try it", progress: 80 },
    metadata: { board_id: "{board}" },
  }),
});
console.log(answer.status, await answer.json());
""",
    ),
    Snippet(
        "cloudevents",
        "CloudEvents",
        "For a shell, in binary mode: attributes are sent as headers.",
        """\
curl {site}/api/events \\
  -H "Authorization: Bearer {token}" \\
  -H "Content-Type: application/json" \\
  -H "ce-specversion: 1.0" \\
  -H "ce-id: first-4" \\
  -H "ce-type: decision_logged" \\
  -H "ce-source: {source}" \\
  -H "ce-boardid: {board}" \\
  -d '{"task_id": "try", "task_name": "Try it", "what": "Use CloudEvents"}'
""",
    ),
    Snippet(
        "sdk",
        "CloudEvents SDK",
        "For Python: pip install cloudevents httpx. SDKs for other languages work the same way.",
        """\
import httpx
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

event = CloudEvent(
    {
        "specversion": "1.0",
        "id": "first-5",
        "type": "task_completed",
        "source": "{source}",
        "boardid": "{board}",
    },
    {"task_id": "try", "task_name": "Try it"},
)
message = to_structured_event(event)
headers = {**message.headers, "Authorization": "Bearer {token}"}
answer = httpx.post("{site}/api/events", content=message.body, headers=headers)
print(answer.status_code, answer.json())
""",
    ),
)


def fill_snippets(site: str, made: NewToken | None = None) -> list[Snippet]:
    """Fill in the site and, if it may publish, the new token."""
    values = {
        "{site}": site,
        "{token}": made.secret if made and made.may_publish else PLACEHOLDER,
        "{board}": first_plain_name(made.boards if made else [], BOARD),
        "{source}": first_plain_name(
            [source.replace("*", "my_agent") for source in made.sources] if made else [], SOURCE
        ),
    }
    return [
        Snippet(found.key, found.title, found.where, replace_placeholders(found.code, values)) for found in SNIPPETS
    ]


def first_plain_name(names: list[str], otherwise: str) -> str:
    """Return the first name if it needs no escaping in any language."""
    return names[0] if names and PLAIN.fullmatch(names[0]) else otherwise


def replace_placeholders(code: str, values: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, values)), lambda found: values[found[0]], code)
