"""Who is sent what is past, and when: alone at once, together in part of the loop's time."""

from __future__ import annotations

import asyncio

from marcus_events.websocket.send_pace import MOST_S, REST, SendPace


async def rested(pace: SendPace, who: int, took: float) -> float:
    """For how long somebody rests by the loop's clock, after a slice that took so long."""
    clock = asyncio.get_running_loop().time
    ended = clock()
    await pace.after(who, ended - took)
    return clock() - ended


async def test_who_is_alone_does_not_rest_and_who_is_not_does() -> None:
    pace = SendPace()
    await rested(pace, 1, 0.01)
    assert pace._free_at > 0
    before = pace._free_at
    await rested(pace, 1, 1000.0)
    assert pace._free_at < before + 1000.0
    assert await rested(pace, 2, MOST_S) >= REST * MOST_S * 0.9


async def test_a_reader_that_was_waited_for_costs_the_others_no_more_than_a_slice() -> None:
    pace = SendPace()
    await rested(pace, 1, 0.0)
    now = asyncio.get_running_loop().time()
    resting = asyncio.create_task(pace.after(2, now - 1000.0))
    await asyncio.sleep(0)
    assert pace._free_at <= now + (1 + REST) * MOST_S
    await resting
