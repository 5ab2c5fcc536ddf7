"""Importing the event library needs the project's folder on the path, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BARE = "from marcus_events import Event, Events, EventTypes"
IN_A_BARE_PROGRAM = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv[1]]
exec(sys.argv[2])
foreign = {"django", "channels", "psycopg", "httpx", "twisted"} & set(sys.modules)
assert not foreign, foreign
"""
USED = """
import asyncio
from marcus_events import Events, EventTypes
async def main():
    async with Events(store_history=True) as events:
        events.subscribe("task_*", print)
        await events.publish(EventTypes.TASK_STARTED, "me", {})
asyncio.run(main())
"""


@pytest.mark.parametrize("program", [BARE, USED])
def test_nothing_but_the_standard_library_is_needed(program: str, tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", IN_A_BARE_PROGRAM, str(ROOT), program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
