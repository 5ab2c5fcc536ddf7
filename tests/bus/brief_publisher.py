"""Publishes one ephemeral event and exits: `python -m tests.bus.brief_publisher`."""

from __future__ import annotations

import asyncio

import django


async def main() -> None:
    from marcus_events.bus.events import Events
    from marcus_events.log_persistence import LogPersistence

    async with Events(persistence=LogPersistence(), policies={"*": "ephemeral"}) as events:
        await events.publish("agent_heartbeat", "brief", {})


if __name__ == "__main__":
    django.setup()
    asyncio.run(main())
