"""A real Marcus, started by the command that MARCUS_TEST_LIVE names.

The command is called with a folder and a port, and returns when Marcus answers. It leaves in the folder the process's
id (`marcus.pid`), Marcus's code, and `venv/bin/python`, which can import that code and `mcp`. Called again for the same
folder, it starts the same Marcus again.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.sources.boards import move_card
from tests.waiting import wait_until

COMMAND = os.environ.get("MARCUS_TEST_LIVE", "")
SCRIPTS = Path(__file__).parent
START_WITHIN_S = 900  # the first start may install it


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class LiveMarcus:
    """`moved` are the cards that a test moved manually; Marcus's logs do not show it."""

    root: Path
    port: int = field(default_factory=free_port)
    moved: set[str] = field(default_factory=set)

    def move(self, task_id: str, **columns: Any) -> None:
        move_card(self.root, task_id, **columns)
        self.moved.add(task_id)

    def start(self) -> None:
        with (self.root / "start.log").open("ab") as log:
            command = [*shlex.split(COMMAND), str(self.root), str(self.port)]
            subprocess.run(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, timeout=START_WITHIN_S, check=True
            )

    def stop(self) -> None:
        """Stop the process that was started, and no other."""
        pid = int((self.root / "marcus.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid), timeout=60)

    def run(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        command = [str(self.root / "venv/bin/python"), str(SCRIPTS / script), *arguments]
        quiet = {"stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.root, stdout=subprocess.PIPE, text=True, **quiet)  # type: ignore[call-overload, no-any-return]

    def seed(self) -> dict[str, str]:
        out, _ = (process := self.run("seed.py")).communicate()
        assert process.returncode == 0
        ids: dict[str, Any] = json.loads(out.splitlines()[-1])
        return ids

    def agents(self, project: str, name: str, count: int) -> subprocess.Popen[str]:
        return self.run("agents.py", self.url, project, name, str(count))

    def refused(self, project: str) -> subprocess.Popen[str]:
        return self.run("refused.py", self.url, project)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"


def is_running(pid: int) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
