"""Daphne with limits, and an application that answers how many requests the server knows, for test_forgetting.

python -m tests.server.counting LISTENER

LISTENER is the file descriptor of a socket that listens. `/fail` raises an error in the application.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def main(listener: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from server.daphne_server import DaphneServer

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] == "/fail":
            raise ValueError("on purpose")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"%d" % len(server.connections)})

    server = DaphneServer(answer, endpoints=[f"fd:fileno={listener}"], verbosity=0)
    server.run()


if __name__ == "__main__":
    main(sys.argv[1])
