"""A bare ASGI application without a database: the limit of the server under it.

- `POST /` reads the body and answers 201 with a short JSON object.
- A WebSocket is accepted, and gets everything that is sent to `POST /frames`.

    python -m benchmarks.bare_asgi PORT

runs it under the Daphne of `manage.py up`, with the same limits. Any other ASGI server runs it as well.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ANSWER = b'{"accepted": 1, "duplicates": 0, "rejected": 0}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]

sockets: set[Send] = set()


async def application(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(scope["path"], receive, send)
    elif scope["type"] == "websocket":
        await serve_socket(receive, send)


async def answer(path: str, receive: Receive, send: Send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if path == "/frames":
        for each in list(sockets):
            await each({"type": "websocket.send", "text": body.decode()})
    await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


async def serve_socket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    sockets.add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        sockets.discard(send)


def main(port: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from server.daphne_server import DaphneServer

    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    DaphneServer(application, endpoints=[f"fd:fileno={listener.detach()}"], verbosity=0).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
